import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { agentKey, planWorkflow } from "../../../src/workflows/coordination/workflow-plan.ts";

const N = v.object({ n: v.number() });
const agent = defineAgent("test:agents", {
  name: "agent",
  version: "1",
  input: N,
  output: N,
  execute: (input) => input,
});
const other = defineAgent("test:agents", {
  name: "other",
  version: "1",
  input: N,
  output: N,
  execute: (input) => input,
});
const begin = () => defineWorkflow("test:workflows", { name: "flow", version: "1.0.0", input: N });
const map = ({ input }: { readonly input: { n: number } }) => ({ n: input.n });

describe("a workflow", () => {
  it("is a definition at each stage, and each stage stays as it is", () => {
    const none = begin();
    const one = none.step("a", agent, map);
    const two = one.step("b", other, { after: ["a"] }, ({ a }) => a);
    const fork = one.step("c", other, map);
    expect([none, one, two, fork].map(({ steps }) => steps.map(({ name }) => name))).toEqual([
      [],
      ["a"],
      ["a", "b"],
      ["a", "c"],
    ]);
    expect(two).toMatchObject({ kind: "workflow", module: "test:workflows", name: "flow", version: "1.0.0", input: N });
    expect(two.steps[1]).toMatchObject({ name: "b", agent: other, after: ["a"] });
    expect(() => (two.steps as unknown as unknown[]).push(1)).toThrow(TypeError);
    expect(() => Object.assign(two, { name: "x" })).toThrow(TypeError);
  });

  it("is not touched by what happens to the list it was given", () => {
    const after: "a"[] = ["a"];
    const flow = begin()
      .step("a", agent, map)
      .step("b", agent, { after }, ({ a }) => a);
    after.length = 0;
    expect(flow.steps[1]?.after).toEqual(["a"]);
  });

  const untyped = begin().step("a", agent, map) as unknown as { step(...args: unknown[]): unknown };
  it.each([
    ["a name that is taken", ["a", agent, map], "has a step of this name"],
    ["the name of the run's input", ["input", agent, map], "call the run's input"],
    ["a name that is no name", ["a/b", agent, map], "starts with a letter"],
    ["a name that would come before others", ["1", agent, map], "starts with a letter"],
    ["a name that is something else", ["__proto__", agent, map], "starts with a letter"],
    ["no name", [undefined, agent, map], "starts with a letter"],
    ["an agent that is none", ["b", { kind: "actor" }, map], "made by defineAgent"],
    ["no agent", ["b", undefined, map], "made by defineAgent"],
    ["a workflow without steps", ["b", begin(), map], "flow@1.0.0 has no steps"],
    ["a workflow without a mapping", ["b", begin().step("s", agent, map), {}], "sub-workflow's input"],
    ["a mapping that is none", ["b", agent, { after: ["a"] }], "maps the sources"],
    [
      "a step that it doesn't have",
      ["b", agent, { after: ["a", "z"] }, map],
      "after z, but the steps declared before it are a",
    ],
    ["itself", ["b", agent, { after: ["b"] }, map], "after b"],
    ["a step twice", ["b", agent, { after: ["a", "a"] }, map], "names a twice"],
  ])("can't have a step with or after %s", (_, args, message) => {
    expect(() => untyped.step(...args)).toThrow(
      expect.objectContaining({ code: "invalid-workflow", message: expect.stringContaining(message) as string }),
    );
  });

  it.each<[string, unknown[], string]>([
    ["an agent that is none", [undefined, { over: () => [] }, map], "made by defineAgent"],
    ["a list that is none", [agent, { over: [1] }, map], "gives the list"],
    ["no mapping", [agent, { over: () => [] }], "maps an item to the agent's input"],
    ["a workflow and no mapping", [begin().step("s", agent, map), { over: () => [] }], "to the workflow's input"],
    ["a workflow without steps", [begin(), { over: () => [] }, map], "flow@1.0.0 has no steps"],
    [
      "a workflow with a point of no return",
      [begin().step("s", agent, { pointOfNoReturn: true }, map), { over: () => [] }, map],
      "has a point of no return, s",
    ],
    [
      "a workflow and a fallback",
      [begin().step("s", agent, map), { over: () => [], fallback: map }, map],
      "which has no fallback: give one to its steps",
    ],
    [
      "a step of a name that its mapping has",
      [agent, { over: () => [], after: ["item"] }, map],
      "the item of the list",
    ],
  ])("can't have an each with %s", (_, args, message) => {
    const each = begin().step("item", agent, map).each as unknown as (...given: unknown[]) => unknown;
    expect(() => each("all", ...args)).toThrow(
      expect.objectContaining({ code: "invalid-workflow", message: expect.stringContaining(message) as string }),
    );
  });

  it.each<[string, unknown[], string]>([
    [
      "no agents",
      [{}, { max: 1, until: map }, {}],
      "the second argument is the agent or the workflow that does the rounds",
    ],
    ["a name", ["body", { max: 1, until: map }, map], "the second argument is the agent or the workflow that does"],
    ["a workflow without steps", [begin(), { max: 1, until: map }, map], "flow@1.0.0 has no steps"],
    ["a workflow and no mapping", [begin().step("s", agent, map), { max: 1, until: map }], "to the workflow's input"],
    [
      "a workflow with a point of no return",
      [begin().step("s", agent, { pointOfNoReturn: true }, map), { max: 1, until: map }, map],
      "has a point of no return, s, and a run has one at most: so it can't be done in each round",
    ],
    [
      "a workflow that may skip all of its steps",
      [
        begin()
          .step("s", agent, { when: () => true }, map)
          .step("t", agent, { needs: ["s"] }, map),
        { max: 1, until: map },
        map,
      ],
      "a round may do nothing, as the workflow flow@1.0.0 may skip all of its steps, or have lists without items",
    ],
    [
      "a workflow of lists",
      [begin().step("in", begin().each("s", agent, { over: () => [] }, map), map), { max: 1, until: map }, map],
      "a round may do nothing",
    ],
    [
      "several workflows",
      [
        { a: agent, b: begin().step("s", agent, map) },
        { max: 1, until: map, who: map },
        { a: map, b: map },
      ],
      "its b is a workflow, and rounds are handed from agent to agent",
    ],
    ["what is no agent", [{ a: "agent" }, { max: 1, until: map }, { a: map }], "its a is an agent"],
    ["an odd name", [{ "a/b": agent }, { max: 1, until: map }, { "a/b": map }], 'the name "a/b" of an agent'],
    ["no mapping", [agent, { max: 1, until: map }], "the last argument is the function"],
    [
      "a mapping too few",
      [{ a: agent, b: agent }, { max: 1, until: map, who: map }, { a: map }],
      "there is none for b",
    ],
    ["a mapping too many", [{ a: agent }, { max: 1, until: map }, { a: map, c: map }], "a function for c"],
    [
      "no who",
      [
        { a: agent, b: agent },
        { max: 1, until: map },
        { a: map, b: map },
      ],
      "its who says which one",
    ],
    ["no until", [agent, { max: 1, until: true }, map], "its until is a function"],
    ["what is no inbox", [agent, { max: 1, until: map, inbox: "text" }, map], "its inbox"],
    [
      "a step called round",
      [agent, { after: ["round"], max: 1, until: map }, map],
      "can't come after a step of that name",
    ],
  ])("can't have a loop with %s", (_, args, message) => {
    const loop = begin().step("round", agent, map).loop as unknown as (...given: unknown[]) => unknown;
    expect(() => loop("all", ...args)).toThrow(
      expect.objectContaining({ code: "invalid-workflow", message: expect.stringContaining(message) as string }),
    );
  });

  it.each([
    [{ until: map }, 'loop "all": max: it is missing'],
    [{ max: 1, untill: map }, 'loop "all": untill: there is no such option; there are '],
  ])(
    "says which loop's options are wrong, and the misspelt one before the one that it stands for: %j",
    (given, says) => {
      const loop = begin().loop as unknown as (...given: unknown[]) => unknown;
      expect(() => loop("all", agent, given, map)).toThrow(says);
    },
  );

  it.each([{}, { max: 0 }, { max: 1.5 }, { max: 1_000_001 }, { max: 1, onMax: "stop" }, { max: 1, rounds: 2 }])(
    "can't have a loop with the bounds %j",
    (bounds) => {
      const loop = begin().loop as unknown as (...given: unknown[]) => unknown;
      expect(() => loop("all", agent, { until: map, ...bounds }, map)).toThrow(
        expect.objectContaining({ code: "invalid-options" }),
      );
    },
  );

  it.each([{ concurrency: 0 }, { max: 1.5 }, { tolerate: -1 }, { tolerate: { share: 2 } }, { tolerate: "some" }])(
    "can't have an each with the bounds %j",
    (bounds) => {
      const each = begin().each as unknown as (...given: unknown[]) => unknown;
      expect(() => each("all", agent, { over: () => [], ...bounds }, map)).toThrow(
        expect.objectContaining({ code: "invalid-options" }),
      );
    },
  );

  it("needs a module's URL, a name and a version", () => {
    expect(() => defineWorkflow("flow.ts", { name: "flow", version: "1", input: N })).toThrow(
      expect.objectContaining({ code: "invalid-options" }),
    );
    expect(() => defineWorkflow("test:flow", { name: "a flow", version: "1", input: N })).toThrow(
      expect.objectContaining({ code: "invalid-options" }),
    );
    expect(() => defineWorkflow("test:flow", { name: "flow", version: "", input: N })).toThrow(
      expect.objectContaining({ code: "invalid-workflow" }),
    );
  });
});

describe("a plan", () => {
  it("knows dependents and participants", () => {
    const flow = begin()
      .step("a", agent, map)
      .step("b", other, { after: ["a"] }, ({ a }) => a)
      .step("c", agent, { after: ["a", "b"] }, ({ b }) => b);
    const plan = planWorkflow(flow);
    expect([...plan.following].map(([name, { dependents }]) => [name, dependents.map((step) => step.name)])).toEqual([
      ["a", ["b", "c"]],
      ["b", ["c"]],
      ["c", []],
    ]);
    expect(plan.participants.map(({ key, steps }) => [key, steps.map(({ name }) => name)])).toEqual([
      [agentKey(agent), ["a", "c"]],
      [agentKey(other), ["b"]],
    ]);
    expect(plan.step.get("b")?.agent).toBe(other);
  });

  it("has the steps of sub-workflows by their paths, after them", () => {
    const inner = begin()
      .step("a", agent, map)
      .step("b", other, { after: ["a"] }, ({ a }) => a);
    const middle = begin()
      .step("c", inner, map)
      .pause("d", { after: ["c"], ms: 1 });
    const plan = planWorkflow(
      begin()
        .step("a", agent, map)
        .step("e", middle, { needs: ["a"] }, map),
    );
    expect(plan.outlines.map(({ name, kind, after }) => [name, kind, after])).toEqual([
      ["a", undefined, []],
      ["e", "workflow", ["a"]],
      ["e/c", "workflow", []],
      ["e/c/a", undefined, []],
      ["e/c/b", undefined, ["e/c/a"]],
      ["e/d", "pause", ["e/c"]],
    ]);
    const members = (scope: string): string[] => {
      const { dependents = [], openings = [] } = plan.scopes.get(scope) ?? {};
      return [...dependents, ...openings].map(({ name }) => name);
    };
    expect(["", "e", "e/c"].map(members)).toEqual([
      ["a", "e"],
      ["e/c", "e/d"],
      ["e/c/a", "e/c/b"],
    ]);
  });

  it("has one point of no return, wherever it is", () => {
    const final = begin().step("s", agent, { pointOfNoReturn: true }, map);
    const around = begin().step("t", final, map);
    expect(planWorkflow(around).outlines.map(({ name, isPivot }) => [name, isPivot])).toEqual([
      ["t", undefined],
      ["t/s", true],
    ]);
    expect(() => around.step("u", agent, { pointOfNoReturn: true }, map)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("a point of no return, t/s; there can be one") as string,
      }),
    );
    expect(() => around.step("u", final, map)).toThrow(
      expect.objectContaining({ message: expect.stringContaining("s, and the workflow another one, t/s") as string }),
    );
  });

  it("takes two definitions with the same module and name for the same agent, as threads do", () => {
    expect(agentKey({ ...agent })).toBe(agentKey(agent));
    expect(agentKey(other)).not.toBe(agentKey(agent));
  });
});
