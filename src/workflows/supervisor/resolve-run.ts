/** The end of a run that waits for a person, by what that person says. Pure; needs no definition: nothing is done any more. */

import { admits, apply } from "../history/run-machine.ts";
import { endOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";

/** The run when it is resolved; `undefined` where it doesn't wait for that. */
export function resolveRun(state: RunState, note: string): RunState | undefined {
  const event = { type: "run-resolved", note } as const;
  if (!admits(state, event)) return undefined;
  const resolved = apply(state, event, []);
  const end = endOf(resolved);
  return end === undefined ? resolved : apply(resolved, end);
}
