/** Reads a key's history from the journal, up to the newest visible version. */

import type { CommitRecord } from "../versions/commit.ts";
import { diffStates } from "../versions/diff-states.ts";
import { boundsOf, counts, type HistoryRange, isFiltered } from "../versions/history-range.ts";
import type { Journal } from "../journal/journal.ts";
import { lastVersion } from "./last-version.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { noSuchVersion } from "./no-such-version.ts";
import type { KeyExtent, Snapshot, SnapshotMeta, VersionWhen } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/**
 * Reads histories from a journal. The caller passes the newest visible version, since the journal may have later ones.
 */
export class HistoryReader {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** One version; `undefined` if it doesn't exist. */
  at(key: StateKey, when: VersionWhen, head: Snapshot | undefined): MaybePromise<Snapshot | undefined> {
    if (head === undefined) return undefined;
    if (typeof when !== "number") {
      const isUpTo = (meta: SnapshotMeta): boolean =>
        "time" in when ? meta.time <= when.time : meta.position <= when.position;
      return isUpTo(head) ? head : this.#last(key, isUpTo, head.version);
    }
    if (when > head.version) return undefined;
    return when === head.version ? head : this.#journal.at(key, when);
  }

  /** The range of versions that are kept; `undefined` for a key without one. */
  extent(key: StateKey, head: Snapshot | undefined): MaybePromise<KeyExtent | undefined> {
    if (head === undefined) return undefined;
    const { version: newest } = head;
    return chain(this.#journal.oldest(key), (oldest = 1) => {
      if (oldest === 1) return { oldest, newest };
      return chain(this.#journal.meta(key, oldest), (meta) =>
        meta?.erased === undefined ? { oldest, newest } : { oldest, newest, tombstone: meta },
      );
    });
  }

  /**
   * The versions in a range, always ascending, each with the patches from the one before it in the list. A range that
   * selects only some versions is filtered by their meta, without reading the states of the others.
   *
   * @throws TroupeError `no-such-version` for a bound below the oldest version that is kept.
   */
  records(key: StateKey, range: HistoryRange, head: Snapshot | undefined): MaybePromise<readonly CommitRecord[]> {
    return chain(this.extent(key, head), (extent) => {
      if (extent === undefined) return [];
      const { oldest, newest } = extent;
      const { from, to, limit, order } = range;
      if (from !== undefined && from < oldest) throw noSuchVersion(key, from, extent);
      // with newest first, the page after the last begins right below the oldest version
      if (to < oldest - 1) throw noSuchVersion(key, to, extent);
      const { lowest, highest } = boundsOf(range, oldest, newest);
      if (lowest > highest) return [];
      if (isFiltered(range)) return this.#counting(key, range, lowest, highest);
      return order === "oldest-first"
        ? this.#journal.records(key, lowest, Math.min(highest, lowest + limit - 1))
        : this.#journal.records(key, Math.max(lowest, highest - limit + 1), highest);
    });
  }

  async #last(key: StateKey, isUpTo: (meta: SnapshotMeta) => boolean, newest: number): Promise<Snapshot | undefined> {
    const oldest = (await this.#journal.oldest(key)) ?? 1;
    const version = await lastVersion(this.#journal, key, oldest, newest, isUpTo);
    return version < oldest ? undefined : this.#journal.at(key, version);
  }

  async #counting(key: StateKey, range: HistoryRange, low: number, high: number): Promise<readonly CommitRecord[]> {
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, limit, order } = range;
    const lowest = 1 + (await lastVersion(this.#journal, key, low, high, ({ time }) => time < since));
    const highest = await lastVersion(this.#journal, key, low, high, ({ time }) => time <= until);
    const step = order === "oldest-first" ? 1 : -1;
    const found: Snapshot[] = [];
    for (let v = step === 1 ? lowest : highest; v >= lowest && v <= highest && found.length < limit; v += step) {
      const meta = await this.#journal.meta(key, v);
      const snapshot = meta !== undefined && counts(meta, range) ? await this.#journal.at(key, v) : undefined;
      if (snapshot !== undefined) found.push(snapshot);
    }
    return recordsOf(step === 1 ? found : found.reverse());
  }
}

function recordsOf(ascending: readonly Snapshot[]): readonly CommitRecord[] {
  return ascending.map((snapshot, i) => {
    const last = ascending[i - 1];
    if (last === undefined) return { snapshot, patches: [{ op: "replace", path: [], value: snapshot.state }] };
    return { snapshot, patches: diffStates(last.state, snapshot.state) };
  });
}
