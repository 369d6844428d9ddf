/** Two rows of each key: the row on disk, and the row that will be there once the writes in progress are done. */

import type { StateKey } from "../../versions/state-key.ts";
import { stateKeyBytes, stateKeyOf } from "../records/entry-key.ts";
import { corruptKey } from "../records/corrupt-record.ts";
import { corruptIndex } from "./journal-errors.ts";
import { decodeKeyRow, encodeKeyRow, isErasedRow, type KeyRow } from "../records/key-row.ts";
import type { Entry, Table } from "./lmdb-environment.ts";
import { Recent } from "../recent.ts";
import { bodyLength, sealBytes, unsealBytes } from "../records/sealed-bytes.ts";

/** How many keys' rows are kept in memory. */
const maxRows = 20_000;

/**
 * The rows of keys: on disk, a bounded cache of them, and those that are being written. When they are written is the
 * journal's to decide.
 */
export class KeyIndex {
  readonly #table: () => Table;
  readonly #damaged: number;
  readonly #written = new Recent<StateKey, KeyRow>(maxRows);
  /** `undefined` for a key that will have no row. */
  readonly #onTheirWay = new Map<StateKey, KeyRow | undefined>();

  /** @param damaged how many entries can't be read. */
  constructor(table: () => Table, damaged: number) {
    this.#table = table;
    this.#damaged = damaged;
  }

  /** The row on disk, which is kept in memory from then on. @throws TroupeError `journal-corrupt`. */
  written(key: StateKey): KeyRow | undefined {
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const row = this.#read(key);
    if (row !== undefined) this.#written.set(key, row, 1);
    return row;
  }

  /** The same, without keeping it. */
  peek(key: StateKey): KeyRow | undefined {
    return this.#written.get(key) ?? this.#read(key);
  }

  #read(key: StateKey): KeyRow | undefined {
    const place = stateKeyBytes(key);
    const bytes = this.#table().glance(place);
    if (bytes === undefined) {
      if (this.#damaged > 0) throw corruptIndex(`The key ${key}`, this.#damaged);
      return undefined;
    }
    return keyRowOf(key, place, bytes);
  }

  /** The newest row, which the next commit starts from. */
  newest(key: StateKey): KeyRow | undefined {
    return this.#onTheirWay.has(key) ? this.#onTheirWay.get(key) : this.written(key);
  }

  /** Notes the row that is to be written; `undefined` if it is to be removed. */
  begin(key: StateKey, row: KeyRow | undefined): void {
    this.#onTheirWay.set(key, row);
  }

  put(key: StateKey, row: KeyRow | undefined): void {
    const place = stateKeyBytes(key);
    if (row === undefined) this.#table().remove(place);
    else this.#table().put(place, sealBytes(place, encodeKeyRow(row)));
  }

  /** Notes that the row is on disk, or removed. */
  finish(key: StateKey, row: KeyRow | undefined): void {
    if (row === undefined) this.#written.delete(key);
    else this.#written.set(key, row, 1);
    if (this.#onTheirWay.get(key) === row) this.#onTheirWay.delete(key);
  }

  /** Drops all rows that were to be written, as the write failed. */
  abandon(): void {
    this.#onTheirWay.clear();
  }

  /** Drops the cached rows, so that the next read goes to disk. */
  forget(): void {
    this.#written.clear();
  }

  /** The keys whose newest version is no tombstone. @throws TroupeError `journal-corrupt` when there is an entry that can't be read. */
  keys(prefix: string): StateKey[] {
    const keys: StateKey[] = [];
    for (const { key, value } of this.#entries(prefix)) if (!isErasedRow(bodyLength(value))) keys.push(stateKeyOf(key));
    return keys;
  }

  /** Keys with their rows; `undefined` for a row that can't be read. @throws TroupeError as {@link keys}. */
  *rows(prefix: string): Generator<readonly [StateKey, KeyRow | undefined]> {
    for (const { key, value } of this.#entries(prefix)) {
      const body = unsealBytes(key, value);
      yield [stateKeyOf(key), body && decodeKeyRow(body)];
    }
  }

  *#entries(prefix: string): Generator<Entry> {
    if (this.#damaged > 0) throw corruptIndex("What is asked for", this.#damaged);
    const start = stateKeyBytes(prefix);
    for (const entry of this.#table().range(prefix === "" ? {} : { start })) {
      if (entry.key.compare(start, 0, start.length, 0, Math.min(start.length, entry.key.length)) !== 0) break;
      yield entry;
    }
  }
}

function keyRowOf(key: StateKey, place: Buffer, bytes: Buffer): KeyRow {
  const body = unsealBytes(place, bytes);
  const row = body && decodeKeyRow(body);
  if (row === undefined) throw corruptKey(key, "the checksum of its entry is wrong");
  return row;
}
