/** The outcome of a resumed run, and its line of output. */

import type { RunState } from "../../workflows/history/run-state.ts";
import type { EndStatus } from "../../workflows/history/run-event.ts";
import type { ErrorCode } from "../../errors/error-code.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { describeFailure, type WorkflowSteps } from "./failure.ts";
import { oneLine } from "./one-line.ts";
import { plainJson } from "../../values/plain-json.ts";

/**
 * `refused`: the request can't be carried out, and the run stays as it is. `unfinished`: the command ended before the
 * run did. `waiting`: it only waits for an answer or a time.
 */
export type OutcomeStatus = EndStatus | "refused" | "unfinished" | "waiting";

export interface RunOutcome {
  readonly run: string;
  readonly status: OutcomeStatus;
  /** Present when it completed. */
  readonly result?: unknown;
  /** Present in most other cases. */
  readonly error?: unknown;
}

const statusByCode: Partial<Record<ErrorCode, OutcomeStatus>> = {
  "step-failed": "failed",
  "run-cancelled": "cancelled",
  "timed-out": "cancelled",
  "compensation-failed": "compensation-failed",
  "run-undone": "undone",
  "run-resolved": "resolved",
  "workflow-changed": "refused",
  "definition-not-found": "refused",
  "module-failed": "refused",
  "invalid-workflow": "refused",
  "past-point-of-no-return": "refused",
  "not-admissible": "refused",
};

/** The outcome when a run's result, or the request to the run, failed with `error`. */
export function outcomeOf(run: string, error: unknown): RunOutcome {
  return { run, status: (isTroupeError(error) ? statusByCode[error.code] : undefined) ?? "unfinished", error };
}

/** The line for people: `7: completed {"decision":"approved"}`. */
export function runTextLine(outcome: RunOutcome, state: RunState): string {
  const { run, status, result } = outcome;
  const start = `${oneLine(run)}: ${status}`;
  if (status === "completed") return `${start} ${plainJson(result)}`;
  if (!("error" in outcome)) return start;
  const { message } = describeFailure(outcome.error, stepsOf(state));
  return message === status || message.startsWith(`${status}: `)
    ? `${oneLine(run)}: ${message}`
    : `${start}: ${message}`;
}

/** The line for programs: an object with `run`, `status`, and `result` or `error`. */
export function runJsonLine(outcome: RunOutcome, state: RunState): string {
  const { run, status, result } = outcome;
  if (status === "completed")
    return `{"run":${JSON.stringify(run)},"status":"completed","result":${plainJson(result)}}`;
  const error = "error" in outcome ? { error: describeFailure(outcome.error, stepsOf(state)) } : {};
  return JSON.stringify({ run, status, ...error });
}

/** The steps from the run's history, as the workflow's code may be missing. */
function stepsOf({ steps }: RunState): WorkflowSteps {
  return {
    steps: steps.outline.map(({ name, agent }) => {
      if (agent === undefined) return { name };
      const at = agent.lastIndexOf("@");
      return { name, agent: { name: agent.slice(0, at), version: agent.slice(at + 1) } };
    }),
  };
}
