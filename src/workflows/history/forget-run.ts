/** Forgetting a run that has ended: of its history, nothing is left. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { refusedRun } from "./refused-run.ts";
import { isOpen, type RunState, runState } from "./run-state.ts";

/** How many runs are forgotten by one commit, which may not grow without bound. */
export const maxForgottenAtOnce = 100;

/** Forgets all that the store has of runs, at one position: of at most {@link maxForgottenAtOnce}. */
export function forgetRuns(
  authority: Pick<StoreAuthority, "forget">,
  runs: readonly string[],
  { author, reason }: { readonly author: string; readonly reason: string },
): Promise<void> {
  const keys = runs.flatMap((run) => [stateKey(runState, run), stateKey(refusedRun, run)]);
  return authority.forget(keys, { author, reason });
}

/**
 * True for a run that may be forgotten for its age alone: it has ended, and doesn't wait for a person, as one does whose
 * compensation has failed.
 */
export function isDone(state: RunState): boolean {
  return !isOpen(state) && state.status !== "compensation-failed";
}

/** @param state of the run; absent for one of which nothing is recorded yet. @throws TroupeError `not-admissible` for a run that has not ended. */
export function checkEnded(run: string, state: RunState | undefined): void {
  if (state !== undefined && !isOpen(state)) return;
  const status = state?.status ?? "new";
  throw new TroupeError(
    "not-admissible",
    `the run ${run} has not ended: it is ${status}. Only a run that has ended can be forgotten; cancel it first, or wait for its end.`,
    { details: { run, status } },
  );
}
