/** Describes why an input failed. */

import { isTroupeError } from "../../errors/troupe-error.ts";
import { messageOf, oneLine } from "./one-line.ts";

export interface Failure {
  /** The error's code, or that of the error that made a step fail. */
  readonly code: string;
  /** One line. */
  readonly message: string;
  /** The field of the input that is at fault, if one is. */
  readonly field?: string;
}

/** The parts of a workflow that describing its failures needs. */
export interface WorkflowSteps {
  readonly steps: readonly {
    readonly name: string;
    /** Absent for a wait or a pause. */
    readonly agent?: { readonly name: string; readonly version: string };
  }[];
}

/** Describes the error of a row, of a run's start or of a run's result. */
export function describeFailure(error: unknown, { steps }: WorkflowSteps): Failure {
  if (!isTroupeError(error)) return { code: "unexpected", message: messageOf(error) };
  const { code, cause, details } = error;
  const step = steps.find(({ name }) => name === details["step"]);
  if (step !== undefined && "cause" in error && details["isPivot"] !== true) {
    const agent = step.agent && `${step.agent.name}@${step.agent.version}`;
    const message = messageOf(cause);
    // the error of a violated contract names the agent already
    const said = agent !== undefined && message.startsWith(`${agent}: `) ? message.slice(agent.length + 2) : message;
    const what = code === "compensation-failed" ? `could not be undone: ${said}` : said;
    return {
      code: code === "step-failed" && isTroupeError(cause) ? cause.code : code,
      message: `${agent === undefined ? "" : `agent ${agent}, `}step ${step.name}: ${what}`,
    };
  }
  if (code === "run-cancelled" || code === "run-undone") {
    const what = code === "run-undone" ? "undone" : "cancelled";
    const { reason } = details;
    return { code, message: typeof reason === "string" ? `${what}: ${oneLine(reason)}` : what };
  }
  if (code === "run-resolved") return { code, message: `resolved: ${oneLine(String(details["note"]))}` };
  const field = code === "contract-violated" ? details["path"] : details["field"];
  return { code, message: messageOf(error), ...(typeof field === "string" && field !== "" ? { field } : {}) };
}
