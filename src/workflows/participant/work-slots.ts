/**
 * The work of a participant (steps, compensations and direct calls), and the slots that bound how much is done at a
 * time.
 */

import type { Clock, Timer } from "../../ports/clock.ts";
import type { Deferred } from "../../async/deferred.ts";
import type { AskScope } from "../../actors/ask-scope.ts";
import type { TokenUsage } from "../../agents/model-call.ts";
import type { OpenSpan } from "../../traces/recorder.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { Cancellation } from "../../async/cancellation.ts";
import type { Emission } from "./emission.ts";

/** One piece of work. */
export interface Work extends AskScope {
  /** `undefined` for a direct call. */
  readonly run: string | undefined;
  readonly step: string | undefined;
  /** The run that it is done for: its own, or the one that a direct call was made for. */
  readonly forRun: string | undefined;
  /** The tenant that it is done for, as far as it is known: that of its run, or the one of a direct call. */
  tenant: string | undefined;
  readonly idempotencyKey: string;
  /** 1 for the first attempt at the step, or at its compensation; a direct call is always the first. */
  readonly attempt: number;
  /** The attempt's deadline, in milliseconds since the epoch; Infinity for none. */
  deadline: number;
  /** When the agent's code began, in milliseconds since the epoch; `undefined` while it waits for its turn. */
  began: number | undefined;
  /** The tokens that the agent's code has reported so far. */
  tokens: number;
  /** What its code said that it used of models; `undefined` for nothing. */
  usage: TokenUsage | undefined;
  /** Its place in a trace: where it was ordered, and once its code runs, where that is recorded; `undefined` for none. */
  trace: TraceContext | undefined;
  /** Where the run of its code is recorded; `undefined` before, and where nothing is. */
  span: OpenSpan | undefined;
  /** What its code emits; `undefined` for a compensation, and for an agent that emits nothing. */
  emission: Emission | undefined;
  /** True for a compensation: cancelling the run doesn't abort it. */
  readonly isCompensation: boolean;
  /** Aborted when the run is cancelled, the caller stops waiting or the participant stops. */
  readonly cancellation: Cancellation;
  /** True once it has ended. */
  isOver: boolean;
  /** True once its code was left behind. */
  isLeftBehind: boolean;
  /** Why it commits nothing more: its code was left behind, or the attempt has failed. */
  refusal: Error | undefined;
  /** Resolved when it is over, where something waits for that. */
  over: Deferred<void> | undefined;
}

/** Milliseconds that an agent's code gets to end once its signal has aborted. */
const endWithin = 5_000;

export interface WorkSlotsOptions {
  readonly concurrency: number;
  readonly clock: Clock;
  /** Called when the code of a piece of work didn't end and is left behind. */
  readonly onLeftBehind: (work: Work) => void;
}

/**
 * Runs as many pieces of work at a time as the agent's concurrency allows, first come, first served. Code that still
 * runs 5 s after its signal aborted is left behind and loses its slot, so that a call that hangs can't stop its agent
 * for good.
 */
export class WorkSlots {
  #free: number;
  readonly #clock: Clock;
  readonly #onLeftBehind: (work: Work) => void;
  readonly #waiting = new Set<() => void>();
  readonly #timers = new Set<Timer>();
  #isClosed = false;

  constructor({ concurrency, clock, onLeftBehind }: WorkSlotsOptions) {
    this.#free = concurrency;
    this.#clock = clock;
    this.#onLeftBehind = onLeftBehind;
  }

  /**
   * Runs the code of a piece of work when there is a slot for it.
   *
   * @throws the cancellation's reason (as a rejection) if it aborts before the code began, which then doesn't run, or
   * when the code is left behind; otherwise what the code throws.
   */
  async run<T>(work: Work, code: () => Promise<T>): Promise<T> {
    const { cancellation } = work;
    cancellation.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(cancellation);
    try {
      return await this.#untilLeftBehind(work, code);
    } finally {
      const [next] = this.#waiting;
      // the slot passes to the next waiting work directly, so that no later work takes it first
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** The participant stops: no code is left behind any more, and all timers end. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #untilLeftBehind<T>(work: Work, code: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const forget = (): void => {
        if (timer === undefined) return;
        timer.cancel();
        this.#timers.delete(timer);
      };
      const patience = {
        abort: (reason: unknown): void => {
          if (this.#isClosed) return;
          timer = this.#clock.setTimer(endWithin, () => {
            forget();
            work.isLeftBehind = true;
            this.#onLeftBehind(work);
            reject(reason);
          });
          this.#timers.add(timer);
        },
      };
      work.cancellation.add(patience);
      const ended = (): void => {
        work.cancellation.remove(patience);
        forget();
      };
      code().finally(ended).then(resolve, reject);
    });
  }

  #turn(cancellation: Cancellation): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        this.#waiting.delete(begin);
        cancellation.remove(leaving);
        resolve();
      };
      const leaving = {
        abort: (error: unknown): void => {
          this.#waiting.delete(begin);
          reject(error);
        },
      };
      this.#waiting.add(begin);
      cancellation.add(leaving);
    });
  }
}
