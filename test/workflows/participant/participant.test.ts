import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  type AgentContext,
  type AgentDefinition,
  type AgentOptions,
  defineAgent,
} from "../../../src/agents/agent-definition.ts";
import { Cancellation } from "../../../src/async/cancellation.ts";
import { Participant, type ParticipantPorts } from "../../../src/workflows/participant/participant.ts";
import type { Work } from "../../../src/workflows/participant/work-slots.ts";
import { PayloadCodec } from "../../../src/contracts/payload-codec.ts";
import type { Grant, ToParticipant } from "../../../src/workflows/coordination/coordination-protocol.ts";
import type { Claim, Outcome } from "../../../src/workflows/history/run-event.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { TroupeError } from "../../../src/errors/troupe-error.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { stillClock } from "../support/example-workflow.ts";

const Input = v.object({ n: v.number(), unit: v.optional(v.string(), "eur") });
const Output = v.object({ doubled: v.pipe(v.number(), v.maxValue(100)) });
type Agent = AgentOptions<typeof Input, typeof Output>;

function agentOf(
  options: Partial<Pick<Agent, "compensate" | "compensateUnknown" | "concurrency" | "execute" | "policies">> = {},
): AgentDefinition {
  return defineAgent("test:agents", {
    name: "doubler",
    version: "1.0.0",
    input: Input,
    output: Output,
    execute: ({ n }) => ({ doubled: 2 * n }),
    ...options,
  });
}

/** Works until it is called off. */
const untilAborted: Agent["execute"] = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Desk {
  readonly claims: {
    readonly run: string;
    readonly event: Claim;
    answer(grant: Grant | false): void;
    fail(error: Error): void;
  }[] = [];
  readonly outcomes: (readonly [run: string, outcome: Outcome])[] = [];
  readonly begun: (readonly [run: string, step: string, attempt: number])[] = [];
  readonly errors: unknown[] = [];
  readonly leftBehind: TroupeError[] = [];
  readonly participant: Participant;
  #number = 0;

  constructor(agent: AgentDefinition, ports: Partial<ParticipantPorts> = {}) {
    this.participant = new Participant(agent, {
      claim: (run, event) => new Promise((answer, fail) => this.claims.push({ run, event, answer, fail })),
      emitted: () => Promise.resolve(false),
      later: setImmediate,
      begun: (...attempt) => void this.begun.push(attempt),
      report: (run, event) => void this.outcomes.push([run, event]),
      workflow: () => workflowOf(agent),
      context: ({ run, step, idempotencyKey, cancellation }) =>
        ({ run, step, idempotencyKey, signal: cancellation.signal }) as AgentContext,
      onLeftBehind: (_work, error) => void this.leftBehind.push(error),
      onError: (error) => this.errors.push(error),
      settled: () => Promise.resolve(),
      codec: new PayloadCodec({ maxBytes: 1e6 }),
      clock: stillClock,
      ...ports,
    });
  }

  handle(message: ToParticipant): void | Promise<void> {
    return this.participant.handle({ number: ++this.#number, message });
  }

  perform(step: string, input: unknown, run = "r"): void | Promise<void> {
    return this.handle({ type: "perform", run, epoch: 1, handOver: false, step, input });
  }
}

function workflowOf(agent: AgentDefinition): WorkflowDefinition {
  const typed = agent as AgentDefinition<{ n: number }, { doubled: number }>;
  return defineWorkflow("test:workflows", { name: "twice", version: "1", input: v.object({ n: v.number() }) })
    .step("first", typed, ({ input }) => ({ n: input.n }))
    .step("second", typed, { after: ["first"] }, ({ first }) => ({ n: first.doubled }));
}

const workflow = { module: "test:workflows", name: "twice", version: "1" };
const relay = (
  steps: readonly string[],
  ...events: Extract<ToParticipant, { type: "relay" }>["events"]
): ToParticipant => ({
  type: "relay",
  run: "r",
  epoch: 1,
  handOver: false,
  workflow,
  steps,
  events,
});
const begun = relay(["first", "second"], { type: "run-started", input: { n: 2 } });
const firstDone = relay(["second"], { type: "step-settled", step: "first", output: { doubled: 4 } });

describe("an order to perform", () => {
  it("is executed with the parsed input and reported with the parsed output", async () => {
    const seen: unknown[] = [];
    const desk = new Desk(
      agentOf({
        execute: (input, { run, step, idempotencyKey }) => (
          seen.push([input, run, step, idempotencyKey]),
          { doubled: 8, more: 1 }
        ),
      }),
    );
    await desk.perform("first", { n: 4, odd: true });
    expect(seen).toEqual([[{ n: 4, unit: "eur" }, "r", "first", "r/first"]]);
    expect(desk.outcomes).toEqual([["r", { type: "step-finished", step: "first", output: { doubled: 8 } }]]);
    expect(desk.participant.load).toEqual({ joins: 0, work: 0 });
  });

  it("tells when its code begins, in its turn and after its input was checked, where requests are limited", async () => {
    const policies = { rateLimits: [{ requests: 1 }] };
    const ends: (() => void)[] = [];
    const execute = () => new Promise<{ doubled: number }>((resolve) => ends.push(() => resolve({ doubled: 2 })));
    const desk = new Desk(agentOf({ policies, execute }));
    const perform = async (...[step, input, run]: [string, unknown, string]) => desk.perform(step, input, run);
    const done = [perform("first", { n: 1 }, "a"), perform("first", { n: "x" }, "b"), perform("second", { n: 1 }, "c")];
    await new Promise(setImmediate);
    expect(desk.begun).toEqual([["a", "first", 1]]);
    ends[0]?.();
    await Promise.all(done.slice(0, 2));
    await new Promise(setImmediate);
    expect(desk.begun).toEqual([
      ["a", "first", 1],
      ["c", "second", 1],
    ]);
    ends[1]?.();
    await Promise.all(done);
    const unlimited = new Desk(agentOf({}));
    await unlimited.perform("first", { n: 1 });
    expect(unlimited.begun).toEqual([]);
  });

  it.each([
    [
      "violates the input's contract",
      { n: "x" },
      {},
      { code: "contract-violated", details: { direction: "input", side: "receiver", path: "n" } },
    ],
    [
      "gives what the output's contract refuses",
      { n: 99 },
      {},
      { code: "contract-violated", details: { direction: "output", side: "sender" } },
    ],
    [
      "throws",
      { n: 1 },
      {
        execute: () => {
          throw Object.assign(new Error("no funds"), { code: "E1" });
        },
      },
      { kind: "error", message: "no funds", code: "E1" },
    ],
    [
      "throws something else",
      { n: 1 },
      {
        execute: () => {
          throw "a string"; // oxlint-disable-line typescript/only-throw-error
        },
      },
      { kind: "value", value: "a string" },
    ],
    [
      "rejects",
      { n: 1 },
      { execute: async () => Promise.reject(new TypeError("late")) },
      { name: "TypeError", message: "late" },
    ],
  ])("that %s fails its step", async (_, input, options, error) => {
    const desk = new Desk(agentOf(options));
    await desk.perform("first", input);
    expect(desk.outcomes).toMatchObject([["r", { type: "step-failed", step: "first", error }]]);
    expect(desk.outcomes[0]?.[1]).not.toHaveProperty("epoch"); // it was in flight
  });

  it("is executed once however often it arrives, also after it was done (invariant 5)", async () => {
    let executed = 0;
    const desk = new Desk(agentOf({ execute: ({ n }) => ({ doubled: (executed++, n) }) }));
    const message: ToParticipant = {
      type: "perform",
      run: "r",
      epoch: 1,
      handOver: false,
      step: "first",
      input: { n: 1 },
    };
    for (const number of [3, 3, 1, 2]) await desk.participant.handle({ number, message });
    await desk.participant.handle({ number: 3, message });
    expect([executed, desk.outcomes.length]).toEqual([1, 1]);
  });

  it("keeps its place in the mailbox until it is done and reported", async () => {
    let finish = (): void => undefined;
    const desk = new Desk(
      agentOf({ execute: () => new Promise((resolve) => (finish = () => resolve({ doubled: 1 }))) }),
    );
    let isOver = false;
    const handled = Promise.resolve(desk.perform("first", { n: 1 })).then(() => (isOver = true));
    await settled();
    expect(isOver).toBe(false);
    finish();
    await handled;
    expect(desk.outcomes.length).toBe(1);
  });

  it("waits while the agent works on as many as it allows, first in, first out (invariant 2)", async () => {
    for (const concurrency of [1, 2]) {
      const inHand: (() => void)[] = [];
      const order: unknown[] = [];
      const desk = new Desk(
        agentOf({
          concurrency,
          execute: ({ n }, { step }) => (
            order.push(step),
            new Promise((resolve) => inHand.push(() => resolve({ doubled: n })))
          ),
        }),
      );
      for (const step of ["s1", "s2", "s3", "s4"]) void desk.perform(step, { n: 1 });
      await settled();
      expect(order.length).toBe(concurrency);
      while (inHand.length > 0) {
        expect(inHand.length).toBeLessThanOrEqual(concurrency);
        inHand.shift()?.();
        await settled();
      }
      expect(order).toEqual(["s1", "s2", "s3", "s4"]);
    }
  });

  it("whose output can't be sent fails its step", async () => {
    const outcomes: Outcome[] = [];
    const { TroupeError } = await import("../../../src/errors/troupe-error.ts");
    const desk = new Desk(agentOf(), {
      report(_, outcome) {
        if (outcome.type === "step-finished")
          throw new TroupeError("message-too-large", "too large", { details: { maxBytes: 1 } });
        outcomes.push(outcome);
      },
    });
    await desk.perform("first", { n: 1 });
    expect(outcomes).toMatchObject([{ type: "step-failed", step: "first", error: { code: "message-too-large" } }]);
    expect(desk.errors).toEqual([]);
  });

  it("whose outcome can't be told makes the participant useless, which it says", async () => {
    const unreachable = new Error("the supervisor is gone");
    const desk = new Desk(agentOf(), { report: () => Promise.reject(unreachable) });
    await desk.perform("first", { n: 1 });
    expect(desk.errors).toEqual([unreachable]);
  });
});

describe("an attempt", () => {
  it("after the first says which it is, under the same idempotency key, and what it took", async () => {
    const keys: string[] = [];
    const clock = new FakeClock();
    const spent: unknown[] = [];
    const agent = agentOf({
      execute: ({ n }, context) => {
        keys.push(context.idempotencyKey);
        clock.pass(30);
        return { doubled: 2 * n };
      },
    });
    const desk = new Desk(agent, {
      clock,
      report: (run, event, report) => {
        desk.outcomes.push([run, event]);
        spent.push(report);
      },
    });
    await desk.perform("first", { n: 1 });
    await desk.handle({
      type: "perform",
      run: "r",
      epoch: 1,
      handOver: false,
      step: "first",
      input: { n: 1 },
      attempt: 2,
    });
    expect(keys).toEqual(["r/first", "r/first"]);
    expect(desk.outcomes.map(([, event]) => event)).toEqual([
      { type: "step-finished", step: "first", output: { doubled: 2 } },
      { type: "step-finished", step: "first", output: { doubled: 2 }, attempt: 2 },
    ]);
    expect(spent).toEqual([
      { took: 30, tokens: 0 },
      { took: 30, tokens: 0 },
    ]);
  });

  it("whose time is up has failed, with its signal aborted; what its code gives later is told too, for its place", async () => {
    const clock = new FakeClock();
    const contexts: AgentContext[] = [];
    const spent: unknown[] = [];
    let finish: (output: { doubled: number }) => void = () => undefined;
    const agent = agentOf({
      policies: { timeout: 50 },
      execute: (_input, context) => {
        contexts.push(context);
        return new Promise((resolve) => (finish = resolve));
      },
    });
    const desk = new Desk(agent, {
      clock,
      report: (run, event, report) => {
        desk.outcomes.push([run, event]);
        spent.push(report);
      },
    });
    const done = desk.perform("first", { n: 1 });
    await settled();
    clock.pass(49);
    expect(desk.outcomes).toEqual([]);
    clock.pass(1);
    expect(contexts[0]?.signal.reason).toMatchObject({
      code: "timed-out",
      details: { run: "r", step: "first", timeout: 50 },
    });
    expect(desk.outcomes).toMatchObject([["r", { type: "step-failed", step: "first", error: { code: "timed-out" } }]]);
    finish({ doubled: 2 });
    await done;
    expect(desk.outcomes[1]).toMatchObject(["r", { type: "step-finished", step: "first" }]);
    expect(spent).toEqual([
      { took: 50, tokens: 0, isRunning: true },
      { took: 50, tokens: 0 },
    ]);
    expect(clock.timers.size).toBe(0);
  });

  it("that hangs is left behind 5 s after its signal aborted: it has failed, and its slot is for others", async () => {
    const clock = new FakeClock();
    const finishes: ((output: { doubled: number }) => void)[] = [];
    const agent = agentOf({ execute: () => new Promise((resolve) => finishes.push(resolve)) });
    const desk = new Desk(agent, { clock });
    const hanging = desk.perform("first", { n: 1 });
    const next = desk.perform("first", { n: 2 }, "s");
    await settled();
    void desk.handle({ type: "abort", run: "r" });
    clock.pass(4_999);
    await settled();
    expect([desk.outcomes, desk.leftBehind, finishes.length]).toEqual([[], [], 1]);
    clock.pass(1);
    await hanging;
    await settled();
    expect(desk.outcomes).toMatchObject([["r", { type: "step-failed", error: { code: "run-cancelled" } }]]);
    expect(desk.leftBehind).toMatchObject([
      { code: "timed-out", details: { agent: "doubler", run: "r", step: "first" } },
    ]);
    finishes[0]?.({ doubled: 2 }); // no caller waits for it any more
    finishes[1]?.({ doubled: 4 });
    await next;
    expect(desk.outcomes.slice(1)).toMatchObject([["s", { type: "step-finished", output: { doubled: 4 } }]]);
    expect([desk.participant.load.work, clock.timers.size]).toEqual([0, 0]);
  });

  it("that ends within these 5 s, or whose participant stops, is not", async () => {
    const clock = new FakeClock();
    const finishes: ((output: { doubled: number }) => void)[] = [];
    const agent = agentOf({ concurrency: 2, execute: () => new Promise((resolve) => finishes.push(resolve)) });
    const desk = new Desk(agent, { clock });
    const slow = desk.perform("first", { n: 1 });
    void desk.perform("first", { n: 2 }, "s");
    await settled();
    for (const run of ["r", "s"]) void desk.handle({ type: "abort", run });
    clock.pass(1_000);
    finishes[0]?.({ doubled: 2 });
    await slow;
    expect(desk.outcomes).toMatchObject([["r", { type: "step-finished" }]]);
    desk.participant.stop();
    expect(clock.timers.size).toBe(0);
    clock.pass(10_000);
    expect(desk.leftBehind).toEqual([]);
  });

  it("that ends in time sets off nothing", async () => {
    const clock = new FakeClock();
    const desk = new Desk(agentOf({ policies: { timeout: 50 } }), { clock });
    await desk.perform("first", { n: 1 });
    clock.pass(1_000);
    expect(desk.outcomes).toHaveLength(1);
  });

  it("doesn't count the time in which it waits for its turn", async () => {
    const clock = new FakeClock();
    const finishes: (() => void)[] = [];
    const agent = agentOf({
      policies: { timeout: 50 },
      execute: ({ n }) => new Promise((resolve) => finishes.push(() => resolve({ doubled: n }))),
    });
    const desk = new Desk(agent, { clock });
    const both = [desk.perform("first", { n: 1 }), desk.perform("first", { n: 2 }, "s")];
    await settled();
    clock.pass(40);
    finishes[0]?.();
    await both[0];
    await settled();
    clock.pass(40);
    finishes[1]?.();
    await both[1];
    expect(desk.outcomes.map(([, { type }]) => type)).toEqual(["step-finished", "step-finished"]);
  });

  it("that is due under the relay is claimed, and then made", async () => {
    const desk = new Desk(agentOf());
    const done = desk.handle({
      type: "due",
      run: "r",
      epoch: 3,
      handOver: false,
      step: "first",
      input: { n: 4 },
      attempt: 2,
    });
    expect(desk.claims[0]?.event).toEqual({
      type: "step-started",
      step: "first",
      input: { n: 4 },
      by: "relay",
      epoch: 3,
      attempt: 2,
    });
    desk.claims[0]?.answer({ deadline: 9_000 });
    await done;
    expect(desk.outcomes).toEqual([
      ["r", { type: "step-finished", step: "first", output: { doubled: 8 }, attempt: 2 }],
    ]);
  });
});

describe("an order to compensate", () => {
  const order = (input: unknown, output: unknown): ToParticipant => ({
    type: "compensate",
    run: "r",
    epoch: 1,
    handOver: false,
    own: { step: "first", input, output },
  });

  it("gets what the step gave and was given, under a key of its own", async () => {
    const seen: unknown[] = [];
    const desk = new Desk(
      agentOf({ compensate: (output, { idempotencyKey }, input) => void seen.push(output, idempotencyKey, input) }),
    );
    await desk.handle(order({ n: 2 }, { doubled: 4 }));
    expect(seen).toEqual([{ doubled: 4 }, "r/first/compensation", { n: 2, unit: "eur" }]);
    expect(desk.outcomes).toEqual([["r", { type: "compensation-finished", step: "first" }]]);
  });

  it("of a step whose effects are unknown gets what the step was given", async () => {
    const seen: unknown[] = [];
    const desk = new Desk(
      agentOf({
        compensate: () => void seen.push("compensate"),
        compensateUnknown: (input, { idempotencyKey }) => void seen.push(input, idempotencyKey),
      }),
    );
    const own = { step: "first", input: { n: 2 }, output: undefined, isUnknown: true, attempt: 3 } as const;
    await desk.handle({ type: "compensate", run: "r", epoch: 1, handOver: false, own });
    expect(seen).toEqual([{ n: 2, unit: "eur" }, "r/first/compensation"]);
    expect(desk.outcomes).toEqual([["r", { type: "compensation-finished", step: "first", attempt: 3 }]]);
  });

  it("that throws is reported", async () => {
    const desk = new Desk(agentOf({ compensate: () => Promise.reject(new Error("too late")) }));
    await desk.handle(order({ n: 2 }, { doubled: 4 }));
    expect(desk.outcomes).toMatchObject([
      ["r", { type: "compensation-failed", step: "first", error: { message: "too late" } }],
    ]);
  });

  it("waits for the code of an attempt whose time was up, and for what was committed, before it begins", async () => {
    const clock = new FakeClock();
    const did: string[] = [];
    let [finish, settle] = [() => {}, () => {}];
    const agent = agentOf({
      concurrency: 2,
      policies: { timeout: 50 },
      execute: () =>
        new Promise((resolve) => {
          finish = () => (did.push("executed"), resolve({ doubled: 2 }));
        }),
      compensateUnknown: () => void did.push("undone"),
    });
    const landing = new Promise<void>((resolve) => {
      settle = () => (did.push("landed"), resolve());
    });
    const desk = new Desk(agent, { clock, settled: () => landing });
    void desk.perform("first", { n: 1 });
    await settled();
    clock.pass(50);
    const own = { step: "first", input: { n: 1 }, output: undefined, isUnknown: true } as const;
    const undoing = desk.handle({ type: "compensate", run: "r", epoch: 1, handOver: false, own });
    await settled();
    expect(did).toEqual([]);
    finish();
    await settled();
    settle();
    await undoing;
    expect(did).toEqual(["executed", "landed", "undone"]);
  });

  it("waits no longer than until that code is left behind", async () => {
    const clock = new FakeClock();
    const undone: string[] = [];
    const agent = agentOf({
      concurrency: 2,
      policies: { timeout: 50 },
      execute: () => new Promise(() => undefined),
      compensateUnknown: () => void undone.push("first"),
    });
    const desk = new Desk(agent, { clock });
    void desk.perform("first", { n: 1 });
    await settled();
    clock.pass(50);
    const own = { step: "first", input: { n: 1 }, output: undefined, isUnknown: true } as const;
    const undoing = desk.handle({ type: "compensate", run: "r", epoch: 1, handOver: false, own });
    clock.pass(4_999);
    await settled();
    expect(undone).toEqual([]);
    clock.pass(1);
    await undoing;
    expect(undone).toEqual(["first"]);
  });

  it("is not aborted with the run", async () => {
    let finish = (): void => undefined;
    const signals: AbortSignal[] = [];
    const desk = new Desk(
      agentOf({ compensate: (_, { signal }) => (signals.push(signal), new Promise((resolve) => (finish = resolve))) }),
    );
    const handled = desk.handle(order({ n: 2 }, { doubled: 4 }));
    void desk.handle({ type: "abort", run: "r" });
    await settled();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    finish();
    await handled;
  });
});

describe("a cancelled run", () => {
  it("aborts the signal of its steps in flight, and of no other", async () => {
    const signals = new Map<string, AbortSignal>();
    const execute: Agent["execute"] = (_, { run, signal }) => (
      signals.set(String(run), signal),
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))
    );
    const desk = new Desk(agentOf({ concurrency: 2, execute }));
    const handled = desk.perform("first", { n: 1 }, "r1");
    void desk.perform("first", { n: 1 }, "r2");
    await settled();
    void desk.handle({ type: "abort", run: "r1", reason: "enough" });
    await handled;
    expect(signals.get("r2")?.aborted).toBe(false);
    expect(desk.outcomes).toMatchObject([
      [
        "r1",
        { type: "step-failed", error: { code: "run-cancelled", message: expect.stringContaining("enough") as string } },
      ],
    ]);
  });

  it("does not begin a step that waits for its turn, and says so at once", async () => {
    const inHand: (() => void)[] = [];
    const desk = new Desk(
      agentOf({ execute: ({ n }) => new Promise((resolve) => inHand.push(() => resolve({ doubled: n }))) }),
    );
    const working = desk.perform("first", { n: 1 }, "r1");
    const waiting = desk.perform("first", { n: 1 }, "r2");
    void desk.handle({ type: "abort", run: "r2" });
    await waiting;
    inHand.shift()?.();
    await working;
    expect(inHand).toEqual([]);
    expect(desk.outcomes.map(([run, { type }]) => [run, type])).toEqual([
      ["r2", "step-failed"],
      ["r1", "step-finished"],
    ]);
  });
});

describe("a relayed run", () => {
  it("is joined, claimed and executed only when the claim is accepted", async () => {
    const desk = new Desk(agentOf());
    const handled = desk.handle(begun);
    expect(desk.claims.map(({ event }) => event)).toEqual([
      { type: "step-started", step: "first", input: { n: 2 }, by: "relay", epoch: 1 },
    ]);
    expect(desk.outcomes).toEqual([]);
    desk.claims[0]?.answer({});
    await handled;
    expect(desk.outcomes).toEqual([["r", { type: "step-finished", step: "first", output: { doubled: 4 } }]]);
    const next = desk.handle(firstDone);
    expect(desk.claims[1]?.event).toMatchObject({ step: "second", input: { n: 4 } });
    desk.claims[1]?.answer(false);
    await next;
    expect(desk.outcomes.length).toBe(1);
    expect(desk.participant.load).toEqual({ joins: 0, work: 0 });
  });

  it("is forgotten when it is released", async () => {
    const desk = new Desk(agentOf());
    const handled = desk.handle(begun);
    desk.claims[0]?.answer({});
    await handled;
    expect(desk.participant.load).toEqual({ joins: 1, work: 0 }); // the second step waits for the first
    void desk.handle({ type: "release", run: "r", workflow });
    expect(desk.participant.load).toEqual({ joins: 0, work: 0 });
  });

  it("does not begin a step whose abort overtook the answer to its claim, but says that it failed", async () => {
    let executed = 0;
    const desk = new Desk(agentOf({ execute: () => ({ doubled: ++executed }) }));
    const handled = desk.handle(begun);
    void desk.handle({ type: "abort", run: "r" });
    desk.claims[0]?.answer({});
    await handled;
    expect(executed).toBe(0);
    expect(desk.outcomes).toMatchObject([
      ["r", { type: "step-failed", step: "first", error: { code: "run-cancelled" } }],
    ]);
  });

  it("is undone by its participants, each claiming its own step", async () => {
    const undone: unknown[] = [];
    const desk = new Desk(agentOf({ compensate: (output, { step }) => void undone.push([step, output]) }));
    const own = [{ step: "first", input: { n: 1 }, output: { doubled: 2 } }];
    expect(
      desk.handle(relay(["first"], { type: "run-compensating", remaining: ["other", "first"], own })),
    ).toBeUndefined();
    const handled = desk.handle(relay(["first"], { type: "run-compensating", remaining: ["first"], own }));
    expect(desk.claims.map(({ event }) => event)).toEqual([
      { type: "compensation-started", step: "first", by: "relay", epoch: 1 },
    ]);
    desk.claims[0]?.answer({});
    await handled;
    expect(undone).toEqual([["first", { doubled: 2 }]]);
    expect(desk.outcomes).toEqual([["r", { type: "compensation-finished", step: "first" }]]);
  });

  it("waits for its workflow to load, without losing the order of what arrives meanwhile", async () => {
    let load = (_: WorkflowDefinition): void => undefined;
    let lookUps = 0;
    const agent = agentOf();
    const desk = new Desk(agent, { workflow: () => (lookUps++, new Promise((resolve) => (load = resolve))) });
    void desk.handle(begun);
    void desk.handle(firstDone);
    void desk.handle({ type: "release", run: "r", workflow });
    expect(desk.claims).toEqual([]);
    load(workflowOf(agent));
    await settled();
    expect(desk.claims.map(({ event }) => event.step)).toEqual(["first", "second"]);
    expect([desk.participant.load.joins, lookUps]).toEqual([0, 1]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no such module");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no such module"))],
  ])("fails the steps of a participant whose look-up of the workflow %s", async (_, lookUp) => {
    const desk = new Desk(agentOf(), { workflow: lookUp });
    await desk.handle(begun);
    expect(desk.outcomes).toMatchObject([
      ["r", { type: "step-failed", step: "first", epoch: 1, error: { message: "no such module" } }],
      ["r", { type: "step-failed", step: "second", epoch: 1 }],
    ]);
  });

  it("does not go on when the supervisor can't be asked, which the participant says", async () => {
    const desk = new Desk(agentOf());
    const handled = desk.handle(begun);
    const gone = new Error("gone");
    desk.claims[0]?.fail(gone);
    await handled;
    expect([desk.errors, desk.outcomes, desk.participant.load.work]).toEqual([[gone], [], 0]);
  });
});

describe("a direct call", () => {
  it("executes outside of any run, in its turn", async () => {
    const contexts: unknown[] = [];
    const desk = new Desk(
      agentOf({
        execute: ({ n }, { run, step, idempotencyKey }) => (
          contexts.push([run, step, idempotencyKey]),
          { doubled: n, extra: 1 }
        ),
      }),
    );
    expect(await desk.participant.execute({ n: 7 }, { idempotencyKey: "k" })).toEqual({ doubled: 7 });
    expect(contexts).toEqual([[undefined, undefined, "k"]]);
    expect([desk.outcomes, desk.participant.load.work]).toEqual([[], 0]);
  });

  it("throws what went wrong as it is", async () => {
    const broken = new Error("broken");
    const desk = new Desk(agentOf({ execute: () => Promise.reject(broken) }));
    await expect(desk.participant.execute({ n: 1 }, { idempotencyKey: "k" })).rejects.toBe(broken);
    await expect(desk.participant.execute({ n: "x" }, { idempotencyKey: "k" })).rejects.toMatchObject({
      code: "contract-violated",
    });
  });

  it("aborts its signal when the caller gives up, and doesn't begin for one that has", async () => {
    const desk = new Desk(agentOf({ execute: untilAborted }));
    const cancellation = new Cancellation();
    const started: string[] = [];
    const options = (name: string) => ({ idempotencyKey: name, cancellation, onBegin: () => void started.push(name) });
    const call = desk.participant.execute({ n: 1 }, options("first"));
    const waiting = desk.participant.execute({ n: 1 }, options("waits for its turn"));
    await settled();
    cancellation.abort(new Error("changed my mind"));
    for (const one of [call, waiting, desk.participant.execute({ n: 1 }, options("late"))])
      await expect(one).rejects.toThrow("changed my mind");
    expect(started).toEqual(["first"]);
    expect(desk.participant.load.work).toBe(0);
  });

  it("that is called off while it waits leaves its turn to the next", async () => {
    let finish: () => void = () => undefined;
    const started: unknown[] = [];
    const desk = new Desk(
      agentOf({
        execute: (_, { idempotencyKey }) => {
          started.push(idempotencyKey);
          return new Promise((resolve) => (finish = () => resolve({ doubled: 1 })));
        },
      }),
    );
    const [first, gone, next] = [new Cancellation(), new Cancellation(), new Cancellation()];
    const call = (idempotencyKey: string, cancellation: Cancellation) =>
      desk.participant.execute({ n: 1 }, { idempotencyKey, cancellation });
    const calls = [call("first", first), call("gone", gone), call("next", next)];
    void Promise.allSettled(calls);
    await settled();
    gone.abort(new Error("gone"));
    finish();
    await calls[0];
    await settled();
    finish();
    await calls[2];
    await expect(calls[1]).rejects.toThrow("gone");
    expect(started).toEqual(["first", "next"]);
  });

  it("is work with the caller's deadline until it is over; a step has none unless its run has", async () => {
    const works: Work[] = [];
    const desk = new Desk(agentOf({}), {
      context: (work) => {
        works.push(work);
        expect(work.isOver).toBe(false);
        return {} as AgentContext;
      },
    });
    await desk.participant.execute({ n: 1 }, { idempotencyKey: "k", deadline: 2000 });
    await desk.participant.execute({ n: 1 }, { idempotencyKey: "k" });
    await desk.perform("r", { n: 1 });
    expect(works.map(({ deadline, isOver }) => [deadline, isOver])).toEqual([
      [2000, true],
      [Number.POSITIVE_INFINITY, true],
      [Number.POSITIVE_INFINITY, true],
    ]);
  });
});

describe("a participant that is stopped", () => {
  it("aborts what it works on, reports none of that as failed, and begins nothing more", async () => {
    const desk = new Desk(
      agentOf({
        execute: untilAborted,
      }),
    );
    const both = [desk.perform("first", { n: 1 }), desk.perform("second", { n: 1 })];
    const direct = desk.participant.execute({ n: 1 }, { idempotencyKey: "k" });
    await settled();
    desk.participant.stop();
    for (const one of both) await one;
    await expect(direct).rejects.toMatchObject({ code: "actor-stopped" });
    await desk.perform("third", { n: 1 });
    await expect(desk.participant.execute({ n: 1 }, { idempotencyKey: "k2" })).rejects.toMatchObject({
      code: "actor-stopped",
    });
    expect(desk.outcomes).toEqual([]); // the supervisor counts it as lost
    void desk.handle(begun);
    expect(desk.participant.load.joins).toBe(0);
  });

  it("tells its code so while its actor still waits for that code, and reports what finishes all the same", async () => {
    const desk = new Desk(
      agentOf({
        async execute({ n }, { signal }) {
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return { doubled: 2 * n };
        },
      }),
    );
    const doing = desk.perform("first", { n: 1 });
    await settled();
    desk.participant.abort(new Error("the actor is being stopped"));
    await doing;
    expect(desk.outcomes).toMatchObject([["r", { type: "step-finished", output: { doubled: 2 } }]]);
  });
});
