/** Which versions were forked. The cause of a fork's first version tells where it was forked from. */

import { originOf } from "../versions/cause.ts";
import type { Journal } from "../journal/journal.ts";
import type { SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** A key that began as a fork. */
interface Fork {
  /** The version that was forked. */
  readonly of: number;
  /** The fork's first version: 1, or the one after its tombstone. */
  readonly first: number;
}

/** Knows which versions have forks. Which versions are kept for that is the retainer's to decide. */
export class ForkOrigins {
  readonly #journal: Journal;
  /** By the key that was forked, and by the key of the fork. Keeps forks that were erased, as there may be forks of them. */
  readonly #forks = new Map<StateKey, Map<StateKey, Fork>>();
  /** All keys are read once, on first use; later versions arrive by {@link ForkOrigins.appended}. */
  #loading: Promise<void> | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Notes a version that became visible. */
  appended({ key, version, cause }: SnapshotMeta): void {
    const origin = cause === undefined ? undefined : originOf(cause);
    if (origin === undefined || origin.key === key) return; // that is a revert
    const forks = this.#forks.get(origin.key) ?? new Map<StateKey, Fork>();
    forks.set(key, { of: origin.version, first: version });
    this.#forks.set(origin.key, forks);
  }

  /** The oldest version of `key` with a fork that still has its first version; Infinity for none. */
  async oldestOf(key: StateKey): Promise<number> {
    await this.#loaded();
    let oldest = Number.POSITIVE_INFINITY;
    for (const [fork, { of, first }] of this.#forks.get(key) ?? []) {
      const kept = await this.#journal.oldest(fork);
      if (kept !== undefined && kept <= first) oldest = Math.min(oldest, of);
    }
    return oldest;
  }

  /**
   * The keys that were forked from any version of `key`, and the forks of these keys in turn, except keys that were erased since.
   * After a restart, a fork isn't known any more if retention had dropped its first version.
   */
  async of(key: StateKey): Promise<readonly StateKey[]> {
    await this.#loaded();
    const derived = new Map<StateKey, number>();
    const add = (origin: StateKey): void => {
      for (const [fork, { first }] of this.#forks.get(origin) ?? []) {
        if (fork === key || derived.has(fork)) continue;
        derived.set(fork, first);
        add(fork);
      }
    };
    add(key);
    const left: StateKey[] = [];
    for (const [fork, first] of derived) if (await this.#holds(fork, first)) left.push(fork);
    return left.toSorted();
  }

  /** True while a key has more than the tombstone that erased the fork. */
  async #holds(fork: StateKey, first: number): Promise<boolean> {
    const oldest = await this.#journal.oldest(fork);
    if (oldest === undefined) return false;
    return first > oldest || (await this.#journal.meta(fork, oldest))?.erased === undefined;
  }

  #loaded(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    for (const key of await this.#journal.keys("")) {
      const oldest = (await this.#journal.oldest(key)) ?? 1;
      const first = await this.#journal.meta(key, oldest);
      if (first === undefined) continue;
      const begin = first.erased === undefined ? first : await this.#journal.meta(key, oldest + 1);
      if (begin !== undefined) this.appended(begin);
    }
  }
}
