/** What became of a run that did not complete, as an error. */

import { decodeError, type EncodedError } from "../errors/error-codec.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { sentence } from "../values/sentence.ts";
import { stepOf, stoppedAtPivot } from "./history/run-progress.ts";
import type { RunState } from "./history/run-state.ts";

/** The error that a run's result rejects with. */
export function runError(run: string, state: RunState): TroupeError {
  const workflow = `${state.workflow.name}@${state.workflow.version}`;
  const why = whyOf(state);
  const { uncompensated, failed } = state;
  if (state.resolved !== undefined) {
    return new TroupeError("run-resolved", `run ${run} of ${workflow}, after ${why}, was resolved: ${state.resolved}`, {
      details: { run, note: state.resolved },
    });
  }
  const reached = stoppedAtPivot(state);
  if (reached !== undefined) {
    const { pivot } = reached;
    const { error, cause } = causeOf(stepOf(state, failed ?? pivot)?.error);
    const reason = reached.isCertain
      ? `the step "${pivot}", its point of no return, has finished`
      : `it is unknown whether the step "${pivot}", its point of no return, had effects. Find out: if it had none, retryCompensation() undoes the rest`;
    return new TroupeError(
      "compensation-failed",
      `run ${run} of ${workflow}: after ${why}, nothing is undone: ${sentence(reason)} The failure: ${error}`,
      { cause, details: { run, step: pivot, isPivot: true, ...(failed === undefined ? {} : { failed }) } },
    );
  }
  if (uncompensated !== undefined) {
    const { error, cause } = causeOf(stepOf(state, uncompensated)?.undoError);
    return new TroupeError(
      "compensation-failed",
      `run ${run} of ${workflow}: after ${why}, the step "${uncompensated}" could not be undone: ${sentence(error)} Steps that finished before it are not undone either.`,
      { cause, details: { run, step: uncompensated, ...(failed === undefined ? {} : { failed }) } },
    );
  }
  if (state.undone !== undefined) {
    const { reason } = state.undone;
    const because = reason === undefined ? "" : `: ${reason}`;
    return new TroupeError(
      "run-undone",
      `run ${run} of ${workflow} ${sentence(`had completed and was undone${because}`)} What had finished is undone where its agent can.`,
      { details: { run, ...(reason === undefined ? {} : { reason }) } },
    );
  }
  if (state.cancelled?.isExpired === true) {
    const message = `run ${run} of ${workflow} did not end before its deadline. What had finished is undone where its agent can.`;
    return new TroupeError("timed-out", message, { details: { run } });
  }
  if (state.cancelled !== undefined) {
    const { reason } = state.cancelled;
    const because = reason === undefined ? "" : `: ${reason}`;
    return new TroupeError(
      "run-cancelled",
      `run ${run} of ${workflow} ${sentence(`was cancelled${because}`)} What had finished is undone where its agent can.`,
      {
        details: { run, ...(reason === undefined ? {} : { reason }) },
      },
    );
  }
  const { error, cause } = causeOf(stepOf(state, String(failed))?.error);
  return new TroupeError(
    "step-failed",
    `run ${run} of ${workflow}: the step "${String(failed)}" failed: ${sentence(error)} What had finished is undone where its agent can.`,
    {
      cause,
      details: { run, step: String(failed) },
    },
  );
}

/** What turned the run back. */
function whyOf({ undone, cancelled, failed }: RunState): string {
  if (undone !== undefined) return "it had completed and was to be undone";
  return cancelled === undefined ? `the step "${String(failed)}" failed` : "it was cancelled";
}

function causeOf(encoded: EncodedError | undefined): { readonly error: string; readonly cause: unknown } {
  return encoded === undefined
    ? { error: "for an unknown reason", cause: undefined }
    : { error: encoded.message, cause: decodeError(encoded) };
}
