/** The model check of workflows: what it finds, and what it doesn't. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { creditDecision } from "../../../examples/credit/credit-decision.ts";
import { desk } from "../../../examples/support/desk.ts";
import { defineAgent, defineWorkflow, type WorkflowDefinition } from "../../../src/index.ts";
import { answering, verifyWorkflow } from "../../../src/testing/index.ts";
import { faults } from "./faulty-workflows.ts";
import { sound } from "./sound-workflow.ts";

const messageOf = async (verifying: Promise<unknown>, code = "verification-failed"): Promise<string> => {
  const error: unknown = await verifying.then(
    () => "nothing was found",
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code });
  return (error as Error).message;
};

describe("a fault is found", () => {
  it.each(faults)("$what", async ({ workflow, says, own }) => {
    const options = { seed: 1, runs: 300, ...(own === true ? { compensations: "own" as const } : {}) };
    expect(await messageOf(verifyWorkflow(workflow, options))).toMatch(says);
  });

  it("and shown by the smallest run, which is played again by its seed", async () => {
    const { workflow } = faults.find(({ what }) => what === "an item's mapping that throws") ?? {};
    const message = await messageOf(verifyWorkflow(workflow as WorkflowDefinition, { seed: 1 }));
    expect(message).toContain(
      [
        "The smallest run found that does so:",
        "  a run of item@1.0.0 started, by the orchestrator, with { id: 'a', cents: 0, kind: 'car' }",
        "  split started",
        "  split finished with { parts: [ '' ] }",
        "  inspect started, over 1 items",
        "  inspect[0] failed: URI malformed",
        "  the run ended: failed",
      ].join("\n"),
    );
    const seed = Number(/seed: (\d+)/.exec(message)?.[1]);
    expect(await messageOf(verifyWorkflow(workflow as WorkflowDefinition, { seed, runs: 1 }))).toBe(message);
  });
});

describe("a workflow without faults passes", () => {
  it.each<[string, WorkflowDefinition]>([
    ["one of everything", sound],
    ["the credit decision", creditDecision],
    ["the support desk", desk],
  ])("%s", async (_name, workflow) => {
    const { runs, completed, failed, cancelled, steps } = await verifyWorkflow(workflow, { seed: 1, runs: 75 });
    expect(completed + failed + cancelled).toBe(runs);
    expect(Math.min(completed, failed, cancelled)).toBeGreaterThan(0);
    for (const { finished } of Object.values(steps)) expect(finished).toBeGreaterThan(0);
  });

  it("with the same report from the same seed", async () => {
    const report = (): Promise<unknown> =>
      verifyWorkflow(sound, { seed: 7, runs: 20, unreached: ["reserve", "pay", "ok"] });
    expect(await report()).toEqual(await report());
  });
});

const odd = defineAgent("test:verify", {
  name: "odd",
  version: "1.0.0",
  input: v.string(),
  output: v.object({ code: v.pipe(v.string(), v.regex(/^[A-Z]{3}-\d{4}$/)) }),
  execute: () => ({ code: "ABC-1234" }),
});
const coded = defineWorkflow("test:verify", { name: "coded", version: "1.0.0", input: v.string() })
  .step("odd", odd, ({ input }) => input)
  .step("again", odd, { after: ["odd"], when: ({ odd: { code } }) => code === "VIP-0001" }, ({ input }) => input);

describe("values that no contract tells", () => {
  it("are asked for, by the schema that they are wanted for", async () => {
    expect(await messageOf(verifyWorkflow(coded), "invalid-options")).toMatch(
      /^verifyWorkflow: the output of odd\.code is a string that no value was found for\. Give/,
    );
  });

  it("are given by answers, and by a function for inputs", async () => {
    const seen: string[] = [];
    const agents = [
      answering(odd, (input) => {
        seen.push(input);
        return { code: input === "vip" ? "VIP-0001" : "ABC-1234" };
      }),
    ];
    const input = (random: () => number): string => (random() < 0.5 ? "vip" : "usual");
    const { steps } = await verifyWorkflow(coded, { runs: 40, seed: 1, agents, input });
    expect(steps).toMatchObject({
      again: { finished: expect.toSatisfy((finished) => Number(finished) > 0) as number },
    });
    expect(new Set(seen)).toEqual(new Set(["vip", "usual"]));
  });

  it("may be left out, for steps that are named", async () => {
    const agents = [answering(odd, () => ({ code: "ABC-1234" }))];
    expect(await messageOf(verifyWorkflow(coded, { runs: 20, seed: 1, agents }))).toMatch(/"again" was always skipped/);
    await verifyWorkflow(coded, { runs: 20, seed: 1, agents, unreached: ["again"] });
  });
});

describe("what can't be verified is refused", () => {
  it.each<[string, unknown, object, RegExp]>([
    ["no workflow", undefined, {}, /^verifyWorkflow: expected what defineWorkflow returned, not undefined/],
    ["no runs", sound, { runs: 0 }, /runs/],
    ["an unknown option", sound, { run: 3 }, /run/],
    ["a step that there is not", sound, { unreached: ["nowhere"] }, /unreached .*nowhere.*assess/],
  ])("%s", async (_what, workflow, options, says) => {
    expect(await messageOf(verifyWorkflow(workflow as WorkflowDefinition, options), "invalid-options")).toMatch(says);
  });
});
