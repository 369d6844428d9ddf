/** The time of one attempt: how an agent's timeout ends its code, for steps, compensations and direct asks alike. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Work } from "./work-slots.ts";

/**
 * Begins the time of an attempt; call it right before the agent's code. When the timeout of the agent's policies has
 * passed, the attempt's signal aborts with an error `timed-out`, and `onLate` gets the same error: the outcome is unknown,
 * and the caller waits no longer. The code keeps its slot until it ends or is left behind.
 *
 * Returns the timer, to be cancelled when the code has ended; `undefined` without a timeout.
 */
export function beginAttempt(
  agent: AgentDefinition,
  work: Work,
  clock: Clock,
  onLate: (error: TroupeError) => void,
): Timer | undefined {
  const { timeout } = agent.policies;
  work.began = clock.now();
  if (timeout === Number.POSITIVE_INFINITY) return undefined;
  work.deadline = Math.min(work.deadline, work.began + timeout);
  return clock.setTimer(timeout, () => {
    const error = timedOut(agent, work);
    work.cancellation.abort(error);
    onLate(error);
  });
}

function timedOut({ name, policies: { timeout } }: AgentDefinition, work: Work): TroupeError {
  const what = work.run === undefined ? `${attemptName(work)} of the agent ${name}` : attemptName(work);
  const message = `${what} did not end within ${timeout} ms; it may have had effects, or may still`;
  return new TroupeError("timed-out", message, { details: { ...attemptDetails(name, work), timeout } });
}

/** What errors call an attempt. */
export function attemptName({ run, step, isCompensation }: Work): string {
  if (run === undefined) return "a direct call";
  return `${isCompensation ? "the compensation of " : ""}the step "${step}" of the run ${run}`;
}

/** What the details of errors say of an attempt. */
export function attemptDetails(
  agent: string,
  { run, step }: Work,
): { readonly agent: string; readonly run?: string; readonly step?: string } {
  return { agent, ...(run === undefined || step === undefined ? {} : { run, step }) };
}
