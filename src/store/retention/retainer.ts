/** Drops old versions by the rules of retention, except those that are still needed. */

import { timeOfDay, type TimeSource } from "../../async/time-of-day.ts";
import type { ForkOrigins } from "./fork-origins.ts";
import type { Journal } from "../journal/journal.ts";
import { lastVersion } from "../history/last-version.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { type Keep, type RetentionRule, RetentionRules } from "./retention.ts";
import type { KeyExtent, SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

export interface RetentionOptions {
  /** The first rule that matches a key applies; without one, all versions are kept. */
  readonly rules: readonly RetentionRule[];
  /**
   * True for the key of something that is still open, such as a run that hasn't ended. Its versions stay, and so do
   * versions of other keys with this key as their cause, each with the version before it. Default: no key is open.
   */
  readonly isOpen?: (key: StateKey) => MaybePromise<boolean>;
  /** Called when versions could not be dropped after a commit. They stay until a later attempt. */
  readonly onFailure?: (key: StateKey, error: unknown) => void;
}

/** The least number of commits to a key between two checks for versions to drop. */
const leastInterval = 16;
/** The number of commits between two checks for a rule by age, which doesn't depend on a number of versions. */
const ageInterval = 64;

/**
 * Applies the rules of retention to a journal. Guarantees: the newest version of a key stays; so does every version
 * that a rule keeps, that was forked (as long as the fork has its first version), or that an open key needs. The
 * versions that stay have no gap, up to the newest.
 */
export class Retainer {
  readonly #journal: Journal;
  readonly #clock: TimeSource;
  readonly #rules: RetentionRules;
  readonly #isOpen: (key: StateKey) => MaybePromise<boolean>;
  readonly #onFailure: (key: StateKey, error: unknown) => void;
  readonly #forks: ForkOrigins;

  /** @throws TroupeError `invalid-options` for an invalid rule. */
  constructor(journal: Journal, clock: TimeSource, forks: ForkOrigins, { rules, isOpen, onFailure }: RetentionOptions) {
    this.#journal = journal;
    this.#clock = clock;
    this.#rules = new RetentionRules(rules);
    this.#isOpen = isOpen ?? (() => false);
    this.#onFailure = onFailure ?? (() => undefined);
    this.#forks = forks;
  }

  /** Notes a version that became visible, and drops old versions every so many commits. Never rejects. */
  appended(meta: SnapshotMeta): Promise<void> | undefined {
    const { key, version } = meta;
    const keep = this.#rules.keepOf(key);
    if (keep === "all" || version % intervalOf(keep) !== 0) return undefined;
    return this.#apply(key, keep).catch((error: unknown) => this.#onFailure(key, error));
  }

  /** Drops all versions of every key that need not be kept. */
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
    const start = timeOfDay(this.#clock) - keep.age;
    return lastVersion(this.#journal, key, oldest, newest, ({ time }) => time <= start);
  }

  /** The lowest version up to `wanted` that an open key needs, or `wanted`. Reads versions only up to it. */
  async #oldestNeeded(key: StateKey, oldest: number, wanted: number): Promise<number> {
    if (wanted <= oldest) return oldest;
    if (await this.#isOpen(key)) return oldest;
    const known = new Map<string, boolean>();
    for (let version = oldest; version <= wanted; version++) {
      const cause = (await this.#journal.meta(key, version))?.cause;
      if (cause === undefined) continue;
      const isOpen = known.get(cause) ?? (await this.#isOpen(cause));
      known.set(cause, isOpen);
      if (isOpen) return Math.max(oldest, version - 1); // also the version before, so that what the open key did can be undone
    }
    return wanted;
  }
}

/** The commits between two checks: a quarter of the number to keep, so that dropping is rare. */
function intervalOf(keep: Exclude<Keep, "all">): number {
  return "last" in keep ? Math.max(leastInterval, Math.ceil(keep.last / 4)) : ageInterval;
}
