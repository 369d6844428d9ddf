/** One commit of a run: an event, and everything that follows from it at once. Pure. */

import type { WorkflowPlan } from "./workflow-plan.ts";
import { conclude, type Terms } from "./conclude.ts";
import { orchestrate } from "./orchestrator.ts";
import { followOpenings } from "./openings.ts";
import { endsAtOnce } from "../history/ends-at-once.ts";
import type { RunEvent, RunNote } from "../history/run-event.ts";
import { admits, apply, withNotes } from "../history/run-machine.ts";
import { closeOf } from "../history/run-progress.ts";
import { isOpen, type RunState } from "../history/run-state.ts";

/** The next version of a run and the events that lead to it. */
export interface Advance {
  readonly next: RunState;
  readonly events: readonly RunEvent[];
}

/**
 * Applies `event`; returns `undefined` when the run's history doesn't accept it. The same version also takes the waits and
 * sub-workflows that open or finish by it, what the orchestrator decides next, where it decides, and the run's end, if this was the end. That makes one commit
 * instead of several, and no crash can come between a decision and its cause.
 *
 * @param together further events, applied before anything is decided; those that the history doesn't accept are left
 * out.
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
  const notes: RunNote[] = [];
  const accept = (candidate: RunEvent): boolean => {
    if (!admits(next, candidate)) return false;
    const concluded = conclude(plan, next, candidate, terms);
    next = apply(next, concluded, []);
    events.push(concluded);
    notes.push(...next.events);
    const close = closeOf(next, concluded);
    if (close !== undefined) accept(close);
    return true;
  };
  if (!accept(event)) return undefined;
  for (const other of together) accept(other);
  if (event.type === "run-started" && event.fork !== undefined) for (const end of endsAtOnce(next).ends) accept(end);
  // a decision is an event too, after which there may be more to decide
  for (let at = 0; at < events.length && isOpen(next); at++) {
    const newest = events[at] as RunEvent;
    if (plan.openings.length > 0) for (const decision of followOpenings(plan, next, newest, terms)) accept(decision);
    if (next.coordination === "orchestrator")
      for (const decision of orchestrate(plan, next, terms.codec, newest)) accept(decision);
  }
  return { next: notes.length === 1 ? next : withNotes(next, notes), events };
}
