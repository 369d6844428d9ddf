/**
 * The end of a run that waits for a person, by that person's note. Pure. Needs no definition, as no step runs any more.
 */

import { admits, apply } from "../history/run-machine.ts";
import { endOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";

/** The resolved run; `undefined` if the run doesn't wait for a person. */
export function resolveRun(state: RunState, note: string): RunState | undefined {
  const event = { type: "run-resolved", note } as const;
  if (!admits(state, event)) return undefined;
  const resolved = apply(state, event, []);
  const end = endOf(resolved);
  return end === undefined ? resolved : apply(resolved, end);
}
