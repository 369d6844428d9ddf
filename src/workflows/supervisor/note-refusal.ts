/** Notes in a run's trace that its history refused a proposal: a history keeps what it accepted, and should not grow by the rest. */

import { refusalAttributes } from "../../traces/refusals.ts";
import { isOpen } from "../history/run-state.ts";
import { stepOf } from "../history/run-progress.ts";
import type { Proposal } from "../history/run-event.ts";
import type { OpenRun } from "./open-run.ts";
import type { RunTracing } from "./supervisor-ports.ts";

/** How many of one run are noted (invariant 7). */
const most = 32;

export function noteRefusal(run: OpenRun, event: Proposal, tracing: RunTracing): void {
  if (run.refusals >= most) return;
  const traceparent = run.rootOf(tracing);
  if (traceparent === undefined) return;
  run.refusals++;
  const { type: proposal, step } = event;
  const attributes = refusalAttributes({
    ...{ proposal, step, why: why(run, event) },
    ...("by" in event ? { by: event.by, epoch: event.epoch } : {}),
  });
  tracing.recorder.begin({ traceparent }, `${proposal} of ${step}`, attributes)?.end();
}

function why(run: OpenRun, event: Proposal): string {
  const { state } = run;
  const isStart = event.type === "step-started" || event.type === "compensation-started";
  const begun = isStart ? run.beginOf(event.step) : undefined;
  if (begun?.type === event.type) return `already started by the ${begun.by} in epoch ${begun.epoch}`;
  if (!isOpen(state)) return `the run is ${state.status}`;
  if (event.type === "step-started" && state.status !== "running") return `the run is ${state.status}`;
  const step = stepOf(state, event.step);
  return step === undefined ? "the run has no such step" : `the step is ${step.status}`;
}
