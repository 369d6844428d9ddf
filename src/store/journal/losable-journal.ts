/**
 * A journal that its owner can lose, as the authority uses it: once it is lost nothing waits for it any more. Such a journal is
 * elsewhere, and the way to it may be what broke, so that it need not answer what was asked before.
 */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { CommitRecord } from "../versions/commit.ts";
import type { Position, Snapshot, SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { Journal } from "./journal.ts";
import { outcomeUnknown } from "./ownership.ts";

type Reject = (error: unknown) => void;

/**
 * Guarantees: when the journal is lost, every read that waits rejects with the reason, at once, and so does whatever is asked later.
 * The appends under way may still be answered, until {@link LosableJournal.abandon}.
 */
export class LosableJournal implements Journal {
  readonly lost: AbortSignal;
  readonly #journal: Journal;
  readonly #reads = new Set<Reject>();
  /** Those that were handed over and have no answer, with their positions. */
  readonly #appends = new Map<Reject, Position>();

  constructor(journal: Journal, lost: AbortSignal) {
    this.#journal = journal;
    this.lost = lost;
    lost.addEventListener("abort", () => this.#endReads(), { once: true });
  }

  get position(): Position {
    return this.#journal.position;
  }

  get time(): number {
    return this.#journal.time;
  }

  append(records: readonly CommitRecord[]): MaybePromise<void> {
    this.lost.throwIfAborted();
    const kept = this.#journal.append(records);
    const position = records[0]?.snapshot.position ?? 0;
    return waitFor(
      kept,
      (reject) => this.#appends.set(reject, position),
      (reject) => this.#appends.delete(reject),
    );
  }

  /** Nothing waits for an answer any more: it isn't known what became of the appends that have none. */
  abandon(): void {
    const appends = [...this.#appends];
    this.#appends.clear();
    for (const [reject, position] of appends) reject(outcomeUnknown([position], this.lost.reason));
  }

  head(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#read(() => this.#journal.head(key));
  }

  peek(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#read(() => this.#journal.peek(key));
  }

  heads(keys: readonly StateKey[]): MaybePromise<readonly (Snapshot | undefined)[]> {
    return this.#read(() => this.#journal.heads(keys));
  }

  at(key: StateKey, version: number): MaybePromise<Snapshot | undefined> {
    return this.#read(() => this.#journal.at(key, version));
  }

  meta(key: StateKey, version: number): MaybePromise<SnapshotMeta | undefined> {
    return this.#read(() => this.#journal.meta(key, version));
  }

  oldest(key: StateKey): MaybePromise<number | undefined> {
    return this.#read(() => this.#journal.oldest(key));
  }

  records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]> {
    return this.#read(() => this.#journal.records(key, lowest, highest));
  }

  committed(idempotencyKey: string): MaybePromise<readonly Snapshot[]> {
    return this.#read(() => this.#journal.committed(idempotencyKey));
  }

  keys(prefix: string, since?: Position): MaybePromise<readonly StateKey[]> {
    return this.#read(() => this.#journal.keys(prefix, since));
  }

  size(key: StateKey): MaybePromise<number> {
    return this.#read(() => this.#journal.size(key));
  }

  trim(key: StateKey, oldest: number): MaybePromise<void> {
    return this.#read(() => this.#journal.trim(key, oldest));
  }

  compact(): MaybePromise<void> {
    return this.#read(() => this.#journal.compact());
  }

  /** Of a lost journal, the system doesn't wait for the end: what it still holds here is its own to let go of. */
  close(): MaybePromise<void> {
    const closed = this.#journal.close();
    if (!this.lost.aborted || !(closed instanceof Promise)) return closed;
    closed.catch(() => undefined); // it can't be reached, which is why it was lost
  }

  /** Also for changes that have no outcome to find out: that they are refused is all that matters. */
  #read<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    this.lost.throwIfAborted();
    return waitFor(
      work(),
      (reject) => this.#reads.add(reject),
      (reject) => this.#reads.delete(reject),
    );
  }

  #endReads(): void {
    const reads = [...this.#reads];
    this.#reads.clear();
    for (const reject of reads) reject(this.lost.reason);
  }
}

/** The same answer, which can be rejected before it is there. */
function waitFor<T>(
  answer: MaybePromise<T>,
  begin: (reject: Reject) => void,
  over: (reject: Reject) => void,
): MaybePromise<T> {
  if (!(answer instanceof Promise)) return answer;
  return new Promise<T>((resolve, reject) => {
    begin(reject);
    answer.then(
      (value) => {
        over(reject);
        resolve(value);
      },
      (error: unknown) => {
        over(reject);
        reject(error);
      },
    );
  });
}
