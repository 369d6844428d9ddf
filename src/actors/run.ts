/** A run as its starter holds it. */

import type { Observable } from "rxjs";
import type { RunRecord } from "./supervisor/run-history.ts";

/**
 * A handle on a run.
 *
 * @example
 * const run = system.run(creditDecision, application);
 * run.events$.subscribe(({ event }) => console.log(event.type));
 * const { decision } = await run.result;
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
   * (details: run, reason), or `compensation-failed` (details: run, step; the cause is what the compensation threw). When
   * the run could not be recorded any more, it rejects with the store's error.
   *
   * Looking at it is up to you: a rejection that nobody handles does not end the process. It is also the last of
   * {@link Run.events$} and in the run's history.
   */
  readonly result: Promise<Output>;
  /**
   * Cancels the run: no further step starts, the signal of steps in flight aborts, finished steps are compensated, last
   * first. Resolves when the request is recorded; `result` rejects when all of that is done. Does nothing to a run that
   * has ended or failed.
   */
  cancel(reason?: string): Promise<void>;
  /** The run's events so far, read from the store. */
  history(): Promise<RunRecord[]>;
}
