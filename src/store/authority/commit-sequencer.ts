/**
 * Puts all commits in one order (invariant 3). With an asynchronous journal, later commits are decided on top of
 * earlier ones that aren't durable yet, and handed to the journal, so that they share a flush. But no version is
 * visible before it is durable, and versions become visible in the order of their positions.
 */

import { timeOfDay, type TimeSource } from "../../async/time-of-day.ts";
import { applyPatches } from "../versions/apply-patches.ts";
import {
  admits,
  type CommitOutcome,
  type CommitRecord,
  type CommitRequest,
  isWrite,
  type KeyChange,
  type KeyWrite,
} from "../versions/commit.ts";
import { live, standing, tombstoneAfter } from "../versions/tombstone.ts";
import { deferred, type Deferred } from "../../async/deferred.ts";
import { HeadReads } from "./head-reads.ts";
import type { Journal } from "../journal/journal.ts";
import { recordOfWrite } from "../versions/made-state.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { isCommitTime } from "../versions/commit-time.ts";
import { schemaNewer } from "../versions/schema-newer.ts";
import type { Erasure, Position, Snapshot } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** The commits in progress at one key. Kept only while there are any, or calls that wait; everything else is in the journal. */
interface Line {
  readonly key: StateKey;
  /** The newest visible version. */
  head: Snapshot | undefined;
  /** The newest version, visible or tentative. */
  tip: Snapshot | undefined;
  /** Commits of versions of this key that the journal has but did not acknowledge, oldest first. */
  readonly tentative: Tentative[];
  /** Set while `head` is being read. */
  loading: Promise<void> | undefined;
  /** How many calls wait until it, or another key of theirs, is loaded. */
  waiting: number;
}

/** A commit of one or more keys that the journal has not acknowledged. */
interface Tentative {
  readonly lines: readonly Line[];
  /** One for each of the lines. */
  readonly records: readonly CommitRecord[];
  /** Where in a trace it was made. */
  readonly trace: string | undefined;
  durable: boolean;
  readonly visible: Deferred<void>;
  /** Resolves when the commit has become visible or failed. */
  readonly settled: Promise<void>;
}

/** Hears what becomes of commits. */
export interface CommitMeter {
  /** A commit of so many versions was written, in so many milliseconds. */
  appended(versions: number, took: number): void;
  conflicted(): void;
  /** A commit was tried again that had come second. */
  retried(): void;
}

/**
 * Decides commits by compare-and-set and owns those in progress. Versions are the journal's to keep, and telling
 * followers is the publisher's part.
 */
export class CommitSequencer {
  readonly #journal: Journal;
  readonly #heads: HeadReads;
  readonly #clock: TimeSource;
  readonly #publish: (records: readonly CommitRecord[], trace: string | undefined) => void;
  readonly #meter: CommitMeter | undefined;
  readonly #lines = new Map<StateKey, Line>();
  /** In the order of positions. */
  #tentative: Tentative[] = [];
  #position: Position;
  /** The time of the last commit that wasn't imported. While the clock is behind it, as after it was set back, commits keep it. */
  #time: number;

  /** @param publish called for each commit, with its place in a trace, when its versions become visible, all at once, in the order of positions. */
  constructor(
    journal: Journal,
    clock: TimeSource,
    publish: (records: readonly CommitRecord[], trace: string | undefined) => void,
    meter?: CommitMeter,
  ) {
    this.#meter = meter;
    this.#journal = journal;
    this.#heads = new HeadReads(journal);
    this.#clock = clock;
    this.#publish = publish;
    this.#position = journal.position;
    this.#time = isCommitTime(journal.time) ? journal.time : 0; // imports once took any number
  }

  /** The time that a commit gets now. */
  get time(): number {
    return Math.max(timeOfDay(this.#clock), this.#time);
  }

  /** Decides by compare-and-set and appends. Synchronous if the journal is and nothing is pending. */
  commit(request: CommitRequest): MaybePromise<CommitOutcome> {
    if (request.isRetry === true) this.#meter?.retried();
    return this.#commit(request);
  }

  #commit(request: CommitRequest): MaybePromise<CommitOutcome> {
    const lines = request.changes.map(({ key }) => this.#line(key));
    if (lines.every(isLoaded)) return this.#decide(lines, request);
    return this.#whenLoaded(lines, () => this.#decide(lines, request));
  }

  /**
   * Appends a tombstone after the newest version of each key, visible or tentative, all at one position: whatever is committed
   * meanwhile is either erased or comes after the tombstone. Keys without a version are passed over. So are keys whose
   * newest version is a tombstone, unless they are to be forgotten.
   */
  erase(keys: readonly StateKey[], erased: Erasure, author: string): MaybePromise<CommitOutcome> {
    const lines = keys.map((key) => this.#line(key));
    const append = (): MaybePromise<CommitOutcome> => {
      const full = lines.filter(
        ({ tip }) => tip !== undefined && (tip.erased === undefined || erased.forgotten === true),
      );
      if (full.length === 0) return { kind: "committed", snapshots: [] };
      return this.#append(full, { changes: full.map(({ tip }) => tombstoneAfter(tip as Snapshot, erased)), author });
    };
    return lines.every(isLoaded) ? append() : this.#whenLoaded(lines, append);
  }

  /** Calls `use` with the newest visible version, in a turn in which it is the newest. */
  withHead<T>(key: StateKey, use: (head: Snapshot | undefined) => T): MaybePromise<T> {
    const line = this.#line(key);
    return isLoaded(line) ? use(line.head) : this.#whenLoaded([line], () => use(line.head));
  }

  /** True for a key whose first version, or the first after it was erased, isn't visible yet. */
  hides(key: StateKey): boolean {
    const line = this.#lines.get(key);
    return line !== undefined && live(line.head) === undefined && line.loading === undefined;
  }

  #decide(lines: readonly Line[], request: CommitRequest): MaybePromise<CommitOutcome> {
    const { changes } = request;
    const writes = changes.some(isWrite);
    let pending: Promise<void> | undefined;
    for (let i = 0; i < changes.length; i++) {
      const line = lines[i] as Line;
      const change = changes[i] as KeyChange;
      if (fits(line, change, writes)) continue;
      const last = line.tentative.at(-1);
      // the change may still fit, once the tentative commit has failed or become durable; a conflict now would reveal
      // a version that may never exist
      if (last !== undefined && (admits(line.head, change) || admits(line.tip, change))) pending = last.settled;
      else {
        this.#meter?.conflicted();
        return { kind: "conflict", key: line.key, head: line.head };
      }
    }
    if (pending !== undefined) return pending.then(() => this.#commit(request));
    return writes ? this.#append(lines, request) : { kind: "committed", snapshots: [] };
  }

  #append(lines: readonly Line[], request: CommitRequest): MaybePromise<CommitOutcome> {
    const time = request.time ?? this.#timeAfter(lines);
    const written: Line[] = [];
    const records: CommitRecord[] = [];
    const snapshots: Snapshot[] = [];
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] as Line;
      const change = request.changes[i] as KeyChange;
      if (!isWrite(change)) continue;
      const snapshot = this.#snapshot(line.tip, change, request, time);
      written.push(line);
      snapshots.push(snapshot);
      records.push(recordOfWrite(snapshot, change));
    }
    const kept = this.#meter === undefined ? this.#journal.append(records) : this.#measured(records, this.#meter);
    this.#position++;
    if (request.time === undefined) this.#time = time;
    const isVisible = !(kept instanceof Promise) && this.#tentative.length === 0;
    for (let i = 0; i < written.length; i++) {
      const line = written[i] as Line;
      line.tip = standing(snapshots[i]);
      if (isVisible) line.head = line.tip;
    }
    const outcome: CommitOutcome = { kind: "committed", snapshots };
    if (isVisible) {
      this.#publish(records, request.trace);
      return outcome;
    }
    return this.#await(written, records, kept, request.trace).then(() => outcome);
  }

  #measured(records: readonly CommitRecord[], meter: CommitMeter): MaybePromise<void> {
    const began = this.#clock.now();
    return chain(this.#journal.append(records), () => meter.appended(records.length, this.#clock.now() - began));
  }

  /** The time of a commit to these keys: not before their newest versions either, whose times may be imported. */
  #timeAfter(lines: readonly Line[]): number {
    let { time } = this;
    for (const { tip } of lines) if (tip !== undefined && tip.time > time && isCommitTime(tip.time)) ({ time } = tip);
    return time;
  }

  /** Written out field by field, as this is on the path of every commit. */
  #snapshot(tip: Snapshot | undefined, change: KeyWrite, request: CommitRequest, time: number): Snapshot {
    const { key, parent, schema } = change;
    const { author, cause, idempotencyKey } = request;
    // a recipe can't be computed from a newer schema, but a put could replace such a version unseen
    if (tip !== undefined && tip.schema > schema) throw schemaNewer(tip, schema);
    const snapshot = {
      key,
      version: parent + 1,
      parent,
      author,
      time,
      position: this.#position + 1,
      schema,
      state: change.state === undefined ? applyPatches(tip?.state, change.patches) : change.state,
    } as {
      -readonly [F in keyof Snapshot]: Snapshot[F];
    };
    if (cause !== undefined) snapshot.cause = cause;
    if (idempotencyKey !== undefined) snapshot.idempotencyKey = idempotencyKey;
    if (change.erased !== undefined) snapshot.erased = change.erased;
    return Object.freeze(snapshot);
  }

  #await(
    lines: readonly Line[],
    records: readonly CommitRecord[],
    kept: MaybePromise<void>,
    trace: string | undefined,
  ): Promise<void> {
    const visible = deferred<void>();
    const settled = visible.promise.catch(() => undefined); // other commits wait for the end, and then look again; its caller gets the error
    const entry: Tentative = { lines, records, trace, durable: false, visible, settled };
    for (const line of lines) {
      line.tentative.push(entry);
      this.#lines.set(line.key, line);
    }
    this.#tentative.push(entry);
    Promise.resolve(kept).then(
      () => this.#durable(entry),
      (cause: unknown) => this.#failed(entry, cause),
    );
    return visible.promise;
  }

  #durable(entry: Tentative): void {
    entry.durable = true;
    for (let next = this.#tentative[0]; next?.durable === true; next = this.#tentative[0]) {
      this.#tentative.shift();
      for (const [i, line] of next.lines.entries()) {
        line.tentative.shift();
        line.head = standing(next.records[i]?.snapshot);
      }
      this.#publish(next.records, next.trace);
      for (const line of next.lines) this.#leave(line);
      next.visible.resolve();
    }
  }

  /**
   * The journal refused a commit: drops it with all commits that were built on it, at any key, and sets the tips of their keys
   * back.
   */
  #failed(entry: Tentative, cause: unknown): void {
    if (!this.#tentative.includes(entry)) return; // was dropped with an earlier one
    const lost = new Set([entry]);
    for (const { lines } of lost) for (const line of lines) for (const later of cutFrom(line, lost)) lost.add(later);
    this.#tentative = this.#tentative.filter((other) => !lost.has(other));
    for (const { lines } of lost) for (const line of lines) this.#leave(line);
    for (const other of lost) other.visible.reject(cause);
    // later commits may have waited only for this one
    const first = this.#tentative[0];
    if (first?.durable === true) this.#durable(first);
  }

  /** The line of a key, made if needed. Callers that wait or append there keep it alive. */
  #line(key: StateKey): Line {
    const open = this.#lines.get(key);
    if (open !== undefined) return open;
    const head = this.#heads.read(key);
    if (!(head instanceof Promise)) return { key, head, tip: head, tentative: [], loading: undefined, waiting: 0 };
    return this.#load(key, head);
  }

  #load(key: StateKey, head: Promise<Snapshot | undefined>): Line {
    const loading = head.then((snapshot) => {
      line.head = snapshot;
      line.tip = snapshot;
      line.loading = undefined;
    });
    const line: Line = { key, head: undefined, tip: undefined, tentative: [], loading, waiting: 0 };
    this.#lines.set(key, line);
    return line;
  }

  /** Holds all the lines meanwhile, also loaded ones: else a commit to one would be made on another line of the same key, unseen by `use`. */
  async #whenLoaded<T>(lines: readonly Line[], use: () => MaybePromise<T>): Promise<T> {
    for (const line of lines) {
      line.waiting++;
      this.#lines.set(line.key, line);
    }
    try {
      await Promise.all(lines.flatMap(({ loading }) => loading ?? []));
      return await use();
    } finally {
      for (const line of lines) {
        line.waiting--;
        this.#leave(line);
      }
    }
  }

  /** Drops a line that no commit and no call needs. */
  #leave(line: Line): void {
    if (line.waiting === 0 && line.tentative.length === 0 && this.#lines.get(line.key) === line)
      this.#lines.delete(line.key);
  }
}

function isLoaded({ loading }: Line): boolean {
  return loading === undefined;
}

/**
 * True if a change can be accepted now. A write builds on the newest version, tentative or not. A version that was only
 * read has to be durable, since the journal can't refuse a commit because of its reads. If the commit also writes, it
 * has to be the newest, since the writes come after everything tentative.
 */
function fits(line: Line, change: KeyChange, writes: boolean): boolean {
  if (isWrite(change)) return admits(line.tip, change);
  return admits(line.head, change) && !(writes && line.tentative.length > 0);
}

/** Removes from a line the first lost commit and all that were built on it, and returns them. */
function cutFrom(line: Line, lost: ReadonlySet<Tentative>): readonly Tentative[] {
  const from = line.tentative.findIndex((entry) => lost.has(entry));
  if (from === -1) return [];
  const cut = line.tentative.splice(from);
  const last = line.tentative.at(-1);
  line.tip = last === undefined ? line.head : standing(last.records[last.lines.indexOf(line)]?.snapshot);
  return cut;
}
