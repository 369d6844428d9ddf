/** One commit of a run: an event, and everything that follows from it at once. Pure. */

import type { WorkflowPlan } from "./workflow-plan.ts";
import { conclude, type Terms } from "./conclude.ts";
import { orchestrate } from "./orchestrator.ts";
import type { RunEvent } from "../history/run-event.ts";
import { admits, apply } from "../history/run-machine.ts";
import { endOf } from "../history/run-progress.ts";
import { isOpen, type RunState } from "../history/run-state.ts";

/** The next version of a run and the events that lead to it. */
export interface Advance {
  readonly next: RunState;
  readonly events: readonly RunEvent[];
}

/**
 * Judges `event`; returns `undefined` when the run's history doesn't accept it. Otherwise the same version also takes
 * what the orchestrator decides next, where it is in charge, and the run's end, if this was the end: one commit instead
 * of several, and no crash can come between a decision and its cause.
 *
 * @param together what else happens to the run before anything is decided, where its history accepts it.
 */
export function advance(
  plan: WorkflowPlan,
  state: RunState,
  event: RunEvent,
  terms: Terms,
  together: readonly RunEvent[] = [],
): Advance | undefined {
  let next = state;
  const events: RunEvent[] = [];
  const accept = (candidate: RunEvent): boolean => {
    if (!admits(next, candidate)) return false;
    const concluded = conclude(plan, next, candidate, terms);
    next = apply(next, concluded, events.length === 0 ? [] : next.events);
    events.push(concluded);
    const end = endOf(next);
    if (end !== undefined) accept(end);
    return true;
  };
  if (!accept(event)) return undefined;
  for (const other of together) accept(other);
  // decisions may fail steps, which calls for other decisions
  while (next.coordination === "orchestrator" && isOpen(next)) {
    const accepted = orchestrate(plan, next, terms.codec).filter(accept);
    if (accepted.length === 0) break;
  }
  return { next, events };
}
