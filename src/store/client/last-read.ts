/**
 * The number of the version that a client last read of each key: a commit that must not be rebased starts from it. Bounded, and
 * holds no states, which may be erased meanwhile.
 */

import type { StateKey } from "../versions/state-key.ts";

const maxKeys = 1_000;

/** The last version that a client read of each key. Only a memory: it says nothing about what is newest. */
export class LastRead {
  readonly #versions = new Map<StateKey, number>();

  /** 0 for a key that was read and had no version; `undefined` for one that is not remembered. */
  get(key: StateKey): number | undefined {
    return this.#versions.get(key);
  }

  /** Beyond a thousand keys, forgets the key that was read longest ago. */
  set(key: StateKey, version: number): void {
    this.#versions.delete(key);
    this.#versions.set(key, version);
    if (this.#versions.size <= maxKeys) return;
    for (const oldest of this.#versions.keys()) {
      this.#versions.delete(oldest);
      return;
    }
  }
}
