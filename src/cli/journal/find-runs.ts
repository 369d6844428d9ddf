/** Finds runs in a store by the newest versions of their keys. */

import { isStillRefused, type RefusedRun, refusedRun } from "../../workflows/history/refused-run.ts";
import { isOpen, runOf, type RunState, runState } from "../../workflows/history/run-state.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { nearNames } from "../output/near-names.ts";
import { oneLine } from "../output/one-line.ts";

/** A run and the newest version of its key. */
export interface FoundRun {
  readonly run: string;
  readonly head: Snapshot<RunState>;
  /** Why it doesn't go on, if the last system that was to go on with it refused it. */
  readonly refused?: Pick<RefusedRun, "code" | "message">;
}

/** All runs, in the order of their ids. For a damaged run, `onDamage` gets the error, and the run is left out. */
export async function* allRuns(store: OwnedStore, onDamage: (error: TroupeError) => void): AsyncGenerator<FoundRun> {
  for (const run of await store.ids(runState)) {
    const found = await runIn(store, run, onDamage);
    if (found !== undefined) yield found;
  }
}

/** The run of that id, if there is one. For a damaged run, `onDamage` gets the error, and `undefined` is returned. */
export async function runIn(
  store: OwnedStore,
  run: string,
  onDamage: (error: TroupeError) => void,
): Promise<FoundRun | undefined> {
  try {
    const head = await store.snapshot(runState, run);
    return head === undefined ? undefined : await foundIn(store, run, runOf(head));
  } catch (error) {
    if (!isTroupeError(error, "journal-corrupt") && !isTroupeError(error, "invalid-state")) throw error;
    onDamage(error);
    return undefined;
  }
}

async function foundIn(store: OwnedStore, run: string, head: Snapshot<RunState>): Promise<FoundRun> {
  if (!isOpen(head.state)) return { run, head };
  const note = await store.snapshot(refusedRun, run);
  if (note === undefined || !isStillRefused(note.state, head.state)) return { run, head };
  const { code, message } = note.state;
  return { run, head, refused: { code, message } };
}

/** @throws TroupeError (as a rejection) `no-such-run`, which lists runs with similar ids. */
export async function findRun(store: OwnedStore, run: string): Promise<FoundRun> {
  const head = await store.snapshot(runState, run);
  if (head !== undefined) return { run, head: runOf(head) };
  const near = nearNames(run, await store.ids(runState));
  const instead = near.length === 0 ? "troupe runs lists those there are" : `did you mean ${near.join(", ")}?`;
  throw new TroupeError("no-such-run", oneLine(`there is no run ${run}; ${instead}`), { details: { run, near } });
}

/** @throws TroupeError `not-admissible` for a run that has ended; `what` names the request. */
export function expectOpen(found: FoundRun, what: string): FoundRun {
  const { run, head } = found;
  const { status } = head.state;
  if (isOpen(head.state)) return found;
  const isUndoable = status === "completed" && what === "cancel";
  const undo = isUndoable ? "; troupe undo is for a run that has completed" : "";
  const instead = status === "compensation-failed" ? "; troupe retry-compensation and troupe resolve are for it" : undo;
  throw notAdmissible(
    run,
    `the run ${run} has ended: it is ${status}, and there is nothing to ${what}${instead}`,
    status,
  );
}

/** @throws TroupeError `not-admissible` for a run that has not completed. */
export function expectCompleted(found: FoundRun): FoundRun {
  const { run, head } = found;
  const { status } = head.state;
  if (status === "completed") return found;
  const instead = isOpen(head.state) ? "; troupe cancel is for a run that goes on" : "";
  throw notAdmissible(
    run,
    `the run ${run} is ${status}: only a run that has completed can be undone${instead}`,
    status,
  );
}

/** @throws TroupeError `not-admissible` for a run that doesn't wait for a person. */
export function expectWaitsForPerson(found: FoundRun): FoundRun {
  const { run, head } = found;
  const { status } = head.state;
  if (status === "compensation-failed") return found;
  throw notAdmissible(run, `the run ${run} is ${status}: it doesn't wait for a person`, status);
}

function notAdmissible(run: string, message: string, status: RunState["status"]): TroupeError {
  return new TroupeError("not-admissible", oneLine(message), { details: { run, status } });
}

/** When a run was started, in milliseconds since the epoch; `undefined` when retention dropped its first version. */
export async function startOf(store: OwnedStore, run: string): Promise<number | undefined> {
  try {
    return (await store.at(runState, run, 1)).time;
  } catch (error) {
    if (!isTroupeError(error, "no-such-version")) throw error;
    return undefined;
  }
}
