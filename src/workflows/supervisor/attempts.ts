/**
 * The attempts at steps, between the history that has them as started and their agents' gates: lets them go ahead as their
 * agents' policies say, and tells the gates how they ended.
 */

import { decodeError, type EncodedError, encodeError } from "../../errors/error-codec.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { CallOutcome, Permit } from "../../agents/policies/permit.ts";
import { outcomeOf } from "../../agents/policies/call-outcome.ts";
import { agentKey } from "../coordination/workflow-plan.ts";
import type { Grant, Spent } from "../coordination/coordination-protocol.ts";
import { LingeringAttempts } from "./lingering-attempts.ts";
import type { OpenRun } from "./open-run.ts";
import type { Claim, Proposal, RunEvent } from "../history/run-event.ts";
import { attemptOf, stepOf } from "../history/run-progress.ts";
import { notBegun } from "./supervisor-errors.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

export interface AttemptsPorts extends Pick<SupervisorPorts, "admit" | "codec"> {
  /** Proposes that an attempt has failed which will not go ahead. */
  propose(run: OpenRun, event: Proposal): void;
}

/** Guarantees: each permit that a gate gave is settled or released, however its attempt, its run or its participant ends. */
export class Attempts {
  readonly #ports: AttemptsPorts;
  readonly #lingering = new LingeringAttempts();

  constructor(ports: AttemptsPorts) {
    this.#ports = ports;
  }

  /**
   * Lets an attempt that the history has accepted go ahead, when its agent's policies do. Returns what its participant has to
   * know for it; `false` when they don't, or it was given up meanwhile. Never throws.
   */
  goAhead(
    run: OpenRun,
    { type, step: name, attempt }: Pick<Claim, "type" | "step" | "attempt">,
  ): MaybePromise<Grant | false> {
    const agent = run.plan.step.get(name)?.agent;
    if (agent === undefined) return false;
    const number = attemptOf(attempt === undefined ? {} : { attempt });
    const begin = (permit: Permit | undefined): Grant | false => {
      if (run.isClosed || !run.isInFlight(name, number)) {
        permit?.release(); // it was given up while it was held
        return false;
      }
      run.begin(name, permit);
      const { deadline } = run.state;
      return deadline === undefined || type === "compensation-started" ? {} : { deadline };
    };
    const refused = (error: unknown): false => {
      this.#ports.propose(run, failure(name, attempt, error));
      return false;
    };
    if (type === "compensation-started") return begin(undefined); // undoing is not held up
    try {
      const { codec, admit } = this.#ports;
      const input = codec.decode(stepOf(run.state, name)?.input);
      const admitted = admit(agent, run.plan.workflow.name, input, mayWait(agent) ? run.hold(name) : undefined);
      return admitted instanceof Promise ? admitted.then(begin, refused) : begin(admitted);
    } catch (error) {
      return refused(error);
    }
  }

  /** Tells the gate of an agent how an attempt ended that it let through, if a recorded event ended one. */
  settle(run: OpenRun, event: RunEvent, spent?: Spent): void {
    const permit = run.end(event);
    const agent = "step" in event && event.step !== undefined ? run.plan.step.get(event.step)?.agent : undefined;
    if (permit === undefined || agent === undefined) return;
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

  /** An outcome that the history refused: of an attempt whose time was up, it says that its agent's code has come to its end. */
  refused(run: string, outcome: Proposal): void {
    this.#lingering.end(run, outcome);
  }

  /** A run that goes backward begins nothing any more, also not what its history has accepted and its agent's policies hold up. */
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

/** Only such agents' attempts get a signal: making one takes as long as much else about an attempt (`bench/credit.ts`). */
function mayWait({ policies: { bulkhead, rateLimits } }: AgentDefinition): boolean {
  return bulkhead !== undefined || rateLimits.length > 0;
}

/** A function of the agent's policies that throws can't say that it isn't the agent's failure. */
function callOutcomeOf(agent: AgentDefinition, error: unknown): CallOutcome {
  try {
    return outcomeOf(agent, error);
  } catch {
    return "failed";
  }
}

/** What an attempt failed with; also one whose step is finished by its fallback. */
function causeOfEnd(event: RunEvent): EncodedError | undefined {
  if (event.type === "step-finished") return event.fallbackFor;
  return event.type === "step-failed" ? event.error : undefined;
}
