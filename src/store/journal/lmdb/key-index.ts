/** What the journal knows of each key: as it is on disk, and as it will be when what is on its way is. */

import type { StateKey } from "../../versions/state-key.ts";
import { stateKeyBytes, stateKeyOf } from "./records/entry-key.ts";
import { corruptIndex, corruptKey } from "./journal-errors.ts";
import { decodeKeyRow, encodeKeyRow, type KeyRow } from "./records/key-row.ts";
import type { Entry, Table } from "./lmdb-environment.ts";
import { Recent } from "./recent.ts";
import { sealBytes, unsealBytes } from "./records/sealed-bytes.ts";

/** How many keys' rows are kept in memory. */
const maxRows = 20_000;

export class KeyIndex {
  readonly #table: () => Table;
  readonly #damaged: number;
  readonly #written = new Recent<StateKey, KeyRow>(maxRows);
  readonly #onTheirWay = new Map<StateKey, KeyRow>();

  /** @param damaged how many entries can't be read. */
  constructor(table: () => Table, damaged: number) {
    this.#table = table;
    this.#damaged = damaged;
  }

  /** A key as it is on disk. @throws TroupeError `journal-corrupt`. */
  written(key: StateKey): KeyRow | undefined {
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const place = stateKeyBytes(key);
    const bytes = this.#table().get(place);
    if (bytes === undefined) {
      if (this.#damaged > 0) throw corruptIndex(`The key ${key}`, this.#damaged);
      return undefined;
    }
    const row = keyRowOf(key, place, bytes);
    this.#written.set(key, row, 1);
    return row;
  }

  /** A key as what comes next finds it. */
  newest(key: StateKey): KeyRow | undefined {
    return this.#onTheirWay.get(key) ?? this.written(key);
  }

  /** This is what the key will be. */
  begin(key: StateKey, row: KeyRow): void {
    this.#onTheirWay.set(key, row);
  }

  put(key: StateKey, row: KeyRow): void {
    const place = stateKeyBytes(key);
    this.#table().put(place, sealBytes(place, encodeKeyRow(row)));
  }

  /** It is on disk. */
  finish(key: StateKey, row: KeyRow): void {
    this.#written.set(key, row, 1);
    if (this.#onTheirWay.get(key) === row) this.#onTheirWay.delete(key);
  }

  /** Nothing of what is on its way will be. */
  abandon(): void {
    this.#onTheirWay.clear();
  }

  /** Looks at the disk again. */
  forget(): void {
    this.#written.clear();
  }

  /** @throws TroupeError `journal-corrupt` when there is an entry that can't be read. */
  keys(prefix: string): StateKey[] {
    return [...this.#entries(prefix)].map(({ key }) => stateKeyOf(key));
  }

  /** Keys with their rows, `undefined` for one that can't be read. @throws TroupeError as {@link keys}. */
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
      if (!entry.key.subarray(0, start.length).equals(start)) break;
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
