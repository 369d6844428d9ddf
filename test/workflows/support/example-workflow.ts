/** A small workflow for tests that look at one thing: a diamond of four steps by three agents. */

import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import type { Terms } from "../../../src/workflows/coordination/conclude.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { PayloadCodec } from "../../../src/contracts/payload-codec.ts";
import type { RunEvent, RunStarted } from "../../../src/workflows/history/run-event.ts";
import { admits, apply } from "../../../src/workflows/history/run-machine.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { allSteps } from "../../../src/workflows/steps/run-steps.ts";
import type { StepState } from "../../../src/workflows/steps/step-state.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { planWorkflow } from "../../../src/workflows/coordination/workflow-plan.ts";

const Value = v.object({ n: v.number() });

export const reader = defineAgent("test:agents", {
  name: "reader",
  version: "1.0.0",
  input: Value,
  output: Value,
  execute: ({ n }) => ({ n }),
});

export const writer = defineAgent("test:agents", {
  name: "writer",
  version: "2.0.0",
  input: Value,
  output: Value,
  execute: ({ n }) => ({ n: n + 1 }),
  compensate: () => undefined,
  policies: { compensationRetry: { attempts: 1 } },
});

export const closer = defineAgent("test:agents", {
  name: "closer",
  version: "1.0.0",
  input: v.object({ left: v.pipe(v.number(), v.maxValue(1000)), right: v.number() }),
  output: v.object({ total: v.number() }),
  execute: ({ left, right }) => ({ total: left + right }),
  compensate: () => undefined,
  policies: { compensationRetry: { attempts: 1 } },
});

/** `a` before `b` and `c`, which may run at the same time, before `d`. The writer does `b` and `c`. */
export const diamond = defineWorkflow("test:workflows", {
  name: "diamond",
  version: "1.0.0",
  input: v.object({ n: v.number() }),
})
  .step("a", reader, ({ input }) => ({ n: input.n }))
  .step("b", writer, { after: ["a"] }, ({ a }) => ({ n: a.n }))
  .step("c", writer, { after: ["a"] }, ({ a, input }) => ({ n: a.n + input.n }))
  .step("d", closer, { after: ["b", "c"] }, ({ b, c }) => ({ left: b.n, right: c.n }));

export const plan = planWorkflow(diamond);
export const codec = new PayloadCodec({ maxBytes: 1e6 });

/** A clock that stands still, and chance that is none. */
export const stillClock: Clock = { now: () => 0, jumped: () => 0, setTimer: () => ({ cancel: () => undefined }) };
export const terms: Terms = { codec, now: () => 0, dated: (at) => at, random: () => 0.5 };
/** The ports of a supervisor that these tests don't look at. */
export const quiet = {
  admit: () => ({ begin: () => undefined, settle: () => undefined, release: () => undefined }),
  clock: stillClock,
  random: { next: () => 0.5 },
  codec,
  listeners: { isHeard: () => false, take: () => false },
  endOfTurn: () => Promise.resolve(),
};

/** The first event of a run of the diamond. */
export function started(change: Partial<RunStarted> = {}): RunStarted {
  return {
    type: "run-started",
    workflow: { module: "test:workflows", name: "diamond", version: "1.0.0" },
    input: { n: 1 },
    steps: plan.steps.map(({ name, agent, after }) => ({
      name,
      agent: `${agent.name}@${agent.version}`,
      after,
      compensable: agent.compensate !== undefined,
    })),
    coordination: "orchestrator",
    pinned: false,
    epoch: 1,
    ...change,
  };
}

export const error = { kind: "error", name: "Error", message: "broken" } as const;

export const start = (step: string, by: "orchestrator" | "relay" = "orchestrator"): RunEvent => ({
  type: "step-started",
  step,
  input: { n: 1 },
  by,
  epoch: 1,
});
export const finish = (step: string): RunEvent => ({ type: "step-finished", step, output: { n: 2 } });
export const fail = (step: string): RunEvent => ({ type: "step-failed", step, error });
export const undo = (step: string): RunEvent => ({ type: "compensation-started", step, by: "orchestrator", epoch: 1 });
export const undone = (step: string): RunEvent => ({ type: "compensation-finished", step });

/** The state after the events, each of which has to be admissible. */
export function stateAfter(...events: readonly RunEvent[]): RunState {
  return events.reduce((state, event) => {
    if (!admits(state, event)) throw new Error(`not admissible: ${JSON.stringify(event)} in ${JSON.stringify(state)}`);
    return apply(state, event);
  }, newRun);
}

/** What has become of the steps, by name. */
export function stepsIn({ steps }: RunState): Readonly<Record<string, StepState>> {
  return Object.fromEntries(allSteps(steps).map((step) => [step.name, step]));
}

/** The state with its steps by name, to be compared. */
export function legible(state: RunState): Omit<RunState, "steps"> & { readonly steps: ReturnType<typeof stepsIn> } {
  return { ...state, steps: stepsIn(state) };
}
