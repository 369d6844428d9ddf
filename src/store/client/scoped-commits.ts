/**
 * The commits of several attempts at one thing, such as a step of a run, each of which is applied once (invariant 5), and none
 * of which is taken for another one.
 */

import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Position, Snapshot, SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import type { Change } from "./change.ts";
import type { Bases, Committer, Landed } from "./committer.ts";
import { compareTo, type Original } from "./repeat.ts";

/**
 * The commits of one attempt. All attempts commit under the key of what they are attempts at, and each commit says how many
 * versions under that key it knows: a compare-and-set on what the attempts have done so far, so that it doesn't matter whether
 * an earlier attempt is over.
 *
 * What this attempt didn't know is compared: a commit that would have come to the same states from the same versions is the
 * same commit, and is answered as it was then. Any other is a new one, and lands. So an attempt may repeat what the one before
 * did, or go on from where that came to, or both.
 */
export class ScopedCommits {
  readonly #key: string;
  readonly #committer: Committer;
  readonly #access: RememberingAccess;
  /** How many versions under the key this attempt knows. */
  #known = 0;
  /** The positions of its own commits, and of those that it has repeated. */
  readonly #settled = new Set<Position>();
  /** The commits of other attempts that this one has not repeated. */
  #originals: readonly Original[] = [];
  /** Ends with the commit in progress. Commits are in turn, since which original one repeats depends on the commits before it. */
  #turn: Promise<void> | undefined;

  constructor(key: string, committer: Committer, access: StoreAccess) {
    this.#key = key;
    this.#committer = committer;
    this.#access = new RememberingAccess(access);
  }

  /**
   * As {@link Committer.land}, but one commit at a time, and a repeat of an earlier attempt's commit isn't applied again.
   *
   * @throws TroupeError `idempotency-mismatch` when retention has dropped what would tell whether it is a repeat.
   */
  land(change: Change, bases: Bases): MaybePromise<readonly Landed[]> {
    if (this.#turn !== undefined) return this.#turn.then(() => this.land(change, bases));
    const landing = this.#originals.length === 0 ? this.#append(change, bases) : this.#repeatOrAppend(change, bases);
    if (!(landing instanceof Promise)) return landing;
    const over = (): void => {
      this.#turn = undefined;
    };
    this.#turn = landing.then(over, over);
    return landing;
  }

  #append(change: Change, bases: Bases): MaybePromise<readonly Landed[]> {
    return chain(this.#committer.landPart(change, bases, { of: this.#key, known: this.#known }), (outcome) => {
      if ("unknown" in outcome) {
        this.#learn(outcome.unknown);
        return this.#repeatOrAppend(change, bases);
      }
      for (const { snapshot, how } of outcome) {
        if (how === "read") continue;
        this.#known++;
        this.#settled.add(snapshot.position);
      }
      return outcome;
    });
  }

  #learn(metas: readonly SnapshotMeta[]): void {
    this.#known = metas.length;
    this.#originals = byCommit(metas).filter(({ position }) => !this.#settled.has(position));
  }

  async #repeatOrAppend(change: Change, bases: Bases): Promise<readonly Landed[]> {
    const tombstones = await this.#access.tombstonesOf(change.subjects.map(({ key }) => key));
    this.#originals = this.#originals.filter(({ written }) =>
      written.every(({ key, version }) => version > (tombstones.get(key) ?? 0)),
    );
    let unclear: Original | undefined;
    for (const original of this.#originals) {
      const comparison = await compareTo(this.#access, change, original);
      if (comparison.verdict === "dropped") unclear ??= original;
      if (comparison.verdict !== "same") continue;
      this.#settled.add(original.position);
      this.#originals = this.#originals.filter((other) => other !== original);
      return comparison.snapshots.map((snapshot) => ({ snapshot, how: "written" }));
    }
    if (unclear !== undefined) throw this.#unclear(change, unclear);
    return this.#append(change, bases);
  }

  #unclear(change: Change, { written }: Original): TroupeError {
    const { key: committedTo, version } = written[0] as SnapshotMeta;
    const key = change.subjects.map((subject) => subject.key).join(", ");
    return new TroupeError(
      "idempotency-mismatch",
      `An earlier attempt committed ${committedTo}@${version}, and retention has dropped the version before: whether this commit to ` +
        `${key} repeats it can't be told. Nothing was committed. Keep more versions of ${committedTo}, or give each commit an idempotencyKey.`,
      { details: { idempotencyKey: this.#key, key, committedTo, version } },
    );
  }
}

/** Versions by the commit that wrote them. */
function byCommit(metas: readonly SnapshotMeta[]): Original[] {
  const positions = new Set(metas.map(({ position }) => position));
  return [...positions].map((position) => ({ position, written: metas.filter((meta) => meta.position === position) }));
}

/** Reads each version once, as long as it isn't erased: an attempt compares each of its commits with the same ones. */
class RememberingAccess implements Pick<StoreAccess, "at" | "extent"> {
  readonly #access: StoreAccess;
  readonly #read = new Map<StateKey, Map<string, Promise<Snapshot | undefined>>>();

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  at(key: StateKey, when: Parameters<StoreAccess["at"]>[1]): Promise<Snapshot | undefined> {
    const place = JSON.stringify(when);
    const own = this.#read.get(key) ?? new Map<string, Promise<Snapshot | undefined>>();
    this.#read.set(key, own);
    const known = own.get(place);
    if (known !== undefined) return known;
    const reading = this.#access.at(key, when);
    own.set(place, reading);
    reading.catch(() => own.delete(place)); // the caller gets the error; the next reader asks again
    return reading;
  }

  /** The tombstones that keys begin with. What was read before of those keys is forgotten. */
  async tombstonesOf(keys: readonly StateKey[]): Promise<ReadonlyMap<StateKey, number>> {
    const extents = await Promise.all(keys.map((key) => this.#access.extent(key)));
    const tombstones = extents.flatMap((extent) => extent?.tombstone ?? []);
    for (const { key } of tombstones) this.#read.delete(key);
    return new Map(tombstones.map(({ key, version }) => [key, version]));
  }

  extent(key: StateKey): ReturnType<StoreAccess["extent"]> {
    return this.#access.extent(key);
  }
}
