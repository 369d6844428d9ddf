/** Which versions were forked. The cause of a key's first version tells where it was forked from. */

import { originOf } from "../versions/cause.ts";
import type { Journal } from "../journal/journal.ts";
import type { SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** Knows which versions have forks. Which versions are kept for that is the retainer's to decide. */
export class ForkOrigins {
  readonly #journal: Journal;
  /** The forked version, by its key and by the key of the fork. */
  readonly #forks = new Map<StateKey, Map<StateKey, number>>();
  /** All keys are read once, on first use; later versions arrive by {@link ForkOrigins.appended}. */
  #loading: Promise<void> | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Notes a version that became visible. */
  appended({ key, version, cause }: SnapshotMeta): void {
    const origin = version === 1 && cause !== undefined ? originOf(cause) : undefined;
    if (origin === undefined) return;
    const forks = this.#forks.get(origin.key);
    if (forks === undefined) this.#forks.set(origin.key, new Map([[key, origin.version]]));
    else forks.set(key, origin.version);
  }

  /** The oldest version of `key` with a fork that still has its first version. */
  async oldestOf(key: StateKey): Promise<number> {
    this.#loading ??= this.#load();
    await this.#loading;
    const forks = this.#forks.get(key) ?? new Map<StateKey, number>();
    for (const fork of [...forks.keys()]) if ((await this.#journal.oldest(fork)) !== 1) forks.delete(fork);
    return Math.min(Number.POSITIVE_INFINITY, ...forks.values());
  }

  async #load(): Promise<void> {
    for (const key of await this.#journal.keys("")) {
      const first = await this.#journal.meta(key, 1);
      if (first !== undefined) this.appended(first);
    }
  }
}
