/** What ends at once in a run that takes over steps: as it follows another definition, or is a fork. Pure. */

import { stepAt } from "../steps/run-places.ts";
import { placedSteps } from "../steps/run-steps.ts";
import type { RunEvent } from "./run-event.ts";
import { apply } from "./run-machine.ts";
import { gatheredAt } from "./run-outputs.ts";
import { endOf, isDone } from "./run-progress.ts";
import type { RunState } from "./run-state.ts";

/** Sub-workflows, lists, items and rounds of which nothing is left, and then the run; and the run after these. */
export function endsAtOnce(state: RunState): { readonly ends: readonly RunEvent[]; readonly next: RunState } {
  const ends: RunEvent[] = [];
  let next = state;
  const accept = (event: RunEvent): void => {
    ends.push(event);
    next = apply(next, event, []);
  };
  // those within others come behind them
  for (const { place } of placedSteps(state.steps).toReversed()) {
    const step = stepAt(next.steps, place);
    if (next.status === "running" && isDone(step))
      accept({ type: "step-finished", step: step.name, output: gatheredAt(next.steps, place) });
  }
  const end = endOf(next);
  if (end !== undefined) accept(end);
  return { ends, next };
}
