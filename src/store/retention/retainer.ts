/** Drops old versions by the rules of retention, and none that something needs. */

import type { Clock } from "../../ports/clock.ts";
import { ForkOrigins } from "./fork-origins.ts";
import type { Journal } from "../journal/journal.ts";
import { lastVersion } from "../history/last-version.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { type Keep, type RetentionRule, RetentionRules } from "./retention.ts";
import type { KeyExtent, SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

export interface RetentionOptions {
  /** The first that matches a key decides; without one everything is kept. */
  readonly rules: readonly RetentionRule[];
  /**
   * True for a key that stands for something still under way, such as the history of a run that hasn't ended. Its
   * versions stay, and so do those that have it as their cause, each with the version before it. Default: none is.
   */
  readonly isOpen?: (key: StateKey) => MaybePromise<boolean>;
  /** Told when versions could not be dropped as commits were made. They stay, and are tried again later. */
  readonly onFailure?: (key: StateKey, error: unknown) => void;
}

/** Commits to a key between two looks at what may be dropped, at least. */
const leastInterval = 16;
/** Where versions go by age, their number says nothing. */
const ageInterval = 64;

/**
 * Guarantees: the newest version of a key stays; so does every version that a rule keeps, that was forked (for as long as
 * the fork has its first version), and that something still open needs. What stays is a range without a gap, up to the newest.
 */
export class Retainer {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #rules: RetentionRules;
  readonly #isOpen: (key: StateKey) => MaybePromise<boolean>;
  readonly #onFailure: (key: StateKey, error: unknown) => void;
  readonly #forks: ForkOrigins;

  /** @throws TroupeError `invalid-options` for a rule that makes no sense. */
  constructor(journal: Journal, clock: Clock, { rules, isOpen, onFailure }: RetentionOptions) {
    this.#journal = journal;
    this.#clock = clock;
    this.#rules = new RetentionRules(rules);
    this.#isOpen = isOpen ?? (() => false);
    this.#onFailure = onFailure ?? (() => undefined);
    this.#forks = new ForkOrigins(journal);
  }

  /** A version became visible. Now and then that is the occasion to drop old ones: never rejects. */
  appended(meta: SnapshotMeta): Promise<void> | undefined {
    this.#forks.appended(meta);
    const { key, version } = meta;
    const keep = this.#rules.keepOf(key);
    if (keep === "all" || version % intervalOf(keep) !== 0) return undefined;
    return this.#apply(key, keep).catch((error: unknown) => this.#onFailure(key, error));
  }

  /** Drops what may be dropped of every key. */
  async applyAll(): Promise<void> {
    for (const key of await this.#journal.keys("")) {
      const keep = this.#rules.keepOf(key);
      if (keep !== "all") await this.#apply(key, keep);
    }
  }

  async #apply(key: StateKey, keep: Exclude<Keep, "all">): Promise<void> {
    const oldest = await this.#journal.oldest(key);
    const newest = (await this.#journal.head(key))?.version;
    if (oldest === undefined || newest === undefined) return;
    const wanted = Math.min(
      await this.#oldestByRule(key, keep, { oldest, newest }),
      await this.#forks.oldestOf(key),
      newest,
    );
    const kept = await this.#oldestNeeded(key, oldest, wanted);
    if (kept > oldest) await this.#journal.trim(key, kept);
  }

  async #oldestByRule(key: StateKey, keep: Exclude<Keep, "all">, { oldest, newest }: KeyExtent): Promise<number> {
    if ("last" in keep) return newest - keep.last + 1;
    const start = this.#clock.now() - keep.age;
    return lastVersion(this.#journal, key, oldest, newest, ({ time }) => time <= start);
  }

  /** The lowest version up to `wanted` that has to stay for something that is open. Looks at each version only until then. */
  async #oldestNeeded(key: StateKey, oldest: number, wanted: number): Promise<number> {
    if (wanted <= oldest) return oldest;
    if (await this.#isOpen(key)) return oldest;
    const known = new Map<string, boolean>();
    for (let version = oldest; version <= wanted; version++) {
      const cause = (await this.#journal.meta(key, version))?.cause;
      if (cause === undefined) continue;
      const isOpen = known.get(cause) ?? (await this.#isOpen(cause));
      known.set(cause, isOpen);
      if (isOpen) return Math.max(oldest, version - 1); // it was computed from the one before, and may be undone to it
    }
    return wanted;
  }
}

/** A quarter more than what is to be kept may be there before anything is dropped. */
function intervalOf(keep: Exclude<Keep, "all">): number {
  return "last" in keep ? Math.max(leastInterval, Math.ceil(keep.last / 4)) : ageInterval;
}
