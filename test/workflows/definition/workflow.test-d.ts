import { assertType, describe, expectTypeOf, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import type { System } from "../../../src/runtime/system/system.ts";
import type { RunView } from "../../../src/workflows/history/run-view.ts";
import type { Run } from "../../../src/workflows/run.ts";
import type {
  InputOf,
  OutputOf,
  StepsOf,
  WorkflowDefinition,
} from "../../../src/workflows/definition/workflow-definition.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { ItemResult } from "../../../src/workflows/definition/each-options.ts";

const score = defineAgent("test:agents", {
  name: "score",
  version: "1",
  input: v.object({ applicantId: v.string() }),
  output: v.object({ score: v.number() }),
  execute: () => ({ score: 700 }),
});
const income = defineAgent("test:agents", {
  name: "income",
  version: "1",
  input: v.object({ applicantId: v.string(), claimed: v.optional(v.number(), 0) }),
  output: v.object({
    verified: v.boolean(),
    at: v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
  }),
  execute: () => ({ verified: true, at: "2025-01-01" }),
});
const approval = defineAgent("test:agents", {
  name: "approval",
  version: "1",
  input: v.object({ score: v.number(), verified: v.boolean() }),
  output: v.object({ decision: v.picklist(["approved", "declined"]) }),
  execute: () => ({ decision: "approved" as const }),
});

const Application = v.object({ id: v.string(), amount: v.optional(v.number(), 100) });
const begin = () => defineWorkflow("test:workflows", { name: "credit", version: "1", input: Application });
const both = () =>
  begin()
    .step("score", score, ({ input }) => ({ applicantId: input.id }))
    .step("income", income, ({ input }) => ({ applicantId: input.id }));

declare function run<Input, Output, Waits, Steps, Parts>(
  workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
  input: Input,
): Run<Output, Waits, Steps, Parts>;

describe("a workflow's types", () => {
  it("mappings see the parsed input and the outputs of the steps in after", () => {
    both().step("approval", approval, { after: ["score", "income"] }, (sources) => {
      expectTypeOf(sources).toEqualTypeOf<{
        readonly input: { id: string; amount: number };
        readonly score: { score: number };
        readonly income: { verified: boolean; at: Date };
      }>();
      return { score: sources.score.score, verified: sources.income.verified };
    });
    both().step("again", score, (sources) => {
      expectTypeOf(sources).toEqualTypeOf<{ readonly input: { id: string; amount: number } }>();
      return { applicantId: sources.input.id };
    });
  });

  it("a run takes what the schema takes and results in the output of the last step", () => {
    const credit = both().step(
      "approval",
      approval,
      { after: ["score", "income"] },
      ({ score: { score: value }, income: { verified } }) => ({ score: value, verified }),
    );
    expectTypeOf<InputOf<typeof credit>>().toEqualTypeOf<{ id: string; amount?: number | undefined }>();
    expectTypeOf<OutputOf<typeof credit>>().toEqualTypeOf<{ decision: "approved" | "declined" }>();
    expectTypeOf<StepsOf<typeof credit>["income"]>().toEqualTypeOf<{ verified: boolean; at: Date }>();
    expectTypeOf(run(credit, { id: "x" }).result).toEqualTypeOf<Promise<{ decision: "approved" | "declined" }>>();
    expectTypeOf(run(both(), { id: "x" }).result).toEqualTypeOf<Promise<{ verified: boolean; at: Date }>>();
    expectTypeOf(credit).toExtend<WorkflowDefinition>();
    // @ts-expect-error: the input lacks its id
    run(credit, { amount: 5 });
  });

  const flow = both();

  it("a mapping to the wrong input is an error", () => {
    // @ts-expect-error: the agent wants an applicantId
    assertType(flow.step("again", score, ({ input }) => ({ applicant: input.id })));
    // @ts-expect-error: which is a string
    assertType(flow.step("again", score, ({ input }) => ({ applicantId: input.amount })));
    // @ts-expect-error: and not a promise of it
    assertType(flow.step("again", score, async ({ input }) => ({ applicantId: input.id })));
    // @ts-expect-error: the output has no such field
    assertType(flow.step("again", score, { after: ["income"] }, ({ income: { id } }) => ({ applicantId: id })));
  });

  // the place of the directive is where the compiler says it: at what is wrong, and not at the step as a whole
  it("a mapping or a fallback that doesn't fit is an error where it is", () => {
    flow.step(
      "approval",
      approval,
      { after: ["score"] },
      // @ts-expect-error: verified is missing
      ({ score: { score: points } }) => ({ score: points }),
    );
    flow.step("approval", approval, { after: ["score"] }, ({ score: { score: points } }) => ({
      score: points,
      // @ts-expect-error: it is a boolean
      verified: "yes",
    }));
    flow.step("approval", approval, { after: ["score"] }, (sources) => ({
      score: sources.score.score,
      // @ts-expect-error: income is not in after
      verified: sources.income.verified,
    }));
    flow.step(
      "approval",
      approval,
      {
        // @ts-expect-error: there is no step skore
        after: ["skore"],
      },
      () => ({ score: 1, verified: true }),
    );
    flow.step(
      "approval",
      approval,
      {
        after: ["score"],
        // @ts-expect-error: there is no such decision
        fallback: () => ({ decision: "postponed" }),
      },
      () => ({ score: 1, verified: true }),
    );
    flow.step(
      "again",
      score,
      // @ts-expect-error: a mapping is synchronous
      async ({ input }) => ({ applicantId: input.id }),
    );
  });

  it("mappings and fallbacks take literals as they are written, with and without options", () => {
    const Parts = v.object({
      list: v.array(v.string()),
      pair: v.tuple([v.string(), v.number()]),
      kind: v.picklist(["a", "b"]),
    });
    const agent = defineAgent("test:agents", {
      name: "parts",
      version: "1",
      input: Parts,
      output: Parts,
      execute: () => ({ list: [], pair: ["a", 1], kind: "a" }),
    });
    const workflow = flow
      .step("one", agent, () => ({ list: ["a"], pair: ["a", 1], kind: "a" }))
      .step(
        "two",
        agent,
        { after: ["one"], fallback: () => ({ list: ["a"], pair: ["x", 2], kind: "b" }) },
        ({ one }) => ({ list: ["a", ...one.list], pair: ["a", 1], kind: "a" }),
      )
      .step("three", agent, { pointOfNoReturn: true }, ({ input }) => ({
        list: [input.id],
        pair: ["a", 1],
        kind: "a",
      }));
    expectTypeOf<OutputOf<typeof workflow>>().toEqualTypeOf<v.InferOutput<typeof Parts>>();
  });

  it("a step after one that there isn't is an error", () => {
    // @ts-expect-error: there is no step fraud
    assertType(flow.step("again", score, { after: ["score", "fraud"] }, () => ({ applicantId: "" })));
    // @ts-expect-error: the run's input is no step
    assertType(flow.step("again", score, { after: ["input"] }, () => ({ applicantId: "" })));
  });

  it("the use of an output that is not in after is an error", () => {
    // @ts-expect-error: income is not in after
    assertType(flow.step("again", score, { after: ["score"] }, ({ income: i }) => ({ applicantId: String(i.at) })));
    // @ts-expect-error: nor is anything here
    assertType(flow.step("again", score, ({ score: s }) => ({ applicantId: String(s.score) })));
  });

  it("a name that is taken is an error", () => {
    // @ts-expect-error: there is a step score
    assertType(flow.step("score", score, ({ input }) => ({ applicantId: input.id })));
    // @ts-expect-error: that is what mappings call the run's input
    assertType(flow.step("input", score, ({ input }) => ({ applicantId: input.id })));
  });

  it("an input that can't cross to another actor is an error", () => {
    // @ts-expect-error: a function can't
    assertType(defineWorkflow("test:w", { name: "w", version: "1", input: v.object({ call: v.function() }) }));
  });
});

describe("a workflow with branches", () => {
  const flow = both();
  const branched = flow
    .step(
      "approval",
      approval,
      { after: ["score"], needs: ["income"], when: ({ score: s }) => s.score > 600 },
      (given) => ({
        score: given.score.score,
        verified: given.income.verified,
      }),
    )
    .step(
      "limit",
      score,
      { when: ({ input }) => input.amount > 100, otherwise: () => ({ score: 0 }) },
      ({ input }) => ({
        applicantId: input.id,
      }),
    );

  it("the output of a step that may be skipped may be missing after it, and is there where it is needed", () => {
    branched.step("letter", score, { after: ["approval", "limit"] }, (sources) => {
      expectTypeOf(sources).toEqualTypeOf<{
        readonly input: { id: string; amount: number };
        readonly approval: { decision: "approved" | "declined" } | undefined;
        readonly limit: { score: number };
      }>();
      return { applicantId: "" };
    });
    branched.step("letter", score, { needs: ["approval"] }, (sources) => {
      expectTypeOf(sources.approval).toEqualTypeOf<{ decision: "approved" | "declined" }>();
      return { applicantId: "" };
    });
  });

  it("what stands in takes literals as they are written", () => {
    const standing = flow.step(
      "approval",
      approval,
      { when: ({ input }) => input.amount > 3, otherwise: () => ({ decision: "declined" }) },
      () => ({ score: 1, verified: true }),
    );
    expectTypeOf<OutputOf<typeof standing>>().toEqualTypeOf<{ decision: "approved" | "declined" }>();
  });

  it("a mapping whose agent takes one of several shapes gives one of them", () => {
    const Shape = v.union([v.object({ side: v.number() }), v.object({ radius: v.number() })]);
    const area = defineAgent("test:agents", {
      name: "area",
      version: "1",
      input: Shape,
      output: Shape,
      execute: (shape) => shape,
    });
    flow.step("area", area, () => ({ side: 1 }));
    // @ts-expect-error: a radius is a number
    flow.step("area", area, () => ({ radius: "1" }));
    // @ts-expect-error: so it is where one stands in
    flow.step("area", area, { when: () => true, otherwise: () => ({ radius: "1" }) }, () => ({ side: 1 }));
  });

  it("a step that needs one that may be skipped may be skipped, unless something stands in for it", () => {
    const needing = branched.step("letter", score, { needs: ["approval"] }, () => ({ applicantId: "" }));
    expectTypeOf<OutputOf<typeof needing>>().toEqualTypeOf<{ score: number } | undefined>();
    const standing = branched.step(
      "letter",
      score,
      {
        needs: ["approval"],
        otherwise: ({ approval: given }) => {
          expectTypeOf(given).toEqualTypeOf<{ decision: "approved" | "declined" } | undefined>();
          return { score: 1 };
        },
      },
      () => ({ applicantId: "" }),
    );
    expectTypeOf<OutputOf<typeof standing>>().toEqualTypeOf<{ score: number }>();
    const after = branched.step("letter", score, { after: ["approval"] }, () => ({ applicantId: "" }));
    expectTypeOf<OutputOf<typeof after>>().toEqualTypeOf<{ score: number }>();
  });

  it("what forgets that an output may be missing is an error", () => {
    // @ts-expect-error: approval may have been skipped
    branched.step("letter", score, { after: ["approval"] }, ({ approval: a }) => ({ applicantId: a.decision }));
  });

  it("what stands in for a step has to be what its agent could have given", () => {
    // @ts-expect-error: a score is a number
    flow.step("limit", score, { when: () => true, otherwise: () => ({ score: "0" }) }, () => ({ applicantId: "" }));
    // @ts-expect-error: a condition is true or false
    flow.step("limit", score, { when: () => "yes" }, () => ({ applicantId: "" }));
  });
});

describe("a workflow with waits", () => {
  const Approval = v.object({
    approved: v.boolean(),
    at: v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
  });
  const waiting = both()
    .waitFor("approval", { after: ["score"], answer: Approval }, ({ score: { score: points } }) => ({ points }))
    .waitFor("extra", { answer: v.string(), when: ({ input }) => input.amount > 100 }, () => "why so much?")
    .pause("cool", { after: ["approval"], ms: 1000 });

  it("the answer is the step's output, as parsed, and may be missing if the wait is skipped", () => {
    waiting.step("again", score, { after: ["approval", "extra", "cool"] }, (sources) => {
      expectTypeOf(sources).toEqualTypeOf<{
        readonly input: { id: string; amount: number };
        readonly approval: { approved: boolean; at: Date };
        readonly extra: string | undefined;
        readonly cool: undefined;
      }>();
      return { applicantId: "" };
    });
    const standing = both().waitFor(
      "extra",
      { answer: v.string(), timeout: 1, otherwise: () => "none" },
      () => undefined,
    );
    expectTypeOf<OutputOf<typeof standing>>().toEqualTypeOf<string>();
  });

  it("a run takes the answers of its workflow's waits, as their schemas take them", () => {
    const told = run(waiting, { id: "x" });
    expectTypeOf(told.tell).toBeCallableWith("approval", { approved: true, at: "2025-01-01" }, { by: "ada" });
    expectTypeOf(told.tell).toBeCallableWith("extra", "a reason");
    expectTypeOf(told).toExtend<Run>();
    expectTypeOf(waiting).toExtend<WorkflowDefinition>();
  });

  it("a view of a run has the outputs of its workflow's steps, as far as they are there", async () => {
    const { outputs } = await run(
      waiting.step("later", score, { needs: ["approval"], when: () => false }, () => ({ applicantId: "" })),
      { id: "x" },
    ).view({ at: { time: 0 } });
    expectTypeOf(outputs.score).toEqualTypeOf<{ score: number } | undefined>();
    expectTypeOf(outputs.approval).toEqualTypeOf<{ approved: boolean; at: Date } | undefined>();
    expectTypeOf(outputs.cool).toEqualTypeOf<undefined>();
    expectTypeOf(outputs.later).toEqualTypeOf<{ score: number } | undefined>();
    // @ts-expect-error: there is no step scor
    void outputs.scor;
    // @ts-expect-error: it may not have finished yet
    void outputs.score.score;
    const unknown = await (run(waiting, { id: "x" }) as Run).view({ at: 3 });
    expectTypeOf(unknown.outputs).toExtend<Readonly<Record<string, unknown>>>();
    expectTypeOf(unknown.outputs["scor"]).toEqualTypeOf<unknown>();
    expectTypeOf<RunView<{ a: string }>>().toExtend<RunView>();
    expectTypeOf(run(waiting, { id: "x" })).toExtend<Run>();
  });

  // the place of the directive is where the compiler says it
  it("an answer that doesn't fit is an error where it is", () => {
    const told = run(waiting, { id: "x" });
    // @ts-expect-error: there is no wait aproval
    void told.tell("aproval", { approved: true, at: "2025-01-01" });
    // @ts-expect-error: a pause takes no answer
    void told.tell("cool", undefined);
    void told.tell("approval", {
      // @ts-expect-error: approved is a boolean
      approved: "yes",
      at: "2025-01-01",
    });
    // @ts-expect-error: at is missing
    void told.tell("approval", { approved: true });
    // @ts-expect-error: the workflow has no wait
    void run(both(), { id: "x" }).tell("approval", { approved: true });
  });

  it("a wait or a pause that doesn't fit is an error where it is", () => {
    // @ts-expect-error: there is a step score
    both().waitFor("score", { answer: v.string() }, () => "");
    both().waitFor(
      "extra",
      {
        answer: v.string(),
        timeout: 1,
        // @ts-expect-error: the answer is a string
        otherwise: () => 7,
      },
      () => "",
    );
    // @ts-expect-error: an answer can't have a function
    both().waitFor("extra", { answer: v.object({ call: v.function() }) }, () => "");
    // @ts-expect-error: it takes one of the two
    both().pause("cool", { ms: 1, until: () => new Date() });
    // @ts-expect-error: income is not in after
    both().pause("cool", { after: ["score"], until: ({ income: { at } }) => at });
    both().pause("cool", { after: ["income"], until: ({ income: { at } }) => at });
  });
});

describe("a workflow with sub-workflows", () => {
  const shipping = defineWorkflow("test:workflows", {
    name: "shipping",
    version: "1",
    input: v.object({ id: v.string(), at: v.pipe(v.string(), v.toDate()) }),
  })
    .step("pick", score, ({ input }) => {
      expectTypeOf(input).toEqualTypeOf<{ id: string; at: Date }>();
      return { applicantId: input.id };
    })
    .waitFor("call", { answer: v.boolean() }, () => "now?")
    .step("label", approval, { after: ["pick"], when: () => true }, () => ({ score: 1, verified: true }));
  const flow = both();
  const shipped = flow.step("ship", shipping, { after: ["score"] }, ({ score: given }) => {
    expectTypeOf(given).toEqualTypeOf<{ score: number }>();
    return { id: "x", at: "2025-01-01" };
  });

  it("its output is that of its last step, and may be missing where that may be skipped", () => {
    shipped.step("later", score, { after: ["ship"] }, ({ ship }) => {
      expectTypeOf(ship).toEqualTypeOf<{ decision: "approved" | "declined" } | undefined>();
      return { applicantId: "" };
    });
    expectTypeOf<OutputOf<typeof shipped>>().toEqualTypeOf<{ decision: "approved" | "declined" } | undefined>();
    const plain = flow.step("scoring", both(), () => ({ id: "", amount: 1 }));
    expectTypeOf<OutputOf<typeof plain>>().toEqualTypeOf<OutputOf<ReturnType<typeof both>>>();
    const standing = flow.step(
      "ship",
      shipping,
      { when: ({ input }) => input.amount > 3, otherwise: () => ({ decision: "declined" }) },
      () => ({ id: "x", at: "2025-01-01" }),
    );
    expectTypeOf<OutputOf<typeof standing>>().toEqualTypeOf<{ decision: "approved" | "declined" } | undefined>();
  });

  it("its waits are told, and its outputs are seen, by path, at any depth", async () => {
    const deep = defineWorkflow("test:workflows", { name: "w", version: "1", input: v.object({}) }).step(
      "order",
      shipped,
      () => ({ id: "x", amount: 1 }),
    );
    const told = run(deep, {});
    expectTypeOf(told.tell).toBeCallableWith("order/ship/call", true);
    const { outputs } = await told.view();
    expectTypeOf(outputs["order/ship/pick"]).toEqualTypeOf<{ score: number } | undefined>();
    expectTypeOf(outputs["order/ship"]).toEqualTypeOf<{ decision: "approved" | "declined" } | undefined>();
    // @ts-expect-error: there is no wait pick
    void told.tell("order/ship/pick", true);
    // @ts-expect-error: there is no such step
    void outputs["order/pick"];
  });

  // the place of the directive is where the compiler says it
  it("what doesn't fit is an error where it is", () => {
    // @ts-expect-error: at is missing
    flow.step("ship", shipping, () => ({ id: "x" }));
    flow.step("ship", shipping, () => ({
      id: "x",
      // @ts-expect-error: its input is text
      at: new Date(),
    }));
    // @ts-expect-error: there is a step score
    flow.step("score", shipping, () => ({ id: "x", at: "" }));
    // @ts-expect-error: a step of a sub-workflow is no step of the workflow
    shipped.step("later", score, { after: ["ship/pick"] }, () => ({ applicantId: "" }));
    // @ts-expect-error: a sub-workflow has no fallback, as its steps have
    flow.step("ship", shipping, { fallback: () => undefined }, () => ({ id: "x", at: "" }));
    // @ts-expect-error: nor is it a point of no return
    flow.step("ship", shipping, { pointOfNoReturn: true }, () => ({ id: "x", at: "" }));
    // @ts-expect-error: its last step gives a decision
    flow.step("ship", shipping, { when: () => true, otherwise: () => ({ score: 1 }) }, () => ({ id: "x", at: "" }));
    // @ts-expect-error: text does no step
    flow.step("ship", "shipping", () => ({ id: "x" }));
  });
});

describe("a workflow with lists", () => {
  const flow = both();
  const over = ({ score: s }: { readonly score: { readonly score: number } }) => [{ id: String(s.score) }];
  const each = flow.each("all", score, { after: ["score"], over }, ({ item, index, score: given }) => {
    expectTypeOf(item).toEqualTypeOf<{ id: string }>();
    expectTypeOf(index).toEqualTypeOf<number>();
    expectTypeOf(given).toEqualTypeOf<{ score: number }>();
    return { applicantId: item.id };
  });

  it("its output has what its agent gave for each, or an error where that is tolerated", () => {
    expectTypeOf<OutputOf<typeof each>>().toEqualTypeOf<readonly { score: number }[]>();
    const tolerant = flow.each("all", score, { over: ({ input }) => [input], tolerate: { share: 0.1 } }, ({ item }) => {
      expectTypeOf(item).toEqualTypeOf<{ id: string; amount: number }>();
      return { applicantId: item.id };
    });
    tolerant.step("later", score, { after: ["all"] }, ({ all }) => {
      for (const one of all) {
        expectTypeOf(one.output).toEqualTypeOf<{ score: number } | undefined>();
        if (one.error === undefined) expectTypeOf(one.output).toEqualTypeOf<{ score: number }>();
        else expectTypeOf(one.error.message).toEqualTypeOf<string>();
      }
      return { applicantId: "" };
    });
    const skipped = flow.each(
      "all",
      score,
      { over: () => ["a"], when: ({ input }) => input.amount > 1, otherwise: () => [{ score: 1 }] },
      ({ item }) => ({ applicantId: item }),
    );
    expectTypeOf<OutputOf<typeof skipped>>().toEqualTypeOf<readonly { score: number }[]>();
  });

  it("its fallback gets what the mapping gets, and the error", () => {
    const fallback = flow.each(
      "all",
      score,
      {
        after: ["score"],
        over,
        fallback({ item, index, score: given }, error) {
          expectTypeOf(item).toEqualTypeOf<{ id: string }>();
          expectTypeOf(error).toEqualTypeOf<unknown>();
          return { score: index + given.score };
        },
      },
      ({ item }) => ({ applicantId: item.id }),
    );
    expectTypeOf<OutputOf<typeof fallback>>().toEqualTypeOf<readonly { score: number }[]>();
  });

  it("its items may be workflows, whose last output it has, and whose waits are told by the paths of items", () => {
    const Given = v.object({ id: v.string() });
    const body = defineWorkflow("test:w", { name: "one", version: "1", input: Given })
      .step("first", score, ({ input }) => ({ applicantId: input.id }))
      .waitFor("ok", { after: ["first"], answer: v.object({ fine: v.boolean() }) }, ({ first }) => first.score);
    const wholes = flow.each("all", body, { over: () => ["a"], tolerate: 1 }, ({ item, index }) => {
      expectTypeOf(item).toEqualTypeOf<string>();
      return { id: `${item}${index}` };
    });
    expectTypeOf<OutputOf<typeof wholes>>().toEqualTypeOf<readonly ItemResult<{ fine: boolean }>[]>();
    const told = run(wholes, { id: "x", amount: 1 });
    expectTypeOf(told.tell).toBeCallableWith("all[3]/ok", { fine: true });
    // @ts-expect-error: it is told whether it is fine
    void told.tell("all[3]/ok", { fine: 1 });
    // @ts-expect-error: a workflow has no fallback
    flow.each("some", body, { over: () => ["a"], fallback: () => ({ fine: true }) }, ({ item }) => ({ id: item }));
    // @ts-expect-error: an id is a string
    flow.each("some", body, { over: () => [1] }, ({ item }) => ({ id: item }));
    // @ts-expect-error: an id is missing
    flow.each("some", body, { over: () => [1] }, () => ({}));
  });

  // the place of the directive is where the compiler says it
  it("what doesn't fit is an error where it is", () => {
    // @ts-expect-error: an applicant's id is a string
    flow.each("all", score, { over: () => [1] }, ({ item }) => ({ applicantId: item }));
    // @ts-expect-error: a list is needed
    flow.each("all", score, { over: () => 1 }, () => ({ applicantId: "" }));
    // @ts-expect-error: income is not in after
    flow.each("all", score, { after: ["score"], over: ({ income: i }) => [i] }, () => ({ applicantId: "" }));
    // @ts-expect-error: all or a number
    flow.each("all", score, { over: () => [1], tolerate: "some" }, () => ({ applicantId: "" }));
    // @ts-expect-error: a score is a number
    flow.each("all", score, { over: () => ["a"], fallback: () => ({ score: "" }) }, () => ({ applicantId: "" }));
    // @ts-expect-error: an item of this list is a text
    flow.each("all", score, { over: () => ["a"], fallback: ({ item }) => ({ score: item }) }, () => ({
      applicantId: "",
    }));
    // @ts-expect-error: there is a step score
    flow.each("score", score, { over: () => [1] }, () => ({ applicantId: "" }));
    // @ts-expect-error: a score is a number
    flow.each("all", score, { over: () => [1], when: () => true, otherwise: () => [{ score: "" }] }, () => ({
      applicantId: "",
    }));
  });
});

describe("what a run's steps emit", () => {
  const writer = defineAgent("test:agents", {
    name: "writer",
    version: "1",
    input: v.object({ applicantId: v.string() }),
    output: v.object({ text: v.string() }),
    emits: v.string(),
    execute: () => ({ text: "" }),
  });
  const painter = defineAgent("test:agents", {
    name: "painter",
    version: "1",
    input: v.object({ applicantId: v.string() }),
    output: v.object({}),
    emits: v.object({ x: v.number(), at: v.pipe(v.string(), v.toDate()) }),
    execute: () => ({}),
  });
  const page = begin()
    .step("write", writer, ({ input }) => ({ applicantId: input.id }))
    .step("score", score, { after: ["write"] }, ({ input }) => ({ applicantId: input.id }))
    .waitFor("ok", { answer: v.boolean() }, () => null);
  const book = begin()
    .step("page", page, ({ input }) => input)
    .each("paint", painter, { over: ({ input }) => [input.id] }, ({ item }) => ({ applicantId: item }))
    .loop(
      "draw",
      { painter, writer },
      { max: 2, until: () => true, who: () => "painter" },
      {
        painter: () => ({ applicantId: "" }),
        writer: () => ({ applicantId: "" }),
      },
    )
    .pause("rest", { ms: 1 });
  const running = run(book, { id: "1" });

  it("is typed by the step, in sub-workflows and lists too", async () => {
    for await (const item of running.stream()) {
      if (item.kind !== "part") continue;
      expectTypeOf(item.step).toEqualTypeOf<"page/write" | `paint[${number}]` | `draw#${number}`>();
      if (item.step === "page/write") expectTypeOf(item.value).toEqualTypeOf<string>();
      else expectTypeOf(item.value).toEqualTypeOf<string | { x: number; at: Date }>();
    }
    running.stream$.subscribe((item) => {
      if (item.kind === "part" && item.step === "page/write") expectTypeOf(item.value).toEqualTypeOf<string>();
    });
  });

  it("is text for run.text", () => {
    running.text("page/write");
    // @ts-expect-error: it emits points
    running.text("paint[0]");
    // @ts-expect-error: it emits nothing
    running.text("page/score");
    // @ts-expect-error: there is no such step
    running.text("write");
  });

  it("is unknown where the workflow is", () => {
    const unknown: Run = running;
    unknown.text("anything");
    unknown.stream$.subscribe((item) => {
      if (item.kind === "part") expectTypeOf(item.value).toEqualTypeOf<unknown>();
    });
    const plain: WorkflowDefinition<{ id: string }> = page;
    run(plain, { id: "1" }).text("anything");
  });
});

describe("a workflow with loops", () => {
  const flow = both();

  it("gives a round what came before the loop, and the output of the round before, once there is one", () => {
    const loop = flow.loop(
      "again",
      score,
      {
        after: ["score"],
        max: 3,
        until: ({ last, round, score: given }) => {
          expectTypeOf(last).toEqualTypeOf<{ score: number }>();
          expectTypeOf(round).toEqualTypeOf<number>();
          expectTypeOf(given).toEqualTypeOf<{ score: number }>();
          return true;
        },
      },
      ({ last, round, told, score: given }) => {
        expectTypeOf(last).toEqualTypeOf<{ score: number } | undefined>();
        expectTypeOf(round).toEqualTypeOf<number>();
        expectTypeOf(told).toEqualTypeOf<readonly never[]>();
        expectTypeOf(given).toEqualTypeOf<{ score: number }>();
        return { applicantId: "" };
      },
    );
    expectTypeOf<OutputOf<typeof loop>>().toEqualTypeOf<{ score: number }>();
    const skipped = flow.loop("again", score, { max: 3, until: () => true, when: () => true }, () => ({
      applicantId: "",
    }));
    expectTypeOf<OutputOf<typeof skipped>>().toEqualTypeOf<{ score: number } | undefined>();
  });

  it("tells by the agent's name whose output the last one is, of agents whose inputs and outputs differ", () => {
    const desk = flow.loop(
      "desk",
      { score, income },
      {
        inbox: v.pipe(
          v.string(),
          v.transform((text) => text.length),
        ),
        max: 9,
        until: ({ by, last }) => (by === "score" ? last.score > 1 : last.verified),
        who: ({ by, last }) => {
          if (by === undefined) expectTypeOf(last).toEqualTypeOf<undefined>();
          if (by === "score") expectTypeOf(last).toEqualTypeOf<{ score: number }>();
          return by === "score" ? "income" : "score";
        },
      },
      {
        score: ({ told, input }) => {
          expectTypeOf(told).toEqualTypeOf<readonly number[]>();
          return { applicantId: input.id };
        },
        income: ({ by, last }) => {
          if (by === "income") expectTypeOf(last.at).toEqualTypeOf<Date>();
          return { applicantId: "" };
        },
      },
    );
    expectTypeOf<OutputOf<typeof desk>>().toEqualTypeOf<{ score: number } | { verified: boolean; at: Date }>();
    assertType<(system: System) => void>((system) => void system.run(desk, { id: "", amount: 1 }).tell("desk", "text"));
  });
});

describe("a loop whose rounds are workflows", () => {
  const Given = v.object({ id: v.string() });
  const talker = defineAgent("test:a", {
    name: "talker",
    version: "1",
    input: Given,
    output: v.object({ text: v.string() }),
    emits: v.string(),
    execute: () => ({ text: "" }),
  });
  const body = defineWorkflow("test:w", { name: "one", version: "1", input: Given })
    .step("write", talker, ({ input }) => input)
    .waitFor("ok", { after: ["write"], answer: v.object({ fine: v.boolean() }) }, ({ write }) => write.text);
  const flow = both();

  it("has the output of the last step of the last round, and its waits are told by the paths of rounds", () => {
    const loop = flow.loop(
      "again",
      body,
      {
        inbox: v.string(),
        max: 3,
        until: ({ last, round }) => {
          expectTypeOf(round).toEqualTypeOf<number>();
          expectTypeOf(last).toEqualTypeOf<{ fine: boolean }>();
          return last.fine;
        },
      },
      ({ last, round, told, input }) => {
        expectTypeOf(last).toEqualTypeOf<{ fine: boolean } | undefined>();
        expectTypeOf(told).toEqualTypeOf<readonly string[]>();
        return { id: `${input.id}${round}` };
      },
    );
    expectTypeOf<OutputOf<typeof loop>>().toEqualTypeOf<{ fine: boolean }>();
    const running = run(loop, { id: "x", amount: 1 });
    void running.tell("again#3/ok", { fine: true });
    void running.tell("again", "text");
    // @ts-expect-error: it is told whether it is fine
    void running.tell("again#3/ok", { fine: 1 });
    running.text("again#3/write");
    // @ts-expect-error: nothing of that name emits
    running.text("again#3");
  });

  it("refuses what is no input of the workflow, and a who", () => {
    // @ts-expect-error: an id is missing
    flow.loop("again", body, { max: 3, until: () => true }, () => ({}));
    // @ts-expect-error: it has no who
    flow.loop("again", body, { max: 3, until: () => true, who: () => "one" }, () => ({ id: "" }));
    // @ts-expect-error: rounds are handed from agent to agent
    flow.loop("again", { body, score }, { max: 3, until: () => true, who: () => "body" }, {});
  });
});

describe("findRun", () => {
  it("gives a run with the output of the workflow, where it is given", () => {
    const workflow = defineWorkflow("test:workflows", {
      name: "w",
      version: "1",
      input: v.object({ id: v.string() }),
    }).step("score", score, ({ input }) => ({ applicantId: input.id }));
    expectTypeOf((system: System) => system.findRun(workflow, "r")).returns.resolves.toEqualTypeOf<
      Run<{ score: number }, unknown, { readonly score: { score: number } }, { readonly score: never }>
    >();
    expectTypeOf((system: System) => system.findRun("r")).returns.resolves.toEqualTypeOf<Run>();
    // @ts-expect-error an actor's name is no workflow
    void ((system: System) => system.findRun("w", "r"));
  });
});
