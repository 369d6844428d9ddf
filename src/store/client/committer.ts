/** Submits changes until they land or run out of retries. */

import type { Change } from "./change.ts";
import { type CommitOutcome, type CommitRequest, isWrite, type KeyChange } from "../versions/commit.ts";
import { live } from "../versions/tombstone.ts";
import { ConflictError } from "../versions/conflict-error.ts";
import { all, chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { metaOf, type Position, type Snapshot, type SnapshotMeta } from "../versions/snapshot.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { compareTo } from "./repeat.ts";
import type { StoreAccess } from "../versions/store-access.ts";

/** One subject after a change has landed, with its newest version. */
export interface Landed {
  readonly snapshot: Snapshot;
  readonly how: "read" | "written";
}

/** The holder of the committer's causal token. */
export interface TokenHolder {
  readonly token: Position;
  observe(position: Position): void;
}

/** The versions that a change is computed from, one for each of its subjects; `undefined` for a key without one. */
export type Bases = readonly (Snapshot | undefined)[];

/** One of several commits under the same idempotency key. */
export interface Part {
  readonly of: string;
  /** How many versions under the key the committer knows. */
  readonly known: number;
}

/** What a part is answered with whose committer doesn't know all versions under its key: those. */
export interface Unknown {
  readonly unknown: readonly SnapshotMeta[];
}

/** The error that computing a change threw. */
interface Failure {
  readonly error: unknown;
}

/** Submits the changes of one author, again after conflicts. Owns no versions and no token. */
export class Committer {
  readonly #access: StoreAccess;
  readonly #holder: TokenHolder;
  readonly #origin: Pick<CommitRequest, "author" | "cause">;

  constructor(access: StoreAccess, holder: TokenHolder, { author, cause }: Pick<CommitRequest, "author" | "cause">) {
    this.#access = access;
    this.#holder = holder;
    this.#origin = cause === undefined ? { author } : { author, cause };
  }

  /**
   * Computes a change from `bases`, after each conflict from the newest versions, and submits it.
   *
   * @throws ConflictError; what computing the change throws, unless the change was committed before under its
   * idempotency key, or was computed from versions of several subjects that never held at the same time.
   */
  land(change: Change, bases: Bases): MaybePromise<readonly Landed[]> {
    return this.#land(change, bases, undefined, 1) as MaybePromise<readonly Landed[]>;
  }

  /** The same, as one of several commits under one key: without regard to an idempotency key of the change's own. */
  landPart(change: Change, bases: Bases, part: Part): MaybePromise<readonly Landed[] | Unknown> {
    return this.#land(change, bases, part, 1);
  }

  #land(
    change: Change,
    bases: Bases,
    part: Part | undefined,
    attempt: number,
  ): MaybePromise<readonly Landed[] | Unknown> {
    const { subjects, idempotencyKey } = change;
    let changes: readonly KeyChange[];
    let failure: Failure | undefined;
    try {
      changes = change.next(bases);
    } catch (error) {
      failure = { error };
      changes = subjects.map(({ key }, i) => ({ key, parent: bases[i]?.version ?? 0 }));
    }
    const writes = changes.some(isWrite);
    const isFree = !writes && !change.checksReads;
    if (isFree && part === undefined) return this.#originalOr(change, bases, failure);
    const request = {
      changes: isFree ? [] : changes,
      ...this.#origin,
      ...(change.trace === undefined ? {} : { trace: change.trace }),
      ...(attempt === 1 ? {} : { isRetry: true as const }),
    };
    return chain(this.#access.submit(under(request, idempotencyKey, part)), (outcome) => {
      if (outcome.kind === "conflict") return this.#again(change, bases, changes, outcome, part, attempt);
      if (outcome.kind === "duplicate") return this.#original(change, outcome.snapshots);
      if (outcome.kind === "unknown") return { unknown: outcome.metas };
      return writes ? landed(changes, bases, outcome.snapshots) : unwritten(bases, failure);
    });
  }

  #again(
    change: Change,
    bases: Bases,
    changes: readonly KeyChange[],
    { key, head }: Extract<CommitOutcome, { readonly kind: "conflict" }>,
    part: Part | undefined,
    attempt: number,
  ): MaybePromise<readonly Landed[] | Unknown> {
    if (head !== undefined) this.#holder.observe(head.position);
    if (attempt > change.retries) throw conflictOf(change, bases, changes, key, head, attempt);
    const { token } = this.#holder;
    const newest = change.subjects.map((subject) => this.#access.snapshot(subject.key, token));
    return chain(all(newest), (snapshots) => this.#land(change, snapshots, part, attempt + 1));
  }

  /**
   * For a change without a write: returns the original version if the change was committed before under its idempotency
   * key, since a retry may find its work done; otherwise the versions that it read, or its failure.
   */
  #originalOr(change: Change, bases: Bases, failure: Failure | undefined): MaybePromise<readonly Landed[]> {
    const { subjects, idempotencyKey } = change;
    const [subject] = subjects;
    if (idempotencyKey === undefined || subject === undefined) return unwritten(bases, failure);
    return chain(this.#access.committed(subject.key, idempotencyKey), (original) =>
      original === undefined ? unwritten(bases, failure) : this.#original(change, [original]),
    );
  }

  /**
   * The versions that the subjects had right after the commit that was made before under the change's idempotency key.
   *
   * @throws TroupeError `idempotency-mismatch` when the change is another one.
   */
  async #original(change: Change, snapshots: readonly Snapshot[]): Promise<readonly Landed[]> {
    const { idempotencyKey: key, repeats } = change;
    const mine = snapshots.filter(({ idempotencyKey }) => idempotencyKey === key);
    const [first] = mine;
    if (repeats === "compared" && first !== undefined) {
      const original = { position: first.position, written: mine.map(metaOf) };
      const { verdict } = await compareTo(this.#access, change, original);
      // where it can't be told any more, the caller's word stands that its key means one thing
      if (verdict === "different") throw otherChange(change, first);
    }
    return snapshots.map(written);
  }
}

function under(request: CommitRequest, idempotencyKey: string | undefined, part: Part | undefined): CommitRequest {
  if (part !== undefined) return { ...request, idempotencyKey: part.of, known: part.known };
  return idempotencyKey === undefined ? request : { ...request, idempotencyKey };
}

function otherChange({ subjects, idempotencyKey = "" }: Change, { key: committedTo, version }: Snapshot): TroupeError {
  const key = subjects.map((subject) => subject.key).join(", ");
  return new TroupeError(
    "idempotency-mismatch",
    `The idempotency key ${JSON.stringify(idempotencyKey)} was used for another change of ${key}, which made ${committedTo}@${version}. ` +
      "Nothing was committed. Derive idempotency keys from what is done, and to what; or commit the same as before.",
    { details: { idempotencyKey, key, committedTo, version } },
  );
}

function unwritten(bases: Bases, failure: Failure | undefined): readonly Landed[] {
  if (failure !== undefined) throw failure.error;
  return bases.map((base) => ({ snapshot: base as Snapshot, how: "read" }));
}

function written(snapshot: Snapshot): Landed {
  return { snapshot, how: "written" };
}

/** Joins the new versions with those of the unchanged subjects. */
function landed(changes: readonly KeyChange[], bases: Bases, snapshots: readonly Snapshot[]): readonly Landed[] {
  let made = 0;
  return changes.map((change, i) =>
    isWrite(change) ? written(snapshots[made++] as Snapshot) : { snapshot: bases[i] as Snapshot, how: "read" },
  );
}

function conflictOf(
  { subjects, checksReads }: Change,
  bases: Bases,
  changes: readonly KeyChange[],
  key: string,
  head: Snapshot | undefined,
  attempts: number,
): ConflictError {
  const i = subjects.findIndex((subject) => subject.key === key);
  const { definition } = subjects[i] as Change["subjects"][number];
  const { parent, ...change } = changes[i] as KeyChange;
  const base = bases[i];
  const mine = "state" in change ? change.state : base && definition.upcast(base).state;
  const newest = live(head);
  const theirs = newest === undefined ? {} : { theirs: definition.upcast(newest) };
  const keys = checksReads ? { keys: subjects.map((subject) => subject.key) } : {};
  return new ConflictError({ key, ...keys, base: parent, mine, ...theirs, attempts });
}
