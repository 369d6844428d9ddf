/**
 * The order of what is written: appends that come while a statement is under way form the next one. Everything else that writes has its
 * place among them.
 */

import { deferred, type Deferred } from "../../async/deferred.ts";
import { outcomeUnknown } from "../../store/journal/ownership.ts";
import type { Move, OwnedHead } from "./owned-head.ts";

/** Something to write. */
export interface Work<Part> {
  /** Its part of a statement that it shares with the works beside it; absent for a work that goes by itself. */
  readonly part?: Part;
  /** About how many bytes its statement takes. */
  readonly bytes: number;
  /** Where the journal is once it is written; absent where it stays. */
  readonly position?: number;
  /** Makes the statement of a work that goes by itself, when its turn has come; `undefined` where nothing is to be done. */
  readonly alone?: () => Move | undefined | Promise<Move | undefined>;
}

interface Queued<Part> {
  readonly work: Work<Part>;
  readonly written: Deferred<void>;
}

/** What one statement holds, at most: a larger one would keep the head for so long that its lease runs out. */
const maxBytes = 8_000_000;
const maxWorks = 2_000;

/** Owns the queue; what a work writes is its own business. */
export class WriteQueue<Part> {
  readonly #head: OwnedHead;
  readonly #join: (parts: readonly Part[]) => Move;
  readonly #onFailure: (error: unknown) => unknown;
  #queue: Queued<Part>[] = [];
  #running: Promise<void> | undefined;
  /** While it is true, nothing is written but the lease. */
  #isPaused = false;
  /** Resolves when all pauses that were asked for are over. */
  #pausesOver: Promise<void> = Promise.resolve();
  #isRenewalDue = false;

  /**
   * @param join makes one statement of the parts of several works.
   * @param onFailure called when a write was refused, before any promise rejects: all that is queued builds on it, and has failed with it.
   *   Returns the error that they reject with.
   */
  constructor(head: OwnedHead, join: (parts: readonly Part[]) => Move, onFailure: (error: unknown) => unknown) {
    this.#head = head;
    this.#join = join;
    this.#onFailure = onFailure;
    head.lost.addEventListener("abort", () => this.#rejectAll(head.lost.reason));
  }

  /**
   * Resolves when the work is written. Rejects if that fails, together with all work that was added since: with `outcome-unknown` where it
   * may be written all the same.
   */
  add(work: Work<Part>): Promise<void> {
    const written = deferred<void>();
    this.#queue.push({ work, written });
    if (this.#head.lost.aborted) this.#rejectAll(this.#head.lost.reason);
    else this.#wake();
    return written.promise;
  }

  /** Renews the lease, unless a write comes first: each write renews it. */
  renew(): void {
    this.#isRenewalDue = true;
    this.#wake();
  }

  /** Runs `task` while nothing is written but the lease. */
  pausedFor<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#pausesOver.then(async () => {
      this.#isPaused = true;
      try {
        while (this.#running !== undefined) await this.#running;
        return await task();
      } finally {
        this.#isPaused = false;
        this.#wake();
      }
    });
    this.#pausesOver = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** Resolves when nothing is being written or queued. */
  async idle(): Promise<void> {
    await this.#pausesOver;
    while (this.#running !== undefined) await this.#running;
  }

  #wake(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // so that all that one answer sets off is written together
    await new Promise<void>((resolve) => void setImmediate(resolve));
    while (!this.#head.lost.aborted) {
      if (this.#queue.length > 0 && !this.#isPaused) await this.#writeGroup();
      else if (this.#isRenewalDue) await this.#head.renew();
      else break;
      this.#isRenewalDue = false;
    }
    this.#running = undefined;
  }

  async #writeGroup(): Promise<void> {
    const group = this.#queue.splice(0, this.#groupSize());
    const move = await this.#moveOf(group);
    if (move === undefined) return;
    try {
      const fate = await this.#head.move(move);
      const { reason } = this.#head.lost;
      for (const { work, written } of group) {
        if (fate === "kept") written.resolve();
        else if (fate === "lost" || work.position === undefined) written.reject(reason);
        else written.reject(outcomeUnknown([work.position], reason));
      }
    } catch (cause) {
      this.#queue.unshift(...group);
      this.#rejectAll(this.#onFailure(cause));
    }
  }

  /** `undefined` where nothing is to be written, and the group is settled. */
  async #moveOf(group: readonly Queued<Part>[]): Promise<Move | undefined> {
    const [first] = group;
    if (first?.work.alone === undefined) return this.#join(group.map(({ work }) => work.part as Part));
    try {
      const move = await first.work.alone();
      if (move === undefined) first.written.resolve();
      return move;
    } catch (error) {
      first.written.reject(error); // it was not begun, so that nothing after it builds on it
      return undefined;
    }
  }

  #groupSize(): number {
    let bytes = 0;
    const size = this.#queue.findIndex(({ work }, i) => {
      bytes += work.bytes;
      return i > 0 && (work.alone !== undefined || i === maxWorks || bytes > maxBytes);
    });
    if (this.#queue[0]?.work.alone !== undefined) return 1;
    return size === -1 ? this.#queue.length : size;
  }

  #rejectAll(error: unknown): void {
    for (const { written } of this.#queue.splice(0)) written.reject(error);
  }
}
