/**
 * Commits a run's next version and passes on the original error of a refusal, which the store would wrap in
 * `recipe-failed`.
 */

import type { Evolution, Subject } from "../../store/client/change.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { RunEvent } from "../history/run-event.ts";
import type { RunState } from "../history/run-state.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

/** What is recorded in one commit with an event of a run. */
export interface Along {
  /** More events of the run. */
  readonly events?: readonly RunEvent[] | undefined;
  /** A change of another key. */
  readonly evolution?: Evolution | undefined;
}

/** Throws or rejects with what `next` throws; otherwise with what the store does. */
export function commitRun(
  { commit }: Pick<SupervisorPorts, "commit">,
  subject: Subject<RunState>,
  next: (newest: RunState) => RunState,
  beside?: Evolution,
): MaybePromise<Snapshot<RunState>> {
  let refusal: unknown;
  const failed = (error: unknown): never => {
    throw refusal ?? error;
  };
  const recipe = (newest: RunState): RunState => {
    try {
      return next(newest);
    } catch (error) {
      refusal = error;
      throw error;
    }
  };
  try {
    const committed = commit(subject, recipe, beside);
    return committed instanceof Promise ? committed.catch(failed) : committed;
  } catch (error) {
    return failed(error);
  }
}
