import type { ErrorCode } from "../../../src/errors/error-code.ts";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import { checkContract } from "../../../src/contracts/contract.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { describeFailure } from "../../../src/cli/output/failure.ts";
import { rowError } from "../../../src/cli/input/input-row.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";

const schema = v.object({ score: v.number() });
const agent = defineAgent(import.meta.url, {
  name: "credit-score",
  version: "1.0.0",
  input: schema,
  output: schema,
  execute: (input) => input,
});
const workflow = defineWorkflow(import.meta.url, { name: "credit", version: "2.0.0", input: schema }).step(
  "score",
  agent,
  ({ input }) => input,
);

const caught = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};
const stepFailed = (cause: unknown, step = "score") =>
  new TroupeError("step-failed", `the step ${step} of the run 7 failed`, { cause, details: { run: "7", step } });
const describeIt = (error: unknown) => describeFailure(error, workflow);

describe("describeFailure", () => {
  it("names the field of an input that violates the workflow's contract", () => {
    const site = { agent: "credit", version: "2.0.0", direction: "input", side: "sender" } as const;
    const error = caught(() => checkContract(schema, { score: "high" }, site));
    expect(describeIt(error)).toEqual({
      code: "contract-violated",
      message: expect.stringMatching(/^credit@2\.0\.0: input .* at score: expected number, received "high"/),
      field: "score",
    });
    expect(describeIt(caught(() => checkContract(schema, 7, site)))).not.toHaveProperty("field");
  });

  it("names the field of a row that can't be read", () => {
    const row = rowError({ file: "in.csv", line: 3 }, "is odd", "score");
    expect(describeIt("error" in row && row.error)).toEqual({
      code: "invalid-input",
      message: "in.csv:3: score: is odd",
      field: "score",
    });
  });

  it("tells all that an agent's violated contract has to tell: agent, version, direction, path, expected, received", () => {
    const site = { agent: "credit-score", version: "1.0.0", direction: "output", side: "sender" } as const;
    const error = stepFailed(caught(() => checkContract(schema, { score: "high" }, site)));
    expect(describeIt(error)).toEqual({
      code: "contract-violated",
      message: expect.stringMatching(
        /^agent credit-score@1\.0\.0, step score: output violates the contract at score: expected number, received "high"/,
      ),
    });
  });

  it.each([
    ["an error", new Error("the bureau\n\tis closed"), "step-failed", "the bureau is closed"],
    ["an error without message", new RangeError(), "step-failed", "RangeError"],
    ["text", "closed", "step-failed", "closed"],
    ["nothing", undefined, "step-failed", "undefined"],
    ["another object", { reason: 1 }, "step-failed", "{ reason: 1 }"],
    ["an error of the runtime", new TroupeError<ErrorCode>("conflict", "both wrote"), "conflict", "both wrote"],
  ])("names the agent that threw %s", (_, cause, code, said) => {
    expect(describeIt(stepFailed(cause))).toEqual({ code, message: `agent credit-score@1.0.0, step score: ${said}` });
  });

  it("tells a step that could not be undone from one that failed", () => {
    const cause = new TroupeError("timed-out", "too slow");
    const error = new TroupeError("compensation-failed", "…", { cause, details: { run: "7", step: "score" } });
    expect(describeIt(error)).toEqual({
      code: "compensation-failed",
      message: "agent credit-score@1.0.0, step score: could not be undone: too slow",
    });
  });

  it("falls back to the run's error for a step it doesn't know", () => {
    const failure = describeIt(stepFailed(new Error("x"), "other"));
    expect(failure).toEqual({ code: "step-failed", message: "the step other of the run 7 failed" });
  });

  it("leaves out the id of a run that was cancelled", () => {
    const details = { run: "7" };
    const cancelled = new TroupeError("run-cancelled", "the run 7 was cancelled", { details });
    expect(describeIt(cancelled)).toEqual({ code: "run-cancelled", message: "cancelled" });
    const told = new TroupeError("run-cancelled", "…", { details: { ...details, reason: "interrupted" } });
    expect(describeIt(told)).toEqual({ code: "run-cancelled", message: "cancelled: interrupted" });
  });

  it("says what it can of anything else", () => {
    expect(describeIt(new TroupeError("system-closed", "gone"))).toEqual({ code: "system-closed", message: "gone" });
    expect(describeIt(new TypeError("a\nbug"))).toEqual({ code: "unexpected", message: "a bug" });
    expect(describeIt(null)).toEqual({ code: "unexpected", message: "null" });
  });
});
