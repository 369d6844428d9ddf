/** Which versions were forked: what the first versions of keys say about where they were taken from. */

import { originOf } from "../versions/cause.ts";
import type { Journal } from "../journal/journal.ts";
import type { SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

export class ForkOrigins {
  readonly #journal: Journal;
  /** By key, and by the fork that was made of it: the version. */
  readonly #forks = new Map<StateKey, Map<StateKey, number>>();
  /** Every key is looked at once, when it first matters; after that each version is told as it is made. */
  #loading: Promise<void> | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** A version became visible. */
  appended({ key, version, cause }: SnapshotMeta): void {
    const origin = version === 1 && cause !== undefined ? originOf(cause) : undefined;
    if (origin === undefined) return;
    const forks = this.#forks.get(origin.key);
    if (forks === undefined) this.#forks.set(origin.key, new Map([[key, origin.version]]));
    else forks.set(key, origin.version);
  }

  /** The oldest version of `key` of which there is a fork that still has its own first version. */
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
