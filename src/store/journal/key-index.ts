/** What the journal knows of each key: as it is on disk, and as it will be when what is on its way is. */

import type { StateKey } from "../state-definition.ts";
import { stateKeyBytes, stateKeyOf } from "./entry-key.ts";
import { corruptKey } from "./journal-damage.ts";
import { decodeKeyRow, encodeKeyRow, type KeyRow } from "./key-row.ts";
import type { Table } from "./lmdb-environment.ts";
import { Recent } from "./recent.ts";
import { sealBytes, unsealBytes } from "./sealed-bytes.ts";

/** How many keys' rows are kept in memory. */
const maxRows = 20_000;

export class KeyIndex {
  readonly #table: () => Table;
  readonly #written = new Recent<StateKey, KeyRow>(maxRows);
  readonly #onTheirWay = new Map<StateKey, KeyRow>();

  constructor(table: () => Table) {
    this.#table = table;
  }

  /** A key as it is on disk. @throws TroupeError `journal-corrupt`. */
  written(key: StateKey): KeyRow | undefined {
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const row = readKeyRow(this.#table(), key);
    if (row !== undefined) this.#written.set(key, row, 1);
    return row;
  }

  /** A key as what comes next finds it. */
  newest(key: StateKey): KeyRow | undefined {
    return this.#onTheirWay.get(key) ?? this.written(key);
  }

  isOnItsWay(key: StateKey): boolean {
    return this.#onTheirWay.has(key);
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

  keys(prefix: string): StateKey[] {
    const keys: StateKey[] = [];
    const start = stateKeyBytes(prefix);
    for (const { key } of this.#table().range(prefix === "" ? {} : { start })) {
      if (!key.subarray(0, start.length).equals(start)) break;
      keys.push(stateKeyOf(key));
    }
    return keys;
  }

  /** Every key and what is known of it, `undefined` where that is damaged. */
  *rows(): Iterable<readonly [StateKey, KeyRow | undefined]> {
    for (const { key: place, value } of this.#table().range()) {
      const body = unsealBytes(place, value);
      yield [stateKeyOf(place), body && decodeKeyRow(body)];
    }
  }
}

function readKeyRow(table: Table, key: StateKey): KeyRow | undefined {
  const place = stateKeyBytes(key);
  const bytes = table.get(place);
  if (bytes === undefined) return undefined;
  const body = unsealBytes(place, bytes);
  const row = body && decodeKeyRow(body);
  if (row === undefined) throw corruptKey(key, "the checksum of its entry is wrong");
  return row;
}
