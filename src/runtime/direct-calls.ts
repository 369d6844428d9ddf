/** Calls of an agent outside of any run, with its policies around them: retry, its gate, and the timeout of each attempt. */

import type { AgentDefinition } from "../actors/agent-definition.ts";
import type { Address } from "../actors/address.ts";
import type { Participant } from "../actors/participant.ts";
import type { Work } from "../actors/participant-work.ts";
import { type CallOutcome, type CallReport, outcomeOf, type Permit } from "../actors/policies/permit.ts";
import { nextAttempt } from "../actors/policies/retry.ts";
import { AskError, isAskError } from "../errors/ask-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { ActorCell } from "./actor-cell.ts";
import type { GateClient } from "./gate-client.ts";

export interface DirectCallsOptions {
  readonly agent: AgentDefinition;
  readonly participant: Participant;
  readonly cell: ActorCell;
  readonly gates: GateClient;
  readonly clock: Clock;
  readonly random: Random;
}

export interface DirectCall {
  readonly input: unknown;
  /** Who asked; absent for code outside any actor. */
  readonly from: Address | undefined;
  /** The same for all attempts. */
  readonly idempotencyKey: string;
  /** No attempt begins after it, in the clock's milliseconds. */
  readonly deadline: number;
}

/** What a call came to. `error` is what the agent threw; `refusal` is ours, to be answered as it is. */
export type CallResult =
  | { readonly type: "output"; readonly output: unknown }
  | { readonly type: "error"; readonly error: unknown }
  | { readonly type: "refusal"; readonly refusal: AskError };

/** What one attempt came to. */
type AttemptResult =
  | { readonly type: "output"; readonly output: unknown }
  /** The agent's code never began. */
  | { readonly type: "turned-away"; readonly error: unknown }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "timed-out"; readonly error: AskError };

export class DirectCalls {
  readonly #options: DirectCallsOptions;
  /** One of each call that isn't over: the cell's own signal warns of a leak at eleven listeners. */
  readonly #open = new Set<AbortController>();

  constructor(options: DirectCallsOptions) {
    this.#options = options;
    const { signal } = options.cell;
    signal.addEventListener("abort", () => {
      for (const call of this.#open) call.abort(signal.reason);
    });
  }

  /** Calls the agent, as often as its retry policy says. Rejects only with what a function of the policies threw. */
  async call(call: DirectCall): Promise<CallResult> {
    const open = new AbortController();
    this.#open.add(open);
    try {
      return await this.#tries(call, open.signal);
    } finally {
      this.#open.delete(open);
    }
  }

  /** `signal` aborts when the agent is being stopped: no further attempt begins. */
  async #tries(call: DirectCall, signal: AbortSignal): Promise<CallResult> {
    const { agent, clock, random } = this.#options;
    let ran: unknown;
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(call, signal);
      if (result.type === "output") return result;
      const { error } = result;
      const at = nextAttempt(agent.policies.retry, attempt, error, clock.now(), random.next());
      if (at === undefined || at >= call.deadline || !(await this.#sleepUntil(at, signal))) return endOf(result, ran);
      if (result.type !== "turned-away") ran = error;
    }
  }

  async #attempt({ input, from, idempotencyKey }: DirectCall, signal: AbortSignal): Promise<AttemptResult> {
    const { agent, participant, cell, gates } = this.#options;
    let permit: Permit;
    try {
      permit = await gates.admit(cell, { agent, caller: from ?? "outside", input, signal });
    } catch (error) {
      return { type: "turned-away", error };
    }
    const time = new AttemptTime(this.#options);
    const running = participant.execute(input, {
      idempotencyKey,
      signal: time.signal,
      onBegin: (work) => time.begin(work),
    });
    try {
      const output = await Promise.race([running, time.up]);
      permit.settle("ok", time.report());
      return { type: "output", output };
    } catch (error) {
      if (time.isUp) {
        permit.settle("unknown", { ...time.report(error), isRunning: true });
        const release = (): void => permit.release();
        running.then(release, release);
        return { type: "timed-out", error: error as AskError };
      }
      if (!time.hasBegun) {
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

  /** Resolves to false when the signal aborts first. */
  #sleepUntil(at: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const stopped = (): void => {
        timer.cancel();
        resolve(false);
      };
      const timer = clock.setTimer(Math.max(0, at - clock.now()), () => {
        signal.removeEventListener("abort", stopped);
        resolve(true);
      });
      signal.addEventListener("abort", stopped, { once: true });
    });
  }
}

/** The time of one attempt, from when the agent's code begins. */
class AttemptTime {
  /** Rejects when it is up. */
  readonly up: Promise<never>;
  isUp = false;
  readonly #options: DirectCallsOptions;
  readonly #abort = new AbortController();
  #reject: (error: AskError) => void = () => undefined;
  #work: Work | undefined;
  #began = 0;
  #cancel: () => void = () => undefined;

  constructor(options: DirectCallsOptions) {
    this.#options = options;
    this.up = new Promise((_, reject) => (this.#reject = reject));
  }

  /** Aborts when the time is up. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get hasBegun(): boolean {
    return this.#work !== undefined;
  }

  begin(work: Work): void {
    const { agent, clock } = this.#options;
    const { timeout } = agent.policies;
    this.#work = work;
    this.#began = clock.now();
    if (timeout === Number.POSITIVE_INFINITY) return;
    const timer = clock.setTimer(timeout, () => {
      const message = `the agent ${agent.name} did not finish within ${timeout} ms; nobody knows how far it came`;
      const error = new AskError("timed-out", "timed-out", message, { details: { agent: agent.name, timeout } });
      this.isUp = true;
      this.#abort.abort(error);
      this.#reject(error);
    });
    this.#cancel = () => timer.cancel();
  }

  /** Ends it. */
  report(error?: unknown): CallReport {
    this.#cancel();
    return { tokens: this.#work?.tokens ?? 0, took: this.#options.clock.now() - this.#began, error };
  }
}

/** `ran` is what the last attempt that reached the agent's code failed with, if there was one. */
function endOf(result: Exclude<AttemptResult, { type: "output" }>, ran: unknown): CallResult {
  switch (result.type) {
    case "failed":
      return { type: "error", error: result.error };
    case "timed-out":
      return { type: "refusal", refusal: result.error };
    case "turned-away":
      return isAskError(result.error)
        ? { type: "refusal", refusal: ran === undefined ? result.error : triedBefore(result.error, ran) }
        : { type: "error", error: result.error };
  }
}

/** What is true of the attempt that was turned away, that it had no effect, isn't true of the call. */
function triedBefore({ code, message, details }: AskError, ran: unknown): AskError {
  return new AskError("failed", code, `an attempt failed, and the next one was turned away: ${message}`, {
    cause: ran,
    details,
  });
}
