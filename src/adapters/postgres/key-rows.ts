/** What the owner knows of keys: the rows that are in the database, and those that will be there once what is under way is kept. */

import { Recent } from "../../store/journal/recent.ts";
import type { KeyRow } from "../../store/journal/records/key-row.ts";
import type { StateKey } from "../../store/versions/state-key.ts";

/** How many keys' rows are kept in memory. */
const maxRows = 50_000;

/** The row of a key; `undefined` for a key that has none. */
export type RowOf = KeyRow | undefined;

export class KeyRows {
  readonly #known = new Recent<StateKey, { readonly row: RowOf }>(maxRows);
  readonly #onTheirWay = new Map<StateKey, RowOf>();
  #reads = 0;
  /** The keys that were changed since the oldest read began that is under way: what it finds of them may be old. */
  readonly #changed = new Set<StateKey>();

  /** The row that is in the database; `undefined` where it isn't in memory. */
  written(key: StateKey): { readonly row: RowOf } | undefined {
    return this.#known.get(key);
  }

  /** The newest row, which the next commit starts from; `undefined` where it isn't in memory. */
  newest(key: StateKey): { readonly row: RowOf } | undefined {
    return this.#onTheirWay.has(key) ? { row: this.#onTheirWay.get(key) } : this.#known.get(key);
  }

  /** Reads rows, and keeps those that can't be old. */
  async reading(read: () => Promise<ReadonlyMap<StateKey, RowOf>>): Promise<void> {
    this.#reads++;
    try {
      for (const [key, row] of await read())
        if (!this.#changed.has(key) && this.#known.get(key) === undefined) this.#known.set(key, { row }, 1);
    } finally {
      this.#reads--;
      if (this.#reads === 0) this.#changed.clear();
    }
  }

  /** Notes the row that is to be written; `undefined` if it is to be removed. */
  begin(key: StateKey, row: RowOf): void {
    this.#onTheirWay.set(key, row);
    this.#note(key);
  }

  /** Notes that the row is in the database, or removed. */
  finish(key: StateKey, row: RowOf): void {
    this.#known.set(key, { row }, 1);
    this.#note(key);
    if (this.#onTheirWay.get(key) === row) this.#onTheirWay.delete(key);
  }

  /** Drops all rows that were to be written, as the write failed. */
  abandon(): void {
    this.#onTheirWay.clear();
  }

  #note(key: StateKey): void {
    if (this.#reads > 0) this.#changed.add(key);
  }
}
