/** The queue of runs beside a model of it: two lists that say who is in flight and who waits. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { isTroupeError } from "../../../src/index.ts";
import { RunQueue } from "../../../src/runtime/queues/run-queue.ts";

type Step =
  | { readonly type: "start"; readonly run: number; readonly policy: "wait" | "reject"; readonly endsAtOnce: boolean }
  | { readonly type: "end"; readonly nth: number }
  | { readonly type: "cancel"; readonly run: number }
  | { readonly type: "turn away" };

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("start" as const),
      run: fc.nat(8), // few, so that an id that was taken back comes again
      policy: fc.constantFrom("wait" as const, "wait" as const, "reject" as const),
      endsAtOnce: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("end" as const), nth: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("cancel" as const), run: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("turn away" as const) }) },
);

/** The queue with who uses it as the system does, and beside it two lists that say what should be. */
export class ModelledQueue {
  readonly queue: RunQueue;
  readonly #options: { readonly maxRuns: number; readonly maxWaitingRuns: number };
  readonly begun: string[] = [];
  readonly #expected: string[] = [];
  #inFlight: string[] = [];
  #waiting: { readonly run: string; readonly attempt: string; readonly endsAtOnce: boolean }[] = [];
  #attempts = 0;

  constructor(options: { readonly maxRuns: number; readonly maxWaitingRuns: number }) {
    this.#options = options;
    this.queue = new RunQueue(options);
  }

  take(next: Step): void {
    switch (next.type) {
      case "start":
        return this.#start(`run-${next.run}`, next.policy, next.endsAtOnce);
      case "end": {
        const run = this.#inFlight[next.nth % Math.max(1, this.#inFlight.length)];
        if (run === undefined) return;
        this.#modelEnd(run);
        return this.queue.leave(run);
      }
      case "cancel": {
        const run = `run-${next.run}`;
        strictEqual(
          this.queue.withdraw(run),
          this.#waiting.some((waiting) => waiting.run === run),
        );
        this.#waiting = this.#waiting.filter((waiting) => waiting.run !== run);
        return undefined;
      }
      case "turn away":
        deepStrictEqual(
          this.queue.withdrawAll(),
          this.#waiting.map(({ run }) => run),
        );
        this.#waiting = [];
        return undefined;
    }
  }

  check(): void {
    deepStrictEqual(this.begun, this.#expected);
    deepStrictEqual(this.queue.counts, { inFlight: this.#inFlight.length, waiting: this.#waiting.length });
    ok(this.#inFlight.length <= this.#options.maxRuns);
    ok(this.#waiting.length <= this.#options.maxWaitingRuns);
    if (this.#waiting.length > 0) strictEqual(this.#inFlight.length, this.#options.maxRuns);
  }

  endAll(): void {
    while (this.#inFlight.length > 0) this.take({ type: "end", nth: 0 });
    this.check();
  }

  #start(run: string, policy: "wait" | "reject", endsAtOnce: boolean): void {
    if (this.#inFlight.includes(run) || this.#waiting.some((waiting) => waiting.run === run)) return; // `run-exists`
    const attempt = `${run}, attempt ${++this.#attempts}`;
    const hasRoom = this.#inFlight.length < this.#options.maxRuns;
    strictEqual(this.queue.hasRoom, hasRoom);
    if (hasRoom) {
      this.queue.enter(run);
      this.#inFlight.push(run);
      return;
    }
    const isRefused = policy === "reject" || this.#waiting.length >= this.#options.maxWaitingRuns;
    let refusal: unknown;
    try {
      this.queue.checkMayWait(run, policy);
      this.queue.wait(run, () => {
        this.begun.push(attempt);
        if (endsAtOnce) this.queue.leave(run);
      });
    } catch (error) {
      refusal = error;
    }
    strictEqual(isTroupeError(refusal, "overloaded"), isRefused);
    if (!isRefused) this.#waiting.push({ run, attempt, endsAtOnce });
  }

  #modelEnd(run: string): void {
    this.#inFlight = this.#inFlight.filter((other) => other !== run);
    while (this.#inFlight.length < this.#options.maxRuns) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#expected.push(next.attempt);
      if (!next.endsAtOnce) this.#inFlight.push(next.run);
    }
  }
}
