/** What went wrong with an input, in the words that help most. */

import { isTroupeError } from "../../errors/troupe-error.ts";
import { messageOf, oneLine } from "./one-line.ts";

export interface Failure {
  /** The code of the error, or of the one that made a step fail. */
  readonly code: string;
  /** One line. */
  readonly message: string;
  /** The field of the input that is at fault, where one is. */
  readonly field?: string;
}

/** What of a workflow its failures are told by. */
export interface WorkflowSteps {
  readonly steps: readonly {
    readonly name: string;
    readonly agent: { readonly name: string; readonly version: string };
  }[];
}

/** Describes what a row, the start of a run or a run's result ended with. */
export function describeFailure(error: unknown, { steps }: WorkflowSteps): Failure {
  if (!isTroupeError(error)) return { code: "unexpected", message: messageOf(error) };
  const { code, cause, details } = error;
  const step = steps.find(({ name }) => name === details["step"]);
  if (step !== undefined && "cause" in error && details["isPivot"] !== true) {
    const agent = `${step.agent.name}@${step.agent.version}`;
    const message = messageOf(cause);
    // violated contracts name the agent by themselves
    const said = message.startsWith(`${agent}: `) ? message.slice(agent.length + 2) : message;
    const what = code === "compensation-failed" ? `could not be undone: ${said}` : said;
    return {
      code: code === "step-failed" && isTroupeError(cause) ? cause.code : code,
      message: `agent ${agent}, step ${step.name}: ${what}`,
    };
  }
  if (code === "run-cancelled") {
    const { reason } = details;
    return { code, message: typeof reason === "string" ? `cancelled: ${oneLine(reason)}` : "cancelled" };
  }
  if (code === "run-resolved") return { code, message: `resolved: ${oneLine(String(details["note"]))}` };
  const field = code === "contract-violated" ? details["path"] : details["field"];
  return { code, message: messageOf(error), ...(typeof field === "string" && field !== "" ? { field } : {}) };
}
