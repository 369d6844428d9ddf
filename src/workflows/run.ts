/** A run as its starter holds it. */

import type { Observable } from "rxjs";
import type { RunRecord } from "./history/run-history.ts";
import type { StreamItem, TextStep } from "./stream-item.ts";
import type { Pending } from "./history/run-pending.ts";
import type { RunView, ViewOptions } from "./history/run-view.ts";
import type { TraceOptions } from "../traces/content.ts";
import type { Span } from "../traces/span.ts";
import type { TellOptions } from "./definition/tell-options.ts";

/**
 * A handle on a run of a workflow: what happens in it, what it results in, and how it is answered, cancelled or seen to. `Waits` is what
 * each wait is answered with; `never` where the workflow isn't known, and then any answer to any name compiles. `Steps` is the output of each
 * step by name, and `Parts` what each emits; `unknown` where the workflow isn't known.
 *
 * @example
 * const run = system.run(creditDecision, application);
 * run.events$.subscribe(({ event }) => console.log(event.type));
 * const { decision } = await run.result;
 * @since 0.1.0
 */
export interface Run<Output = unknown, Waits = never, Steps = unknown, Parts = unknown> {
  /** The run's id: its history is the key `run/<id>` of the store. */
  readonly id: string;
  /**
   * The run's events, in order. Hot: the run goes on with or without subscribers. A subscriber first gets, at once, all
   * events so far, however late it subscribes, then each event as it is recorded. Only where the run was parked since
   * this handle was got, the events so far are read from the journal first. Completes when the run has ended,
   * also for a run that failed, and when the system closes before; then {@link Run.result} says so, and the last event is
   * no `run-ended`. Errors when the run can't be recorded or read any more; for a subscriber without `error` it completes then.
   */
  readonly events$: Observable<RunRecord>;
  /**
   * The run's events as in {@link Run.events$}, and what its agents emit, in one order: the parts of an attempt come after its
   * `step-started` and before its end, numbered from 0. Where parts are missing, a `gap` says how many. When an attempt fails and another
   * one starts, begin anew with its parts.
   *
   * Parts are live and not recorded: a subscriber gets those that are emitted from then on. One that subscribes in the same turn as it starts
   * the run gets all. A subscriber is called for a part before the agent gets room for more, so that it slows the agent down and not the
   * system. The output is what counts; parts are a preview of it. Completes and errors as `events$` does.
   *
   * @example
   * run.stream$.subscribe((item) => {
   *   if (item.kind === "part") console.log(item.step, item.value);
   * });
   */
  readonly stream$: Observable<StreamItem<Parts>>;
  /**
   * What {@link Run.stream$} gives, for a loop: it listens from the call on, and until the loop is left, which changes nothing for the run. The
   * loop ends with the run, also with one that failed.
   *
   * The run is not slowed down: 1,024 parts wait for the loop; those beyond that are left out, and a `gap` says how many.
   *
   * @example
   * for await (const item of run.stream()) if (item.kind === "part") console.log(item.step, item.value);
   */
  stream(): AsyncIterableIterator<StreamItem<Parts>>;
  /**
   * The text that the newest attempt at a step has emitted so far, each time that it gets longer. With a new attempt, it begins anew, from
   * the empty text. Where parts are missing it has `…`. Completes when the step has finished or was skipped, and with the run.
   *
   * Errors with `invalid-options` for a step that the run doesn't have, or that emits something else than text; for a subscriber without
   * `error` it completes then.
   *
   * @example
   * run.text("write").subscribe((text) => render(text));
   */
  text(step: TextStep<Parts>): Observable<string>;
  /**
   * Resolves to the output of the workflow's last declared step when all steps have finished.
   *
   * Rejects with a TroupeError: `step-failed` (details: run, step; the cause is what the agent threw), `run-cancelled`
   * (details: run, reason), `timed-out` for a run that was cancelled by its deadline, `compensation-failed` (details:
   * run, step; the cause is what the compensation threw) or `run-resolved`. When the run could not be recorded any
   * more, it rejects with the store's error.
   *
   * A rejection without a handler does not end the process. The outcome is also the last event of {@link Run.events$}
   * and in the run's history.
   */
  readonly result: Promise<Output>;
  /**
   * Resolves when the run's start is recorded, as durably as the journal makes it; rejects as `result` does when it
   * can't be started. Await it for back-pressure: it waits while the system has as many runs in flight as it takes.
   */
  readonly started: Promise<void>;
  /**
   * Cancels the run: no further step starts, the signal of steps in flight aborts, finished steps are compensated, last
   * first. Resolves when the request is recorded; `result` rejects when all of that is done. Does nothing to a run that
   * has ended or failed.
   *
   * A run that a process left unfinished, and that this system has not gone on with, is taken up for it: nothing that
   * was in flight is begun again, and its effects stay unknown. If that fails, it rejects as {@link
   * Run.retryCompensation} does.
   *
   * @throws TroupeError (as a rejection) `past-point-of-no-return`; `invalid-options` for a reason that isn't a string.
   */
  cancel(reason?: string): Promise<void>;
  /**
   * Answers a wait, or gives a loop with an `inbox` a message. Of answers, the first counts, and later ones are refused: who answers learns that
   * another one was faster. A message is read by exactly one round of the loop, or refused when there is no further one. Both may come before the
   * step begins, and are kept until then. Told again under the same `idempotencyKey`, it is the same answer or message. Resolves when that is
   * recorded, as durably as the journal makes it; the run goes on at once.
   *
   * A run that a process left unfinished, and that this system has not gone on with, is taken up for it.
   *
   * @throws TroupeError (as a rejection) `not-admissible` for a wait that has an answer, was given up or skipped, and for a run that has ended
   * or turned back; details: `wait`, and as far as it is known `by`, `at` and `version`: who answered before, when, and the version of
   * `run/<id>` that says so. The same for a loop that reads no message any more, or has 1,000 to read; details: `loop`. `contract-violated`
   * for what doesn't satisfy the schema of the wait or the inbox. `invalid-options` for a wait or a loop that the workflow doesn't have. `not-cloneable`, `message-too-large`, `system-closed`.
   * @example
   * await run.tell("approval", { approved: true, cents: 900 }, { by: "ada", idempotencyKey: "mail-17" });
   */
  tell<const Name extends keyof Waits & string>(
    wait: Name,
    answer: [Waits] extends [never] ? unknown : Waits[Name],
    options?: TellOptions,
  ): Promise<void>;
  /**
   * Tries the compensation that failed for good again, with as many attempts as its policy allows, and goes on undoing
   * from there. Resolves, when that is recorded, to a new handle on the run, whose `result` rejects with the run's
   * original failure once all is undone.
   *
   * @throws TroupeError (as a rejection) `not-admissible` for a run that doesn't wait for it, `workflow-changed`,
   * `definition-not-found`.
   * @example
   * const run = await system.findRun("run-1");
   * const again = await run.retryCompensation();
   */
  retryCompensation(): Promise<Run<Output, Waits, Steps, Parts>>;
  /**
   * Undoes a run that has completed: the steps that its agents can undo, the last finished first, in sub-workflows and lists too. Resolves,
   * when that is recorded, to a new handle on the run, whose `result` rejects with `run-undone` once all is undone; the run ends as
   * `undone`. After a crash, the next system goes on with it. What other runs have made of the run's outputs meanwhile is theirs.
   *
   * @throws TroupeError (as a rejection) `not-admissible` for a run that has not completed, or was undone; `past-point-of-no-return`;
   * `no-such-run` for one that was forgotten; `workflow-changed`, `definition-not-found`; `invalid-options` for a reason that isn't a string.
   * @example
   * const run = await system.findRun("order-7");
   * await (await run.undo("sent back within 14 days")).result.catch(() => undefined);
   */
  undo(reason?: string): Promise<Run<Output, Waits, Steps, Parts>>;
  /**
   * Declares that a person has dealt with what the run could not undo. `note` is kept in its history. The run ends as
   * `resolved`. The workflow's code is not needed.
   *
   * @throws TroupeError (as a rejection) `not-admissible` for a run that doesn't wait for it; `invalid-options` for a
   * note that isn't a string.
   */
  resolve(note: string): Promise<void>;
  /**
   * The run as it stands in its newest version: its status, its steps with their questions and times, and the outputs that there are. No
   * worker and no code of the workflow is asked. With `at`, as it stood in an earlier version of `run/<id>`, or at a time, in milliseconds
   * since the epoch: what the events up to there come to.
   *
   * @throws TroupeError (as a rejection) for `at`: `no-such-version`, which says which versions exist; `erased` for a run that was forgotten;
   * `invalid-options` for an invalid time.
   * @example
   * const { outputs, steps } = await run.view();
   * const yesterday = await run.view({ at: { time: Date.now() - 86_400_000 } });
   */
  view(options?: ViewOptions): Promise<RunView<Steps>>;
  /**
   * What each step that has not settled waits for: other steps, its agent, a time, a breaker, an answer, a person. Empty for a run that has
   * ended well.
   *
   * @example
   * for (const pending of await run.pending()) if (pending.for === "answer") console.log(pending.step, pending.question);
   */
  pending(): Promise<readonly Pending[]>;
  /**
   * Says in words why a step is as it is: "notice was skipped: it needs refund, which was skipped, at … in version 3". For people; the words
   * may change.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a step that the run doesn't have.
   */
  why(step: string): Promise<string>;
  /** The run's events so far, read from the store. */
  history(): Promise<RunRecord[]>;
  /**
   * The run's trace so far, made from its history: a span for the run, which is the first; one for each step, from when all that it comes
   * after had settled, with its attempts as children; and one for each attempt at a compensation. Times are the store's. Ids are derived,
   * so that a trace made twice, or by another process after a crash, is the same. None for a run that has not started.
   *
   * Names and attributes follow OpenTelemetry's conventions for generative AI, which are not stable yet. Shows nothing of inputs, outputs
   * and errors unless `content` says so.
   *
   * @throws TroupeError (as a rejection) `invalid-options`.
   * @example
   * for (const { name, start, end = start } of await run.trace()) console.log(name, end - start);
   * @experimental
   */
  trace(options?: TraceOptions): Promise<readonly Span[]>;
}
