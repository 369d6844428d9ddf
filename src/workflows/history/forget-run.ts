/** Forgetting a run that has ended: of its history, nothing is left. */

import { callKeys } from "../../agents/recorded-call.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { refusedRun } from "./refused-run.ts";
import { isOpen, type RunState, runState } from "./run-state.ts";

/** How many runs are forgotten by one commit, which may not grow without bound. */
export const maxForgottenAtOnce = 100;

/** How many recorded calls are forgotten by one commit. */
const maxCallsAtOnce = 1_000;

/**
 * Forgets all that the store has of runs: of at most {@link maxForgottenAtOnce}. All at one position, but for recorded calls beyond so
 * many, which go before.
 */
export async function forgetRuns(
  authority: Pick<StoreAuthority, "forget" | "head" | "keys">,
  runs: readonly string[],
  { author, reason }: { readonly author: string; readonly reason: string },
): Promise<void> {
  const calls = (await Promise.all(runs.map((run) => callKeys(authority, run)))).flat();
  for (; calls.length > maxCallsAtOnce; calls.splice(0, maxCallsAtOnce))
    await authority.forget(calls.slice(0, maxCallsAtOnce), { author, reason });
  const keys = runs.flatMap((run) => [stateKey(runState, run), stateKey(refusedRun, run)]);
  await authority.forget([...keys, ...calls], { author, reason });
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
