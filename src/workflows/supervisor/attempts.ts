/**
 * The attempts at steps that the run's history has as started: lets each go ahead when its agent's policies allow, and
 * tells the agent's gate how it ended.
 */

import { decodeError, type EncodedError, encodeError } from "../../errors/error-codec.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { Mutable } from "../../values/mutable.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { CallOutcome, Permit } from "../../agents/policies/permit.ts";
import { outcomeOf } from "../../agents/policies/call-outcome.ts";
import { recordGate } from "../../agents/policies/recorded-gate.ts";
import { agentKey, agentStepOf } from "../coordination/workflow-plan.ts";
import type { Grant, Spent } from "../coordination/coordination-protocol.ts";
import { LingeringAttempts } from "./lingering-attempts.ts";
import { noteRefusal } from "./note-refusal.ts";
import type { OpenRun } from "./open-run.ts";
import type { Claim, Proposal, RunEvent } from "../history/run-event.ts";
import { attemptOf, stepOf } from "../history/run-progress.ts";
import { notBegun } from "./supervisor-errors.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

export interface AttemptsPorts extends Pick<
  SupervisorPorts,
  "admit" | "codec" | "listeners" | "endOfTurn" | "tracing"
> {
  /** Proposes the failure of an attempt that will not go ahead. */
  propose(run: OpenRun, event: Proposal): void;
}

type Started = Pick<Claim, "type" | "step" | "attempt">;

/**
 * Owns the permits of attempts; decides nothing about a run. Guarantees: each permit that a gate gave is settled or
 * released, however its attempt, its run or its participant ends.
 */
export class Attempts {
  readonly #ports: AttemptsPorts;
  readonly #lingering = new LingeringAttempts();

  constructor(ports: AttemptsPorts) {
    this.#ports = ports;
  }

  /**
   * Waits until the agent's policies let an attempt that the history has accepted go ahead. Returns the grant for its
   * participant; `false` when the policies reject it, or it was given up meanwhile. Never throws.
   */
  goAhead(run: OpenRun, claim: Started): MaybePromise<Grant | false> {
    const agent = agentStepOf(run.plan, run.state, claim.step)?.agent;
    if (agent === undefined) return false;
    const { listeners, endOfTurn } = this.#ports;
    if (agent.emits === undefined || claim.type === "compensation-started" || listeners.isHeard(run.id))
      return this.#traced(run, agent, claim);
    // the code that has just started the run may listen to it yet
    return endOfTurn().then(() => this.#traced(run, agent, claim));
  }

  #traced(run: OpenRun, agent: AgentDefinition, claim: Started): MaybePromise<Grant | false> {
    const { tracing } = this.#ports;
    if (tracing === undefined) return this.#goAhead(run, agent, claim);
    return chain(run.startedAt ?? tracing.startOf(run.id), (startedAt) => {
      run.startedAt = startedAt;
      return this.#goAhead(run, agent, claim, run.traceOf(claim, tracing));
    });
  }

  #goAhead(run: OpenRun, agent: AgentDefinition, claim: Started, trace?: Grant["trace"]): MaybePromise<Grant | false> {
    const { type, step: name, attempt } = claim;
    const begin = (permit: Permit | undefined): Grant | false => {
      if (run.isClosed || !run.isInFlight(claim)) {
        permit?.release(); // it was given up while it was held
        return false;
      }
      run.begin(name, permit);
      const grant: Mutable<Grant> = {};
      const { deadline, state } = run;
      if (deadline !== undefined && type !== "compensation-started") grant.deadline = deadline;
      if (state.tenant !== undefined) grant.tenant = state.tenant;
      if (agent.emits !== undefined && this.#ports.listeners.isHeard(run.id)) grant.isHeard = true;
      if (trace !== undefined) grant.trace = trace;
      return grant;
    };
    const refused = (error: unknown): false => {
      this.#ports.propose(run, failure(name, attempt, error));
      return false;
    };
    if (type === "compensation-started") return begin(undefined); // compensations don't wait for policies
    try {
      const { codec, admit } = this.#ports;
      const input = codec.decode(stepOf(run.state, name)?.input);
      const signal = mayWait(agent) ? run.hold(name) : undefined;
      const { tenant } = run.state;
      const ask = (): MaybePromise<Permit> => admit(agent, run.plan.workflow.name, { input, signal, tenant });
      const recorder = this.#ports.tracing?.recorder;
      const admitted =
        typeof trace === "string"
          ? recordGate({ recorder, trace: { traceparent: trace }, agent: agent.name }, ask)
          : ask();
      return admitted instanceof Promise ? admitted.then(begin, refused) : begin(admitted);
    } catch (error) {
      return refused(error);
    }
  }

  /**
   * If a recorded event ended an attempt, tells the gate that let it through how it ended, and the run's listeners how many parts it has
   * emitted: one that came late has missed some.
   */
  settle(run: OpenRun, event: RunEvent, spent?: Spent): void {
    const permit = run.end(event);
    const step = "step" in event ? event.step : undefined;
    const agent = step === undefined ? undefined : agentStepOf(run.plan, run.state, step)?.agent;
    if (permit === undefined || step === undefined || agent === undefined) return;
    const attempt = attemptOf("attempt" in event ? event : {});
    if (spent?.emitted !== undefined)
      this.#ports.listeners.take({ run: run.id, step, attempt, index: spent.emitted, values: [] });
    const thrown = causeOfEnd(event);
    if (thrown === undefined) {
      permit.settle("ok", spent);
      return;
    }
    const error = decodeError(thrown);
    const isRunning = spent?.isRunning === true;
    if (isRunning) this.#lingering.add(run.id, event, agentKey(agent), permit);
    permit.settle(callOutcomeOf(agent, error), { ...spent, error, isRunning });
  }

  /**
   * Takes a proposal that the history refused, for a run that has not ended or is gone. For an attempt that had timed out, its outcome means
   * that the agent's code has ended.
   */
  refused(id: string, proposal: Proposal, run?: OpenRun): false {
    this.#lingering.end(id, proposal);
    const { tracing } = this.#ports;
    if (run !== undefined && tracing !== undefined) noteRefusal(run, proposal, tracing);
    return false;
  }

  /** Gives up the attempts that wait for their agents' policies, as a run that goes backward begins nothing more. */
  abandonHeld(run: OpenRun): void {
    for (const step of run.takeHeld())
      this.#ports.propose(run, failure(step, stepOf(run.state, step)?.attempt, notBegun(run.id, step)));
  }

  /** The participant of an agent is gone, and with it all of its code. */
  participantLost(agent: string): void {
    this.#lingering.lose(agent);
  }
}

function failure(step: string, attempt: number | undefined, error: unknown): Proposal {
  return { type: "step-failed", step, error: encodeError(error), ...(attempt === undefined ? {} : { attempt }) };
}

/** True for an agent whose attempts may have to wait. Only these get a signal, since making one is costly (`bench/credit.ts`). */
function mayWait({ policies: { bulkhead, rateLimits } }: AgentDefinition): boolean {
  return bulkhead !== undefined || rateLimits.length > 0;
}

/** If a function of the agent's policies throws, the failure counts as the agent's. */
function callOutcomeOf(agent: AgentDefinition, error: unknown): CallOutcome {
  try {
    return outcomeOf(agent, error);
  } catch {
    return "failed";
  }
}

/** The error of a failed attempt, also when the step finished by its fallback. */
function causeOfEnd(event: RunEvent): EncodedError | undefined {
  if (event.type === "step-finished") return event.fallbackFor;
  return event.type === "step-failed" ? event.error : undefined;
}
