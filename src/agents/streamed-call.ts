/** The caller's end of a call whose parts it wants: keeps what came until the loop gets to it (invariants 7 and 16). */

import type { CallItem, CallStream } from "../actors/call-stream.ts";
import { type Deferred, deferred } from "../async/deferred.ts";
import { TroupeError } from "../errors/troupe-error.ts";

/** Parts that an attempt at a call has emitted, with consecutive numbers. */
export interface CallParts {
  readonly attempt: number;
  /** The number of the first of them, from 0; with no values, how many were emitted so far. A number that is left out is a part that was. */
  readonly index: number;
  readonly values: readonly unknown[];
}

export interface StreamedCallPorts {
  /** The loop was left before the end. */
  left(): void;
  decode(value: unknown): unknown;
}

/** Parts that the loop has not come to. */
interface KeptParts extends CallParts {
  /** Tells their sender that the loop is past them; absent once that was told. */
  readonly passed?: () => void;
}

/**
 * Guarantees: the loop gets what was taken, in order, and is told how much is missing. What is kept for it is no more than what came of one
 * attempt: once the next one begins, only how many parts there were.
 */
export class StreamedCall<Part, Out> implements CallStream<Part, Out> {
  readonly #ports: StreamedCallPorts;
  readonly #result: Deferred<Out> = deferred();
  #kept: KeptParts[] = [];
  #isOver = false;
  #isRead = false;
  #isResultTaken = false;
  #news: Deferred<void> | undefined;

  constructor(ports: StreamedCallPorts) {
    this.#ports = ports;
    this.#result.promise.catch(() => undefined); // the loop has it too, and its caller may want neither
  }

  get result(): Promise<Out> {
    this.#isResultTaken = true;
    if (!this.#isRead) this.#leaveOut();
    return this.#result.promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CallItem<Part>, void, undefined> {
    if (this.#isRead)
      throw new TroupeError("invalid-options", "stream: the parts of a call are read by one loop, and there is one");
    this.#isRead = true;
    let hasEnded = false;
    try {
      yield* this.#items();
      hasEnded = true;
    } finally {
      if (!hasEnded) this.#leave();
    }
    await this.#result.promise;
  }

  /** Takes in what an attempt has emitted, and with number 0 and without values that it begins. Calls `passed` once the loop is past it. */
  take(parts: CallParts, passed: () => void): void {
    const last = this.#kept.at(-1);
    if (last !== undefined && last.attempt < parts.attempt) this.#leaveOut();
    this.#kept.push({ ...parts, passed });
    if (this.#isResultTaken && !this.#isRead) this.#leaveOut();
    this.#tell();
  }

  /** The agent has given its output. */
  finish(output: Out): void {
    this.#isOver = true;
    this.#result.resolve(output);
    this.#tell();
  }

  /** The call has failed. */
  fail(error: unknown): void {
    this.#isOver = true;
    this.#result.reject(error);
    this.#tell();
  }

  async *#items(): AsyncGenerator<CallItem<Part>, void, undefined> {
    let attempt = 0;
    let next = 0;
    for (;;) {
      const parts = this.#kept.shift();
      if (parts === undefined) {
        if (this.#isOver) return;
        await (this.#news = deferred()).promise;
        continue;
      }
      if (parts.attempt !== attempt) {
        attempt = parts.attempt;
        next = 0;
        yield { kind: "attempt", attempt };
      }
      if (parts.index > next) yield { kind: "gap", attempt, lost: parts.index - next };
      next = parts.index;
      for (const value of parts.values)
        yield { kind: "part", attempt, index: next++, value: this.#ports.decode(value) as Part };
      parts.passed?.();
    }
  }

  /** Keeps nothing but how far each attempt has come. */
  #leaveOut(): void {
    const before = this.#kept;
    const ends = new Map(before.map(({ attempt, index, values }) => [attempt, index + values.length]));
    this.#kept = [...ends].map(([attempt, index]) => ({ attempt, index, values: [] }));
    for (const { passed } of before) passed?.();
  }

  #leave(): void {
    this.#kept = [];
    if (!this.#isOver) this.#ports.left();
  }

  #tell(): void {
    this.#news?.resolve();
    this.#news = undefined;
  }
}
