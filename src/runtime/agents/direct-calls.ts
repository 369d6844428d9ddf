/** Calls of an agent outside of any run, with its policies around them: retry, its gate, and the timeout of each attempt. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { CallOrigin } from "../../agents/call-names.ts";
import type { CallParts } from "../../agents/streamed-call.ts";
import type { Address } from "../../actors/address.ts";
import type { AskScope } from "../../actors/ask-scope.ts";
import { Cancellation } from "../../async/cancellation.ts";
import { beginAttempt } from "../../workflows/participant/attempt-time.ts";
import type { Participant } from "../../workflows/participant/participant.ts";
import type { Work } from "../../workflows/participant/work-slots.ts";
import type { CallOutcome, CallReport, Permit } from "../../agents/policies/permit.ts";
import { outcomeOf } from "../../agents/policies/call-outcome.ts";
import { recordGate } from "../../agents/policies/recorded-gate.ts";
import { decideRetry } from "../../agents/policies/retry.ts";
import { type AskError, isAskError, toAskError } from "../../errors/ask-error.ts";
import { isTroupeError, type TroupeError } from "../../errors/troupe-error.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Recorder } from "../../traces/recorder.ts";
import type { ActorCell } from "../cell/actor-cell.ts";
import type { Handling } from "../cell/handling.ts";
import type { Lessee } from "./gate-lease.ts";
import type { GateClient } from "./gate-client.ts";

export interface DirectCallsOptions {
  readonly agent: AgentDefinition;
  readonly participant: Participant;
  readonly cell: ActorCell;
  readonly gates: GateClient;
  /** The actor's lease on the agent's gate, if it has one. */
  readonly lease: Lessee | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Absent where nothing is recorded. */
  readonly recorder?: Recorder | undefined;
}

export interface DirectCall {
  readonly input: unknown;
  /** The actor that asked; absent for code outside any actor. */
  readonly from: Address | undefined;
  /** The same for all attempts. */
  readonly idempotencyKey: string;
  /** What the call is made for. */
  readonly of: CallOrigin | undefined;
  /** Sends what an attempt emits to the caller, and with number 0 and without values that it begins. Default: that goes nowhere. */
  readonly emitted: ((parts: CallParts) => Promise<boolean>) | undefined;
  /** The caller's deadline and cancellation. After them no attempt begins, and an attempt in flight aborts. */
  readonly caller: Pick<Handling, "deadline" | "add" | "remove" | "trace"> & Pick<AskScope, "askers">;
}

/**
 * How a call ended:
 * - `output`: the agent gave one.
 * - `error`: the agent threw this.
 * - `refusal`: Troupe's own error, which answers the ask as it is.
 * - `withdrawn`: the call was called off, or could not be made, and the agent's code never began.
 */
export type CallResult =
  | { readonly type: "output"; readonly output: unknown }
  | { readonly type: "error"; readonly error: unknown }
  | { readonly type: "refusal" | "withdrawn"; readonly refusal: AskError };

/** How one attempt ended. */
type AttemptResult =
  | { readonly type: "output"; readonly output: unknown }
  /** The agent's code never began. */
  | { readonly type: "turned-away"; readonly error: unknown }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "timed-out"; readonly error: TroupeError };

export class DirectCalls {
  readonly #options: DirectCallsOptions;

  constructor(options: DirectCallsOptions) {
    this.#options = options;
  }

  /** Calls the agent, as often as its retry policy says. Rejects only with what the breaker's {@link BreakerOptions.counts} threw. */
  async call(call: DirectCall): Promise<CallResult> {
    const { caller } = call;
    const wanted = new Cancellation();
    caller.add(wanted);
    try {
      return await this.#tries(call, wanted);
    } finally {
      caller.remove(wanted);
    }
  }

  /** `wanted` aborts when the caller stops waiting, or the agent is being stopped: then no further attempt begins. */
  async #tries(call: DirectCall, wanted: Cancellation): Promise<CallResult> {
    const { agent, clock, random } = this.#options;
    const { deadline } = call.caller;
    let ran: unknown;
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(call, attempt, wanted);
      if (result.type === "output") return result;
      const { error } = result;
      const decision = decideRetry(agent.policies.retry, attempt, error, clock.now(), random.next());
      if (decision.type === "policy-failed") return { type: "error", error: decision.error };
      if (decision.type === "final" || decision.at >= deadline) return endOf(result, ran);
      if (!(await this.#sleepUntil(decision.at, wanted))) return endOf(result, ran);
      if (result.type !== "turned-away") ran = error;
    }
  }

  async #attempt(
    { input, from, idempotencyKey, of, emitted, caller }: DirectCall,
    attempt: number,
    wanted: Cancellation,
  ): Promise<AttemptResult> {
    const { agent, participant, cell, gates, lease } = this.#options;
    let permit: Permit;
    try {
      const admitted = recordGate({ recorder: this.#options.recorder, trace: caller.trace, agent: agent.name }, () =>
        gates.admit(cell, { agent, caller: from ?? "outside", input, of, lease, wanted }),
      );
      permit = admitted instanceof Promise ? await admitted : admitted;
    } catch (error) {
      return { type: "turned-away", error };
    }
    const time = new AttemptTime(this.#options, wanted);
    const running = participant.execute(input, {
      idempotencyKey,
      cancellation: time.cancellation,
      deadline: caller.deadline,
      run: of?.run,
      tenant: of?.tenant,
      askers: caller.askers,
      trace: caller.trace,
      emitted: emitted && ((parts) => emitted({ attempt, ...parts })),
      onBegin(work) {
        void emitted?.({ attempt, index: 0, values: [] });
        permit.begin();
        time.begin(work);
      },
    });
    try {
      const output = await (time.up === undefined ? running : Promise.race([running, time.up]));
      permit.settle("ok", time.report());
      return { type: "output", output };
    } catch (error) {
      if (time.isUp) {
        permit.settle("unknown", { ...time.report(error), isRunning: true });
        const release = (): void => permit.release();
        running.then(release, release);
        return { type: "timed-out", error: error as TroupeError };
      }
      if (!time.hasBegun) {
        time.report();
        permit.release();
        return { type: "turned-away", error };
      }
      let outcome: CallOutcome = "failed";
      try {
        outcome = outcomeOf(agent, error);
      } finally {
        permit.settle(outcome, time.report(error));
      }
      return { type: "failed", error };
    }
  }

  /** Resolves to true at that time, or to false as soon as the call is no longer wanted. */
  #sleepUntil(at: number, wanted: Cancellation): Promise<boolean> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      if (wanted.reason !== undefined) return resolve(false);
      const sleeper = {
        abort: (): void => {
          timer.cancel();
          resolve(false);
        },
      };
      const timer = clock.setTimer(Math.max(0, at - clock.now()), () => {
        wanted.remove(sleeper);
        resolve(true);
      });
      wanted.add(sleeper);
    });
  }
}

/** The time of one attempt, from when the agent's code begins. */
class AttemptTime {
  /** Rejects when the time is up; absent where the agent's policies give it without end. */
  readonly up: Promise<never> | undefined;
  isUp = false;
  /** Aborts when the time is up, or the caller stops waiting. */
  readonly cancellation = new Cancellation();
  readonly #options: DirectCallsOptions;
  readonly #wanted: Cancellation;
  #reject: (error: TroupeError) => void = () => undefined;
  #work: Work | undefined;
  #timer: Timer | undefined;

  constructor(options: DirectCallsOptions, wanted: Cancellation) {
    this.#options = options;
    this.#wanted = wanted;
    wanted.add(this.cancellation);
    const { timeout, idleTimeout } = options.agent.policies;
    if (Math.min(timeout, idleTimeout) < Number.POSITIVE_INFINITY)
      this.up = new Promise((_, reject) => (this.#reject = reject));
  }

  get hasBegun(): boolean {
    return this.#work !== undefined;
  }

  begin(work: Work): void {
    const { agent, clock } = this.#options;
    this.#work = work;
    this.#timer = beginAttempt(agent, work, clock, (error) => {
      this.isUp = true;
      work.emission?.end(); // before the next attempt begins
      this.#reject(error);
    });
  }

  /** Ends the time, and returns what the attempt used. */
  report(error?: unknown): CallReport {
    this.#timer?.cancel();
    this.#wanted.remove(this.cancellation);
    const now = this.#options.clock.now();
    const { tokens = 0, began = now } = this.#work ?? {};
    return { tokens, took: now - began, error };
  }
}

/** `ran` is what the last attempt that reached the agent's code failed with, if there was one. */
function endOf(result: Exclude<AttemptResult, { type: "output" }>, ran: unknown): CallResult {
  switch (result.type) {
    case "failed":
      return { type: "error", error: result.error };
    case "timed-out":
      return { type: "refusal", refusal: toAskError(result.error, "timed-out") };
    case "turned-away":
      return turnedAway(result.error, ran);
  }
}

function turnedAway(error: unknown, ran: unknown): CallResult {
  if (!isTroupeError(error)) return { type: "error", error };
  if (ran !== undefined) return { type: "refusal", refusal: triedBefore(error, ran) };
  if (isAskError(error) && error.outcome === "rejected") return { type: "refusal", refusal: error };
  return { type: "withdrawn", refusal: toAskError(error, "rejected") };
}

/** The attempt that was turned away had no effect. An earlier attempt of the call may have had one, so the call has failed. */
function triedBefore(error: TroupeError, ran: unknown): AskError {
  const message = `an attempt failed, and the next one was turned away: ${error.message}`;
  return toAskError(error, "failed", { message, cause: ran });
}
