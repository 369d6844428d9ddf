/** Why a run can't go on with another definition, and what it is once it does: with each construct in each of its states. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import { advance } from "../../../src/workflows/coordination/advance.ts";
import { planWorkflow } from "../../../src/workflows/coordination/workflow-plan.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import { admits } from "../../../src/workflows/history/run-machine.ts";
import { remainingCompensations } from "../../../src/workflows/history/run-progress.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { judgeMigration, type Judgement } from "../../../src/workflows/migration/judge-migration.ts";
import { startRun } from "../../../src/workflows/supervisor/run-start.ts";
import { codec, stepsIn, terms } from "../support/example-workflow.ts";

const N = v.object({ n: v.number() });
const agentOf = (
  name: string,
  { undoes = false, output, input }: { undoes?: boolean; output?: v.GenericSchema; input?: v.GenericSchema } = {},
) =>
  defineAgent("test:agents", {
    name,
    version: "1.0.0",
    input: (input ?? N) as typeof N,
    output: (output ?? N) as typeof N,
    execute: ({ n }) => ({ n }),
    ...(undoes ? { compensate: () => undefined } : {}),
  });

const adder = agentOf("adder");
const payer = agentOf("payer", { undoes: true });

const of = (version: string, more: object = {}) =>
  defineWorkflow("test:workflows", {
    name: "w",
    version,
    input: N,
    ...(version === "1" ? {} : { follows: ["1"] }),
    ...more,
  });

/** A run of a workflow after these events and what follows from them at once, by the orchestrator. */
function after(workflow: unknown, ...events: readonly RunEvent[]): RunState {
  const plan = planWorkflow(workflow as WorkflowDefinition);
  const started = startRun(plan, { n: 1 }, {}, { coordination: "orchestrator", epoch: 1 }, terms);
  return [started, ...events].reduce<RunState>((state, event) => {
    const step = advance(plan, state, event, terms);
    if (step === undefined) throw new Error(`not admissible: ${JSON.stringify(event)}`);
    return step.next;
  }, newRun);
}

const done = (step: string, n = 1): RunEvent => ({ type: "step-finished", step, output: { n } });
const judged = (state: RunState, to: unknown, former?: unknown): Judgement =>
  judgeMigration("r", state, planWorkflow(to as WorkflowDefinition), {
    codec,
    epoch: state.epoch + 1,
    ...(former === undefined ? {} : { former: planWorkflow(former as WorkflowDefinition) }),
  });

function reasons(state: RunState, to: unknown, former?: unknown): readonly string[] {
  const judgement = judged(state, to, former);
  return judgement.outcome === "ok" ? [] : judgement.reasons;
}

function next(state: RunState, to: unknown): RunState {
  const judgement = judged(state, to);
  if (judgement.outcome === "refused") throw new Error(judgement.reasons.join("; "));
  expect(admits(state, judgement.event)).toBe(true);
  return judgement.next;
}

const two = of("1")
  .step("add", adder, ({ input }) => input)
  .step("pay", payer, { after: ["add"] }, ({ add }) => add);

describe("a run that follows another definition", () => {
  it("is refused if it has ended, or follows that definition", () => {
    const state = after(two, done("add"), done("pay"));
    expect(
      reasons(
        state,
        of("2").step("add", adder, ({ input }) => input),
      ),
    ).toEqual(["it has ended: it is completed"]);
    expect(reasons(after(two), two)).toEqual(["it follows this definition already"]);
  });

  it("needs its steps at the same paths, of the same kinds, by the same agents", () => {
    const state = after(two, done("add"));
    const other = of("2")
      .step("add", payer, ({ input }) => input)
      .step("pay", payer, { after: ["add"] }, ({ add }) => add);
    expect(reasons(state, other)).toEqual([
      `"add" was begun by adder@1.0.0, and is done by payer in the new definition`,
    ]);
    const waits = of("2")
      .waitFor("add", { answer: N }, () => null)
      .step("pay", payer, { after: ["add"] }, ({ add }) => add);
    expect(reasons(state, waits)).toEqual([
      `"add" has begun as a step of an agent, and is a wait in the new definition`,
    ]);
    const turns = of("2")
      .step("add", adder, ({ input }) => input)
      .step("pay", payer, { after: ["add"], pointOfNoReturn: true }, ({ add }) => add);
    expect(reasons(state, turns)).toEqual([
      `"pay" has begun, and is not the point of no return: that can't change any more`,
    ]);
  });

  it("needs inputs and outputs that satisfy the new contracts where they are used", () => {
    const small = v.object({ n: v.pipe(v.number(), v.maxValue(3)) });
    const narrow = of("2")
      .step("add", agentOf("adder", { output: small }), ({ input }) => input)
      .step("pay", agentOf("payer", { undoes: true, input: small }), { after: ["add"] }, ({ add }) => add);
    expect(reasons(after(two, done("add", 3)), narrow)).toEqual([]);
    expect(reasons(after(two, done("add", 4)), narrow)).toEqual([
      expect.stringContaining(`the output of "add" does not satisfy the new contract: adder@1.0.0: output violates`),
      expect.stringContaining(`the input of "pay" does not satisfy the new contract: payer@1.0.0: input violates`),
    ]);
    expect(
      reasons(
        after(two),
        of("2", { input: v.object({ n: v.string() }) }).step("add", adder, () => ({ n: 1 })),
      ),
    ).toEqual([expect.stringContaining("the run's input does not satisfy the new contract")]);
  });

  it("has defaults of new contracts, and parses nothing again where the contract is the same", () => {
    const hundredfold = v.object({
      n: v.pipe(
        v.number(),
        v.transform((n) => n * 100),
      ),
    });
    const scaled = agentOf("adder", { output: hundredfold });
    const first = of("1")
      .step("add", scaled, ({ input }) => input)
      .step("pay", payer, { after: ["add"] }, ({ add }) => add);
    const second = of("2")
      .step("pay", payer, () => ({ n: 1 }))
      .step("add", scaled, ({ input }) => input);
    const kept = next(
      after(first, done("add", 100)),
      of("2")
        .step("add", scaled, ({ input }) => input)
        .step("end", adder, () => ({ n: 1 }))
        .step("pay", payer, { after: ["add"] }, ({ add }) => add),
    );
    expect(stepsIn(kept)["add"]?.output).toEqual({ n: 100 });
    expect(second.steps).toHaveLength(2);
    const noted = agentOf("adder", { output: v.object({ n: v.number(), note: v.optional(v.string(), "none") }) });
    const filled = next(
      after(two, done("add")),
      of("2")
        .step("add", noted, ({ input }) => input)
        .step("pay", payer, { after: ["add"] }, ({ add }) => add),
    );
    expect(stepsIn(filled)["add"]?.output).toEqual({ n: 1, note: "none" });
  });

  it("is refused while something is in flight whose agent changes, and not once no process has it", () => {
    const text = v.object({ n: v.number(), more: v.optional(v.string(), "") });
    const changed = of("2")
      .step("add", agentOf("adder", { output: text }), ({ input }) => input)
      .step("pay", payer, { after: ["add"] }, ({ add }) => add);
    expect(reasons(after(two), changed, two)).toEqual([
      `"add" is in flight, and its agent or its contract changes: it has to end first`,
    ]);
    expect(reasons(after(two), changed)).toEqual([]);
  });

  it("can still undo what it has done, in the same order, also what is gone", () => {
    const three = of("1")
      .step("first", payer, ({ input }) => input)
      .step("second", payer, { after: ["first"] }, ({ first }) => first)
      .step("third", payer, { after: ["second"] }, ({ second }) => second);
    const state = after(three, done("first"), done("second"));
    const less = of("2", { retired: [payer] })
      .step("third", payer, ({ input }) => input)
      .step("first", payer, ({ input }) => input);
    const moved = next(state, less);
    const back = after(three, done("first"), done("second"), { type: "cancel-requested" });
    expect(moved.steps.outline.map(({ name }) => name)).toEqual(["second", "third", "first"]);
    const turned = advance(planWorkflow(less), moved, { type: "cancel-requested" }, terms);
    expect(turned && remainingCompensations(turned.next)).toEqual(remainingCompensations(back));
    const idle = agentOf("payer");
    expect(
      reasons(
        state,
        of("2")
          .step("first", idle, ({ input }) => input)
          .step("second", idle, ({ input }) => input)
          .step("third", payer, { after: ["second"] }, ({ second }) => second),
      ),
    ).toEqual([
      `"first" is still to be undone, which payer@1.0.0 can't`,
      `"second" is still to be undone, which payer@1.0.0 can't`,
    ]);
  });

  it("keeps answers and messages that were told early", () => {
    const told = of("1")
      .step("add", adder, ({ input }) => input)
      .waitFor("ok", { after: ["add"], answer: v.boolean() }, () => null)
      .loop("talk", adder, { after: ["add"], until: () => true, max: 3, inbox: v.string() }, ({ input }) => input);
    const state = after(
      told,
      { type: "wait-answered", step: "ok", answer: true },
      { type: "loop-told", step: "talk", message: "hello" },
    );
    expect(
      reasons(
        state,
        of("2").step("add", adder, ({ input }) => input),
      ),
    ).toEqual([
      `the new definition has no "ok", which has been told something`,
      `the new definition has no "talk", which has been told something`,
    ]);
    const strict = of("2")
      .step("add", adder, ({ input }) => input)
      .waitFor("ok", { after: ["add"], answer: v.string() }, () => null)
      .loop("talk", adder, { after: ["add"], until: () => true, max: 3 }, ({ input }) => input);
    expect(reasons(state, strict)).toEqual([
      expect.stringContaining(`the answer to "ok" does not satisfy the new contract`),
      `"talk" has 1 messages that no round has read, and takes none in the new definition`,
    ]);
    const kept = next(
      state,
      of("2")
        .step("more", adder, ({ input }) => input)
        .step("add", adder, ({ input }) => input)
        .waitFor("ok", { after: ["add"], answer: v.boolean() }, () => null)
        .loop("talk", adder, { after: ["add"], until: () => true, max: 3, inbox: v.string() }, ({ input }) => input),
    );
    expect(stepsIn(kept)["ok"]?.wait).toEqual({ told: {}, answer: true });
    expect(stepsIn(kept)["talk"]?.inbox).toEqual({ told: 1, read: 0, messages: ["hello"] });
  });

  it("is bound by the new bounds, unless it is beyond them", () => {
    const listed = (version: string, list: readonly number[], options: object) =>
      of(version).each("check", payer, { over: () => list, concurrency: 2, ...options }, ({ item }) => ({
        n: item,
      }));
    const error = { kind: "error", name: "Error", message: "no" } as const;
    const state = after(listed("1", [1, 2, 3], { tolerate: "all" }), { type: "step-failed", step: "check[0]", error });
    expect(reasons(state, listed("2", [1, 2, 3], { tolerate: 1, concurrency: 1 }))).toEqual([]);
    expect(reasons(state, listed("2", [1, 2, 3], {}))).toEqual([
      `1 items of "check" have failed, which is more than the new definition tolerates`,
    ]);
    expect(reasons(state, listed("2", [1, 2], { tolerate: 1 }))).toEqual([
      `"check" has begun, and its list is another one now`,
    ]);
    const rounds = (version: string, max: number, agent = payer) =>
      of(version).loop("go", agent, { until: () => false, max }, ({ round }) => ({ n: round }));
    const going = after(rounds("1", 5), done("go#1"), done("go#2"));
    expect(reasons(going, rounds("2", 3))).toEqual([]);
    expect(reasons(going, rounds("2", 2))).toEqual([`"go" has begun round 3, and may have 2 in the new definition`]);
    expect(reasons(going, rounds("2", 5, agentOf("payer")))).toContain(
      `"go" has begun, and whether its rounds by payer can be undone changes: that is settled by then`,
    );
  });

  it("has its items and rounds behind more steps than before", () => {
    const listed = of("1")
      .each("check", payer, { over: () => [1, 2, 3], concurrency: 3 }, ({ item }) => ({ n: item }))
      .loop("go", payer, { until: () => false, max: 9 }, ({ round }) => ({ n: round }));
    const state = after(listed, done("check[1]"), done("go#1"), done("check[0]"));
    let longer = of("2");
    for (let index = 0; index < 70; index++) longer = longer.step(`s${index}`, adder, () => ({ n: 1 })) as never;
    const moved = next(
      state,
      longer
        .each("check", payer, { over: () => [1, 2, 3], concurrency: 3 }, ({ item }) => ({ n: item }))
        .loop("go", payer, { until: () => false, max: 9 }, ({ round }) => ({ n: round })),
    );
    const turned = { ...moved, status: "compensating" as const };
    expect(remainingCompensations(turned)).toEqual(["check[0]", "go#1", "check[1]"]);
    for (const path of ["check[0]", "check[1]", "check[2]", "go#1", "go#2"])
      expect(stepsIn(moved)[path]?.status).toBe(stepsIn(state)[path]?.status);
    expect(admits(moved, { ...done("check[2]") })).toBe(true);
  });

  it("ends what has nothing left to do", () => {
    const inner = (version: string) => defineWorkflow("test:workflows", { name: "inner", version, input: N });
    const before = of("1").step(
      "ship",
      inner("1")
        .step("pick", adder, ({ input }) => input)
        .step("tag", adder, { after: ["pick"] }, ({ pick }) => pick),
      ({ input }) => input,
    );
    const state = after(before, done("ship/pick", 7), { type: "step-finished", step: "ship/tag", output: { n: 9 } });
    expect(state.status).toBe("completed");
    const half = after(
      of("1").step(
        "ship",
        inner("1")
          .step("pick", adder, ({ input }) => input)
          .waitFor("tag", { after: ["pick"], answer: N }, () => null)
          .step("end", adder, { after: ["tag"] }, ({ tag }) => tag),
        ({ input }) => input,
      ),
      done("ship/pick", 7),
    );
    const open = of("2").step(
      "ship",
      inner("2").step("pick", adder, ({ input }) => input),
      ({ input }) => input,
    );
    expect(reasons(half, open)).toEqual([`the new definition has no "ship/tag", which has begun, and is not over`]);
    const paused = after(
      of("1").step(
        "ship",
        inner("1")
          .step("pick", adder, ({ input }) => input)
          .step("end", adder, { after: ["pick"], when: () => true }, ({ pick }) => pick),
        ({ input }) => input,
      ),
    );
    expect(reasons(paused, open)).toEqual([]);
  });

  it("skips what it has passed as that would have been skipped, and says what it can't", () => {
    const state = after(two, done("add"));
    const passed = (options: object) =>
      of("2")
        .step("add", adder, ({ input }) => input)
        .step("look", adder, { after: ["add"], ...options } as never, () => ({ n: 1 }))
        .step("pay", payer, { after: ["add", "look"] }, ({ add }) => add);
    expect(reasons(state, passed({}))).toEqual([
      `"pay" has begun, and comes after "look", which is new: the run has passed it, and it has no otherwise`,
    ]);
    expect(stepsIn(next(state, passed({ when: () => false })))["look"]).toMatchObject({ status: "skipped" });
    expect(stepsIn(next(state, passed({ when: () => true, otherwise: () => ({ n: 5 }) })))["look"]).toMatchObject({
      status: "skipped",
      isGiven: true,
      output: { n: 5 },
    });
    expect(
      reasons(
        state,
        passed({
          when: () => {
            throw new Error("never");
          },
        }),
      ),
    ).toEqual([`the run has passed "look", and what stands in for it can't be said: never`]);
    expect(reasons(state, passed({ when: () => true, otherwise: () => ({ n: "five" }) }))).toEqual([
      expect.stringContaining(
        `the run has passed "look", and what stands in for it can't be said: adder@1.0.0: output violates`,
      ),
    ]);
  });

  it("refuses what an older definition has decided", () => {
    const moved = next(
      after(two),
      of("2")
        .step("add", adder, ({ input }) => input)
        .step("pay", payer, ({ input }) => input),
    );
    const claim = { type: "step-started", step: "pay", input: { n: 1 }, by: "relay" } as const;
    expect(admits(moved, { ...claim, epoch: 1 })).toBe(false);
    expect(admits(moved, { ...claim, epoch: 2 })).toBe(true);
    const skip = { type: "step-failed", step: "pay", error: { kind: "error", name: "Error", message: "" } } as const;
    expect(admits(moved, { ...skip, epoch: 1 })).toBe(false);
  });
});
