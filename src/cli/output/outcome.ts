/** The outcome of an input, and its line of output. */

import { plainJson } from "../../values/plain-json.ts";
import { oneLine } from "./one-line.ts";
import { describeFailure, type WorkflowSteps } from "./failure.ts";

export interface Ended {
  readonly ok: true;
  readonly result: unknown;
}

/** The run goes no further before these waits are answered. */
export interface Waiting {
  readonly ok: false;
  readonly waiting: readonly string[];
}

export type Outcome = {
  readonly line: number;
  /** The id of the run, if it can be looked up. */
  readonly run?: string;
} & (Ended | Waiting | { readonly ok: false; readonly error: unknown });

/** The line for people: `line 3: ok {"decision":"approved"}`. */
export function textLine(outcome: Outcome, workflow: WorkflowSteps): string {
  if (outcome.ok) return `line ${outcome.line}: ok ${plainJson(outcome.result)}`;
  if ("waiting" in outcome)
    return `line ${outcome.line}: waiting for an answer to ${outcome.waiting.join(", ")}: run ${oneLine(outcome.run ?? "")}`;
  return `line ${outcome.line}: error ${describeFailure(outcome.error, workflow).message}`;
}

/** The line for programs: an object with `line`, `run` if it can be looked up, `ok`, and `result`, `waiting` or `error`. */
export function jsonLine(outcome: Outcome, workflow: WorkflowSteps): string {
  const { line, run, ok } = outcome;
  const start = JSON.stringify({ line, ...(run === undefined ? {} : { run }), ok }).slice(0, -1);
  if (ok) return `${start},"result":${plainJson(outcome.result)}}`;
  if ("waiting" in outcome) return `${start},"waiting":${JSON.stringify(outcome.waiting)}}`;
  return `${start},"error":${JSON.stringify(describeFailure(outcome.error, workflow))}}`;
}
