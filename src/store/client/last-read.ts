/** The version that a client last read of each key: a commit that must not be rebased starts from it. Bounded. */

import type { Snapshot } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

const maxKeys = 1_000;

/** The last version that a client read of each key. Only a memory: it says nothing about what is newest. */
export class LastRead {
  readonly #snapshots = new Map<StateKey, Snapshot | undefined>();

  has(key: StateKey): boolean {
    return this.#snapshots.has(key);
  }

  /** `undefined` also for a key that was read and had no version. */
  get(key: StateKey): Snapshot | undefined {
    return this.#snapshots.get(key);
  }

  /** Beyond a thousand keys, forgets the key that was read longest ago. */
  set(key: StateKey, snapshot: Snapshot | undefined): void {
    this.#snapshots.delete(key);
    this.#snapshots.set(key, snapshot);
    if (this.#snapshots.size <= maxKeys) return;
    for (const oldest of this.#snapshots.keys()) {
      this.#snapshots.delete(oldest);
      return;
    }
  }
}
