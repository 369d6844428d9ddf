/** A run as its starter holds it. */

import type { Observable } from "rxjs";
import type { RunRecord } from "./history/run-history.ts";

/**
 * A handle on a run of a workflow: what happens in it, what it results in, and how it is cancelled or seen to.
 *
 * @example
 * const run = system.run(creditDecision, application);
 * run.events$.subscribe(({ event }) => console.log(event.type));
 * const { decision } = await run.result;
 * @since 0.1.0
 */
export interface Run<Output = unknown> {
  /** The run's id: its history is the key `run/<id>` of the store. */
  readonly id: string;
  /**
   * The run's events, in order. Hot: the run goes on whether or not anybody listens. A subscriber first gets, at once, all
   * events that there were so far, however late it comes, then each as it is recorded. Completes when the run has ended,
   * also for a run that failed; errors when the run is {@link Run.result | broken}.
   */
  readonly events$: Observable<RunRecord>;
  /**
   * Resolves to the output of the workflow's last declared step when all steps have finished.
   *
   * Rejects with a TroupeError: `step-failed` (details: run, step; the cause is what the agent threw), `run-cancelled`
   * (details: run, reason), `timed-out` for a run that was cancelled by its deadline, `compensation-failed` (details: run,
   * step; the cause is what the compensation threw) or `run-resolved`. When the run could not be recorded any more, it
   * rejects with the store's error.
   *
   * Looking at it is up to you: a rejection that nobody handles does not end the process. It is also the last of
   * {@link Run.events$} and in the run's history.
   */
  readonly result: Promise<Output>;
  /**
   * Resolves when the run's start is recorded, as durably as the journal makes it; rejects as `result` does when it can't be
   * started. Await it to be slowed by a system that has as many runs in flight as it takes.
   */
  readonly started: Promise<void>;
  /**
   * Cancels the run: no further step starts, the signal of steps in flight aborts, finished steps are compensated, last
   * first. Resolves when the request is recorded; `result` rejects when all of that is done. Does nothing to a run that
   * has ended or failed.
   *
   * A run that a process left unfinished, and that this system has not gone on with, is taken up for it: nothing that was in
   * flight is begun again, and whether it had effects nobody knows. Rejects as {@link Run.retryCompensation} where that fails.
   *
   * @throws TroupeError (as a rejection) `past-point-of-no-return`; `invalid-options` for a reason that is no text.
   */
  cancel(reason?: string): Promise<void>;
  /**
   * Tries the compensation again that failed for good, with as many attempts as its policy allows, and goes on undoing from
   * there. Resolves, when that is recorded, to a handle on the run as it goes on; its `result` rejects with what the run
   * failed for once all is undone.
   *
   * @throws TroupeError (as a rejection) `not-admissible` for a run that doesn't wait for it, `workflow-changed`,
   * `definition-not-found`.
   * @example
   * const run = await system.findRun("run-1");
   * const again = await run.retryCompensation();
   */
  retryCompensation(): Promise<Run<Output>>;
  /**
   * Says that a person has seen to what the run left that could not be undone. `note` is kept in its history. The run ends as
   * `resolved`. The workflow's code is not needed for it.
   *
   * @throws TroupeError (as a rejection) `not-admissible` for a run that doesn't wait for it; `invalid-options` for a note that is no text.
   */
  resolve(note: string): Promise<void>;
  /** The run's events so far, read from the store. */
  history(): Promise<RunRecord[]>;
}
