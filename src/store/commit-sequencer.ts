/**
 * Puts all commits in one order (invariant 3). Where the journal takes its time, later commits are decided and handed to
 * it on top of earlier ones that aren't durable yet, so that they share a flush; but nobody sees a version before it is
 * durable, and versions become visible in the order of their positions.
 */

import type { Clock } from "../ports/clock.ts";
import { applyPatches } from "./apply-patches.ts";
import { admits, type CommitOutcome, type CommitRecord, type CommitRequest } from "./commit.ts";
import { deferred, type Deferred } from "./deferred.ts";
import type { Journal } from "./journal.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import type { Position, Snapshot } from "./snapshot.ts";
import type { StateKey } from "./state-definition.ts";

/** What is going on at one key. Kept only while something is: everything else is the journal's. */
interface Line {
  readonly key: StateKey;
  /** The newest visible version. */
  head: Snapshot | undefined;
  /** Commits that the journal has but did not acknowledge, oldest first. */
  readonly tentative: Tentative[];
  /** Set while `head` is being read. */
  loading: Promise<void> | undefined;
  waiting: number;
}

interface Tentative {
  readonly line: Line;
  readonly record: CommitRecord;
  durable: boolean;
  readonly visible: Deferred<void>;
  /** Resolves when it became visible or failed. */
  readonly settled: Promise<void>;
}

export class CommitSequencer {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #publish: (record: CommitRecord) => void;
  readonly #lines = new Map<StateKey, Line>();
  /** In the order of positions. */
  #tentative: Tentative[] = [];
  #position: Position;

  /** @param publish called for each version when it becomes visible, in the order of positions. */
  constructor(journal: Journal, clock: Clock, publish: (record: CommitRecord) => void) {
    this.#journal = journal;
    this.#clock = clock;
    this.#publish = publish;
    this.#position = journal.position;
  }

  /** Decides by compare-and-set and appends. Synchronous if the journal is and nothing is pending. */
  commit(request: CommitRequest): MaybePromise<CommitOutcome> {
    return this.#at(request.key, (line) => this.#decide(line, request));
  }

  /** Calls `use` with the newest visible version, in the same turn in which it is the newest. */
  withHead<T>(key: StateKey, use: (head: Snapshot | undefined) => T): MaybePromise<T> {
    return this.#at(key, (line) => use(line.head));
  }

  /** True for a key whose first version isn't visible yet. */
  hides(key: StateKey): boolean {
    const line = this.#lines.get(key);
    return line !== undefined && line.head === undefined && line.loading === undefined;
  }

  #decide(line: Line, request: CommitRequest): MaybePromise<CommitOutcome> {
    const last = line.tentative.at(-1);
    const tip = last === undefined ? line.head : last.record.snapshot;
    if (admits(tip, request)) return this.#append(line, tip, request);
    // it may yet be the newest, if what is tentative fails; told now, it would learn of a version that may never be
    if (last !== undefined && admits(line.head, request)) return last.settled.then(() => this.commit(request));
    return { kind: "conflict", head: line.head };
  }

  #append(line: Line, tip: Snapshot | undefined, request: CommitRequest): MaybePromise<CommitOutcome> {
    const snapshot = this.#snapshot(tip, request);
    const record: CommitRecord = { snapshot, patches: request.patches };
    const written = this.#journal.append([record]);
    this.#position = snapshot.position;
    const outcome: CommitOutcome = { kind: "committed", snapshot };
    if (!(written instanceof Promise) && this.#tentative.length === 0) {
      line.head = snapshot;
      this.#publish(record);
      return outcome;
    }
    return this.#await(line, record, written).then(() => outcome);
  }

  /** Written out, not spread: this is on the path of every commit. */
  #snapshot(tip: Snapshot | undefined, request: CommitRequest): Snapshot {
    const { key, parent, author, cause, idempotencyKey } = request;
    const state = request.state === undefined ? applyPatches(tip?.state, request.patches) : request.state;
    const snapshot = {
      key,
      version: parent + 1,
      parent,
      author,
      time: this.#clock.now(),
      position: this.#position + 1,
      state,
    } as {
      -readonly [F in keyof Snapshot]: Snapshot[F];
    };
    if (cause !== undefined) snapshot.cause = cause;
    if (idempotencyKey !== undefined) snapshot.idempotencyKey = idempotencyKey;
    return Object.freeze(snapshot);
  }

  #await(line: Line, record: CommitRecord, written: MaybePromise<void>): Promise<void> {
    const visible = deferred<void>();
    const settled = visible.promise.catch(() => undefined);
    const entry: Tentative = { line, record, durable: false, visible, settled };
    line.tentative.push(entry);
    this.#tentative.push(entry);
    this.#lines.set(line.key, line);
    Promise.resolve(written).then(
      () => this.#durable(entry),
      (cause: unknown) => this.#failed(entry, cause),
    );
    return visible.promise;
  }

  #durable(entry: Tentative): void {
    entry.durable = true;
    for (let next = this.#tentative[0]; next?.durable === true; next = this.#tentative[0]) {
      this.#tentative.shift();
      next.line.tentative.shift();
      next.line.head = next.record.snapshot;
      this.#publish(next.record);
      this.#leave(next.line);
      next.visible.resolve();
    }
  }

  /** The journal refused a version: what was built on it goes with it, and the key is where it was before. */
  #failed(entry: Tentative, cause: unknown): void {
    const { line } = entry;
    const from = line.tentative.indexOf(entry);
    if (from === -1) return; // went with an earlier one
    const lost = new Set(line.tentative.splice(from));
    this.#tentative = this.#tentative.filter((other) => !lost.has(other));
    this.#leave(line);
    for (const other of lost) other.visible.reject(cause);
    // those behind it may have waited only for it
    const first = this.#tentative[0];
    if (first?.durable === true) this.#durable(first);
  }

  #at<T>(key: StateKey, use: (line: Line) => MaybePromise<T>): MaybePromise<T> {
    const open = this.#lines.get(key);
    if (open !== undefined) return open.loading === undefined ? use(open) : this.#afterLoading(open, open.loading, use);
    const head = this.#journal.head(key);
    const line: Line = { key, head: undefined, tentative: [], loading: undefined, waiting: 0 };
    if (!(head instanceof Promise)) {
      line.head = head;
      return use(line);
    }
    const loading = chain(head, (loaded) => {
      line.head = loaded;
      line.loading = undefined;
    }) as Promise<void>;
    line.loading = loading;
    this.#lines.set(key, line);
    return this.#afterLoading(line, loading, use);
  }

  async #afterLoading<T>(line: Line, loading: Promise<void>, use: (line: Line) => MaybePromise<T>): Promise<T> {
    line.waiting++;
    try {
      await loading;
      return await use(line);
    } finally {
      line.waiting--;
      this.#leave(line);
    }
  }

  #leave(line: Line): void {
    if (line.waiting === 0 && line.tentative.length === 0 && this.#lines.get(line.key) === line)
      this.#lines.delete(line.key);
  }
}
