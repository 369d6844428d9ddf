/** The gate of one agent at work: runs its machine, sets its alarm, and has its breaker's changes recorded. */

import {
  type GateEffect,
  type GateEvent,
  type GatePolicies,
  type GateState,
  newGate,
  stepGate,
  type Ticket,
} from "../../agents/policies/gate.ts";
import { type GateView, gateView } from "../../agents/policies/gate-view.ts";
import type { Call } from "../../agents/policies/waiting-calls.ts";
import type { BreakerState, Successes } from "../../agents/policies/breaker.ts";
import type { CallOutcome, CallReport, Permit } from "../../agents/policies/permit.ts";
import { failureText } from "../../agents/policies/call-outcome.ts";
import { delayOf } from "../../errors/delay-of.ts";
import { AskError } from "../../errors/ask-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { Alarm } from "../../async/alarm.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";

export interface AgentGateOptions {
  readonly policies: GatePolicies;
  /** The breaker's last recorded state; `undefined` if there is none. */
  readonly breaker: BreakerState | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly onBreakerChanged: (breaker: BreakerState) => void;
  /** The calls that went ahead without asking and succeeded, since this was asked last. Default: none. */
  readonly uncounted?: () => readonly Successes[];
}

/** A call that waits for its permit. */
interface Waiter {
  resolve(permit: Permit): void;
  reject(error: unknown): void;
}

export class AgentGate {
  readonly #policies: GatePolicies;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onBreakerChanged: (breaker: BreakerState) => void;
  readonly #uncounted: (() => readonly Successes[]) | undefined;
  readonly #waiters = new Map<number, Waiter>();
  readonly #alarm: Alarm;
  #state: GateState;
  #lastId = 0;

  constructor({ policies, breaker, clock, random, onBreakerChanged, uncounted }: AgentGateOptions) {
    this.#policies = policies;
    this.#clock = clock;
    this.#random = () => random.next();
    this.#onBreakerChanged = onBreakerChanged;
    this.#uncounted = uncounted;
    this.#state = newGate(policies, breaker);
    this.#alarm = new Alarm(clock, () => this.#dispatch({ type: "tick" }));
  }

  /**
   * Lets a call ahead, at once where it can.
   *
   * @throws AskError `rejected`, also as a rejection: `breaker-open`, `rate-limited`, `bulkhead-full`; `cancelled` when
   * the signal aborts while it waits; `system-closed`.
   */
  admit({ caller, tenant, tokens }: Omit<Call, "id">, signal?: AbortSignal, began?: number): MaybePromise<Permit> {
    if (signal?.aborted === true) throw this.#givenUp(signal.reason);
    const call: Call = { id: ++this.#lastId, caller, tenant, tokens };
    let outcome: GateEffect | undefined;
    for (const effect of this.#step({ type: "request", call })) {
      if (effect.type === "admit" && effect.ticket.id === call.id) outcome = effect;
      else if (effect.type === "reject" && effect.id === call.id) outcome = effect;
      else this.#do(effect);
    }
    if (outcome?.type === "reject") throw outcome.error;
    if (outcome?.type === "admit")
      return this.#permit(began === undefined ? outcome.ticket : { ...outcome.ticket, began });
    return this.#wait(call, signal);
  }

  /** The generation of the breaker while it is closed; `undefined` while it isn't. */
  get closedSince(): number | undefined {
    const { breaker } = this.#state;
    return breaker.status === "closed" ? breaker.generation : undefined;
  }

  /** How it stands now. */
  get standing(): { readonly breaker: BreakerState["status"]; readonly inFlight: number; readonly waiting: number } {
    const { breaker, inFlight, waiting } = this.#state;
    return { breaker: breaker.status, inFlight, waiting: waiting.length };
  }

  /** The same with its limits, for a reader. */
  get view(): GateView {
    return gateView(this.#policies, this.#state, this.#clock.now());
  }

  /** A call that went ahead without asking, and began when it is said, if it is, has ended. If that was in an earlier generation of the breaker, it says nothing about this one. */
  settleLent(generation: number, caller: string, outcome: CallOutcome, report: CallReport, began?: number): void {
    if (this.closedSince !== generation) return;
    const permit = this.admit({ caller, tenant: undefined, tokens: 0 }, undefined, began);
    if (permit instanceof Promise) return; // a closed breaker lets every call ahead
    permit.begin();
    permit.settle(outcome, report);
  }

  /** Turns away all that wait, for good. */
  close(error: unknown): void {
    this.#alarm.set(Number.POSITIVE_INFINITY);
    for (const [id, { reject }] of this.#waiters) {
      this.#waiters.delete(id);
      reject(error);
    }
  }

  #wait({ id }: Call, signal: AbortSignal | undefined): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (!this.#waiters.delete(id)) return;
        reject(this.#givenUp(signal?.reason));
        this.#dispatch({ type: "abandoned", id });
      };
      const settled = (): void => signal?.removeEventListener("abort", giveUp);
      this.#waiters.set(id, {
        resolve(permit) {
          settled();
          resolve(permit);
        },
        reject(error) {
          settled();
          reject(error);
        },
      });
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  #permit(ticket: Ticket): Permit {
    // a settled call still runs when its code does
    let stage: "let-ahead" | "begun" | "settled" | "over" = "let-ahead";
    const begin = (): void => {
      if (stage !== "let-ahead") return;
      stage = "begun";
      this.#dispatch({ type: "begun", ticket });
    };
    return {
      ...(this.#state.breaker.status === "half-open" ? { breaker: "half-open" as const } : {}),
      begin,
      settle: (outcome: CallOutcome, report: CallReport = {}): void => {
        if (stage === "settled" || stage === "over") return;
        if (outcome === "unknown" || outcome === "lost") begin(); // it may have begun, where its thread could not say so
        const { tokens = 0, took = this.#clock.now() - ticket.began, isRunning = false } = report;
        const { retryAfter = delayOf(report.error) ?? 0 } = report;
        const how = { outcome, took, tokens, error: failureText(report.error), retryAfter, isRunning };
        if (outcome !== "ok" || (this.#policies.breaker !== false && took > this.#policies.breaker.slowAfter))
          this.#countSuccesses();
        const hasBegun = stage === "begun";
        stage = isRunning ? "settled" : "over";
        this.#dispatch({ type: "settled", ticket, hasBegun, ...how });
      },
      release: (): void => {
        const before = stage;
        stage = "over";
        if (before === "settled") this.#dispatch({ type: "ended", ticket });
        else if (before !== "over") this.#dispatch({ type: "released", ticket, hasBegun: before === "begun" });
      },
    };
  }

  /** Before a failure counts, what succeeded without asking has to. */
  #countSuccesses(): void {
    const slices = this.#uncounted?.() ?? [];
    const generation = this.closedSince;
    if (slices.length > 0 && generation !== undefined) this.#dispatch({ type: "succeeded", generation, slices });
  }

  #dispatch(event: GateEvent): void {
    for (const effect of this.#step(event)) this.#do(effect);
  }

  #step(event: GateEvent): readonly GateEffect[] {
    const [state, effects] = stepGate(this.#policies, this.#state, event, this.#clock.now(), this.#random);
    this.#state = state;
    return effects;
  }

  #do(effect: GateEffect): void {
    switch (effect.type) {
      case "admit":
        return this.#take(effect.ticket.id)?.resolve(this.#permit(effect.ticket));
      case "reject":
        return this.#take(effect.id)?.reject(effect.error);
      case "wake":
        return this.#alarm.set(effect.at);
      case "breaker-changed":
        return this.#onBreakerChanged(effect.breaker);
    }
  }

  #take(id: number): Waiter | undefined {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    return waiter;
  }

  #givenUp(reason: unknown): AskError {
    const { agent } = this.#policies;
    return new AskError(
      "cancelled",
      "cancelled",
      `the caller gave up before the gate of the agent ${agent} let the call ahead`,
      {
        cause: reason,
        details: { agent },
      },
    );
  }
}
