/** The time of one attempt: how an agent's timeout ends its code, for steps, compensations and direct asks alike. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Work } from "./work-slots.ts";

/**
 * Begins the time of an attempt; call it right before the agent's code. When the timeout of the agent's policies has
 * passed, or it has emitted nothing for as long as they allow, the attempt's signal aborts with an error `timed-out`, and
 * `onLate` gets the same error: the outcome is unknown, and the caller waits no longer. The code keeps its slot until it ends or is left behind.
 *
 * Returns the timer, to be cancelled when the code has ended; `undefined` without a timeout.
 */
export function beginAttempt(
  agent: AgentDefinition,
  work: Work,
  clock: Clock,
  onLate: (error: TroupeError) => void,
): Timer | undefined {
  const { timeout, idleTimeout } = agent.policies;
  work.began = clock.now();
  const isWatched = idleTimeout !== Number.POSITIVE_INFINITY && work.emission !== undefined;
  if (timeout === Number.POSITIVE_INFINITY && !isWatched) return undefined;
  const timers: Timer[] = [];
  const cancel = (): void => {
    for (const timer of timers) timer.cancel();
  };
  const late = (error: TroupeError): void => {
    cancel();
    work.cancellation.abort(error);
    onLate(error);
  };
  if (timeout !== Number.POSITIVE_INFINITY) {
    work.deadline = Math.min(work.deadline, work.began + timeout);
    timers.push(clock.setTimer(timeout, () => late(timedOut(agent, work))));
  }
  if (isWatched) timers.push(whenIdle(work, idleTimeout, clock, () => late(idle(agent, work))));
  return { cancel };
}

/** Calls `tell` once, when the work has emitted nothing for so many milliseconds. */
function whenIdle({ emission, began = 0 }: Work, ms: number, clock: Clock, tell: () => void): Timer {
  const check = (): void => {
    const left = (emission?.lastActive ?? began) + ms - clock.now();
    if (left > 0) timer = clock.setTimer(left, check);
    else tell();
  };
  let timer = clock.setTimer(ms, check);
  return { cancel: () => timer.cancel() };
}

function timedOut(agent: AgentDefinition, work: Work): TroupeError {
  const { timeout } = agent.policies;
  return tooLate(agent, work, { timeout }, `did not end within ${timeout} ms`);
}

function idle(agent: AgentDefinition, work: Work): TroupeError {
  const { idleTimeout } = agent.policies;
  return tooLate(agent, work, { idleTimeout }, `emitted nothing for ${idleTimeout} ms`);
}

function tooLate(
  { name }: AgentDefinition,
  work: Work,
  limit: Readonly<Record<string, number>>,
  did: string,
): TroupeError {
  const what = work.run === undefined ? `${attemptName(work)} of the agent ${name}` : attemptName(work);
  const message = `${what} ${did}; it may have had effects, or may still`;
  return new TroupeError("timed-out", message, { details: { ...attemptDetails(name, work), ...limit } });
}

/** The error that an attempt gets when it commits after it was given up. */
export function ineffective(agent: string, work: Work, why: "has failed" | "was left behind"): TroupeError {
  return new TroupeError(
    "actor-stopped",
    `${attemptName(work)} of the agent ${agent} ${why}: what it commits from then on has no effect`,
    { details: attemptDetails(agent, work) },
  );
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
