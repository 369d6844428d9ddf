import { expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { fingerprintOf } from "../../../src/workflows/definition/workflow-fingerprint.ts";

interface Change {
  readonly input?: v.GenericSchema;
  readonly agentInput?: v.GenericSchema;
  readonly agentVersion?: string;
  readonly step?: string;
  readonly after?: boolean;
  readonly pivot?: boolean;
  readonly undo?: () => void;
  readonly execute?: () => number;
}

const Item = v.object({ n: v.pipe(v.number(), v.minValue(1)), tags: v.optional(v.array(v.string())) });

function workflow(change: Change = {}): WorkflowDefinition {
  const agent = defineAgent("test:agents", {
    name: "doer",
    version: change.agentVersion ?? "1.0.0",
    input: (change.agentInput ?? Item) as v.GenericSchema<never, never>,
    output: v.number(),
    execute: change.execute ?? (() => 1),
    ...(change.undo === undefined ? {} : { compensate: change.undo }),
  });
  return defineWorkflow("test:workflows", {
    name: "w",
    version: "1",
    input: (change.input ?? Item) as v.GenericSchema<never, never>,
  })
    .step("first", agent, () => undefined as never)
    .step(
      (change.step ?? "second") as "second",
      agent,
      { after: change.after === false ? [] : ["first"], pointOfNoReturn: change.pivot ?? false },
      () => undefined as never,
    );
}

const original = fingerprintOf(workflow());

it("is the same for the same steps and contracts, and short", () => {
  expect(fingerprintOf(workflow())).toBe(original);
  expect(original).toMatch(/^[0-9a-f]{16}$/);
});

it("doesn't look into code: an agent may be mended", () => {
  expect(fingerprintOf(workflow({ execute: () => 2 }))).toBe(original);
  const checked = (check: (n: number) => boolean): Change => ({
    input: v.object({ n: v.pipe(v.number(), v.check(check)) }),
  });
  expect(fingerprintOf(workflow(checked((n) => n > 1)))).toBe(fingerprintOf(workflow(checked((n) => n > 2))));
});

it.each<[string, Change]>([
  ["the name of a step", { step: "other" }],
  ["what a step comes after", { after: false }],
  ["the point of no return", { pivot: true }],
  ["an agent's version", { agentVersion: "1.0.1" }],
  ["whether an agent undoes", { undo: () => undefined }],
  ["a field of an agent's input", { agentInput: v.object({ n: v.number(), m: v.number() }) }],
  [
    "a bound in a contract",
    { agentInput: v.object({ n: v.pipe(v.number(), v.minValue(2)), tags: v.optional(v.array(v.string())) }) },
  ],
  ["a pattern in a contract", { input: v.object({ n: v.pipe(v.string(), v.regex(/a/)) }) }],
  [
    "an element of an array",
    { input: v.object({ n: v.pipe(v.number(), v.minValue(1)), tags: v.optional(v.array(v.number())) }) },
  ],
  ["a member of a union", { input: v.union([v.literal("a"), v.literal("b")]) }],
])("changes with %s", (_, change) => {
  expect(fingerprintOf(workflow(change))).not.toBe(original);
});

it("changes with the agents, the bound and the inbox of a loop, and with nothing else of it", () => {
  const agent = (name: string) =>
    defineAgent("test:agents", { name, version: "1", input: v.number(), output: v.number(), execute: () => 1 });
  const [one, two] = [agent("one"), agent("two")];
  const start = defineWorkflow("test:workflow", { name: "w", version: "1", input: v.number() });
  const of = (options: { max?: number; onMax?: "accept"; inbox?: v.GenericSchema<string>; until?: () => boolean }) =>
    fingerprintOf(start.loop("again", one, { max: 3, until: () => true, ...options }, () => 1));
  const other = fingerprintOf(start.loop("again", two, { max: 3, until: () => true }, () => 1));
  const prints = [of({}), of({ max: 4 }), of({ onMax: "accept" }), of({ inbox: v.string() }), other];
  expect(new Set(prints).size).toBe(prints.length);
  expect(of({ until: () => false })).toBe(of({}));
});

it("tells patterns, literals and picklists apart", () => {
  const of = (input: v.GenericSchema): string => fingerprintOf(workflow({ input }));
  const all = [
    v.picklist(["a", "b"]),
    v.picklist(["a", "c"]),
    v.literal(1n),
    v.literal(2n),
    v.pipe(v.string(), v.regex(/a/)),
    v.pipe(v.string(), v.regex(/b/)),
    v.map(v.string(), v.number()),
    v.map(v.string(), v.date()),
  ].map(of);
  expect(new Set(all).size).toBe(all.length);
});

it("copes with a schema that holds itself", () => {
  interface Tree {
    readonly children: readonly Tree[];
  }
  const tree: v.GenericSchema<Tree> = v.object({ children: v.array(v.lazy(() => tree)) });
  expect(fingerprintOf(workflow({ input: tree }))).toBe(fingerprintOf(workflow({ input: tree })));
  const schema = v.object({ n: v.number() });
  Object.assign(schema.entries, { itself: schema });
  expect(fingerprintOf(workflow({ input: schema }))).toMatch(/^[0-9a-f]{16}$/);
});

it("is also that of the steps of sub-workflows, and of their input", () => {
  const N = v.object({ n: v.number() });
  const of = (inner: Parameters<typeof workflow>[0], input: v.GenericSchema = N): string =>
    fingerprintOf({
      ...workflow({}),
      input,
      steps: [
        {
          kind: "workflow",
          name: "inner",
          after: [],
          needs: [],
          when: undefined,
          otherwise: undefined,
          map: () => ({}),
          workflow: workflow(inner),
        },
      ],
    });
  expect(of({})).toBe(of({}));
  const changed = [
    of({}),
    of({ agentInput: v.object({ n: v.number() }) }),
    of({ input: v.object({}) }),
    of({}, v.any()),
  ];
  expect(new Set([...changed, original]).size).toBe(changed.length + 1);
});
