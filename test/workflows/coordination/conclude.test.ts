import type { ErrorCode } from "../../../src/errors/error-code.ts";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import type { PolicyOptions } from "../../../src/agents/policies/policies.ts";
import { conclude } from "../../../src/workflows/coordination/conclude.ts";
import type { RunEvent, StepFailed } from "../../../src/workflows/history/run-event.ts";
import { apply } from "../../../src/workflows/history/run-machine.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { StepOptions } from "../../../src/workflows/definition/workflow-builder.ts";
import { planWorkflow, type WorkflowPlan } from "../../../src/workflows/coordination/workflow-plan.ts";
import { AskError } from "../../../src/errors/ask-error.ts";
import { encodeError } from "../../../src/errors/error-codec.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import { codec } from "../support/example-workflow.ts";

const terms = { codec, now: () => 1_000, dated: (at: number) => at, random: () => 0 };
const Value = v.object({ n: v.number() });

type Options = StepOptions<{ readonly input: { readonly n: number } }, { readonly n: number }>;

function planOf(policies: PolicyOptions<{ n: number }>, options: Options = {}): WorkflowPlan {
  const agent = defineAgent("test:agents", {
    name: "doer",
    version: "1.0.0",
    input: Value,
    output: Value,
    policies,
    execute: (input) => input,
    compensate: () => undefined,
  });
  return planWorkflow(
    defineWorkflow("test:workflows", { name: "w", version: "1", input: Value })
      .step("a", agent, options, ({ input }) => input)
      .step("b", agent, ({ input }) => input),
  );
}

function stateOf(plan: WorkflowPlan, ...events: readonly RunEvent[]): RunState {
  const started: RunEvent = {
    type: "run-started",
    workflow: plan.workflow,
    input: { n: 7 },
    steps: plan.outlines,
    coordination: "orchestrator",
    pinned: false,
    epoch: 1,
  };
  return [started, ...events].reduce<RunState>((state, event) => apply(state, event), newRun);
}

const begun: RunEvent = { type: "step-started", step: "a", input: { n: 7 }, by: "orchestrator", epoch: 1 };
const failure = (thrown: unknown): StepFailed => ({ type: "step-failed", step: "a", error: encodeError(thrown) });
const broken = failure(new Error("broken"));
const backoff = { first: 100, factor: 2, max: 1_000, jitter: 0 };
const retrying = { retry: { attempts: 3, backoff } };

describe("a step that failed", () => {
  it("is tried again as often as the policy says, with growing pauses, and then has failed", () => {
    const plan = planOf(retrying);
    let state = stateOf(plan, begun);
    const first = conclude(plan, state, broken, terms);
    expect(first).toMatchObject({ type: "step-failed", retryAt: 1_100 });
    state = apply(apply(state, first), { ...begun, attempt: 2 });
    const second = conclude(plan, state, { ...broken, attempt: 2 }, terms);
    expect(second).toMatchObject({ retryAt: 1_200, attempt: 2 });
    state = apply(apply(state, second), { ...begun, attempt: 3 });
    expect(conclude(plan, state, { ...broken, attempt: 3 }, terms)).toEqual({ ...broken, attempt: 3 });
  });

  it("isn't tried again once the run goes backward", () => {
    const plan = planOf(retrying);
    const state = stateOf(plan, begun, { type: "cancel-requested" });
    expect(conclude(plan, state, broken, terms)).toEqual(broken);
  });

  it("isn't tried again where its input could not even be made", () => {
    const plan = planOf(retrying, { fallback: () => ({ n: 0 }) });
    const unstarted = { ...broken, epoch: 1 };
    expect(conclude(plan, stateOf(plan), unstarted, terms)).toEqual(unstarted);
  });

  it("is tried again three times when it was lost with its thread, whatever the policy", () => {
    const plan = planOf({});
    const lost = failure(new TroupeError("thread-died", "gone"));
    let state = stateOf(plan, begun);
    const attempts: unknown[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      const event = conclude(plan, state, attempt === 1 ? lost : { ...lost, attempt }, terms) as StepFailed;
      attempts.push(event.retryAt !== undefined);
      state = apply(apply(state, event), { ...begun, attempt: attempt + 1 });
    }
    expect(attempts).toEqual([true, true, false]);
  });

  it.each([
    ["timed out", new TroupeError("timed-out", "late"), true],
    ["died with its thread", new TroupeError("thread-died", "gone"), true],
    ["was cut off by a cancellation", new TroupeError("run-cancelled", "enough", { details: { run: "r" } }), true],
    ["asked an actor that did not answer", new AskError("timed-out", "timed-out", "late"), true],
    ["threw", new Error("broken"), undefined],
    ["was never let through", new AskError<ErrorCode>("rejected", "breaker-open", "later"), undefined],
    ["asked in vain before anything was sent", new AskError("rejected", "timed-out", "too late"), undefined],
  ])("says whether anybody knows what it has done: one that %s", (_, thrown, isUncertain) => {
    const plan = planOf({ retry: { attempts: 1 } });
    expect((conclude(plan, stateOf(plan, begun), failure(thrown), terms) as StepFailed).isUncertain).toBe(isUncertain);
  });

  it("says what a function of its policy threw, and is not tried again", () => {
    const errors = (): boolean => {
      throw new Error("no such status");
    };
    const plan = planOf({ retry: { attempts: 3, errors } });
    expect(conclude(plan, stateOf(plan, begun), broken, terms)).toMatchObject({
      type: "step-failed",
      error: { code: "invalid-options", cause: { message: "broken" } },
    });
  });
});

describe("a fallback", () => {
  it("finishes the step for good, with what it makes of the sources and the error", () => {
    const seen: unknown[] = [];
    const plan = planOf(
      {},
      {
        fallback: ({ input }, error) => {
          seen.push(input, (error as Error).message, Object.isFrozen(input));
          return { n: input.n + 1 };
        },
      },
    );
    const event = conclude(plan, stateOf(plan, begun), broken, terms);
    expect(event).toEqual({ type: "step-finished", step: "a", output: { n: 8 }, fallbackFor: broken.error });
    expect(seen).toEqual([{ n: 7 }, "broken", true]);
  });

  it("comes after the last attempt, and names it", () => {
    const plan = planOf({ retry: { attempts: 2, backoff } }, { fallback: () => ({ n: 0 }) });
    let state = stateOf(plan, begun);
    const first = conclude(plan, state, broken, terms);
    expect(first).toMatchObject({ type: "step-failed", retryAt: 1_100 });
    state = apply(apply(state, first), { ...begun, attempt: 2 });
    expect(conclude(plan, state, { ...broken, attempt: 2 }, terms)).toMatchObject({
      type: "step-finished",
      attempt: 2,
    });
  });

  it.each([
    ["throws", () => JSON.parse("{") as unknown, "SyntaxError"],
    ["gives what violates the contract", () => ({ n: "many" }), "TroupeError"],
    ["gives what can't cross", () => ({ n: () => 1 }), "TroupeError"],
    ["returns a promise", () => Promise.reject(new Error("late")), "TroupeError"],
  ])("that %s leaves the step failed, with both errors", (_, fallback, name) => {
    const plan = planOf({}, { fallback: fallback as never });
    expect(conclude(plan, stateOf(plan, begun), broken, terms)).toMatchObject({
      type: "step-failed",
      error: { name, cause: { message: "broken" } },
    });
  });
});

describe("a compensation that failed", () => {
  const undone: RunEvent = { type: "compensation-failed", step: "a", error: broken.error };

  it("has attempts of its own", () => {
    const plan = planOf({ retry: { attempts: 1 }, compensationRetry: { attempts: 2, backoff } });
    let state = stateOf(
      plan,
      begun,
      { type: "step-finished", step: "a", output: { n: 1 } },
      { type: "cancel-requested" },
    );
    state = apply(state, { type: "compensation-started", step: "a", by: "orchestrator", epoch: 1 });
    const first = conclude(plan, state, undone, terms);
    expect(first).toEqual({ ...undone, retryAt: 1_100 });
    state = apply(apply(state, first), {
      type: "compensation-started",
      step: "a",
      by: "orchestrator",
      epoch: 1,
      attempt: 2,
    });
    expect(conclude(plan, state, { ...undone, attempt: 2 }, terms)).toEqual({ ...undone, attempt: 2 });
  });

  it("doesn't count the attempts at the step", () => {
    const plan = planOf({ retry: { attempts: 3, backoff }, compensationRetry: { attempts: 2, backoff } });
    let state = stateOf(plan, begun);
    state = apply(apply(state, { ...broken, retryAt: 5 }), { ...begun, attempt: 2 });
    state = apply(state, { type: "step-finished", step: "a", output: { n: 1 }, attempt: 2 });
    state = apply(state, { type: "cancel-requested" });
    expect(conclude(plan, state, { ...undone, epoch: 1 }, terms)).toMatchObject({ retryAt: 1_100 });
  });
});

it("leaves other events as they are", () => {
  const plan = planOf(retrying);
  expect(conclude(plan, stateOf(plan), begun, terms)).toBe(begun);
  const foreign = { ...broken, step: "z" };
  expect(conclude(plan, stateOf(plan), foreign, terms)).toBe(foreign);
});
