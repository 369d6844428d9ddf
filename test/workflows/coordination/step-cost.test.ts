/** What an event costs must not depend on how many steps the run has. Counted, not timed: what is read of the run's state. */

import * as v from "valibot";
import { expect, it } from "vitest";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import type { Coordination } from "../../../src/workflows/history/coordination.ts";
import type { NumberedMessage, Relay } from "../../../src/workflows/coordination/coordination-protocol.ts";
import { Join, stepsByName, type StepsByName } from "../../../src/workflows/coordination/join.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { segmentSize } from "../../../src/workflows/steps/step-state.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { Subject } from "../../../src/store/client/change.ts";
import { diffStates } from "../../../src/store/versions/diff-states.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { codec } from "../support/example-workflow.ts";

const Count = v.object({ n: v.number() });

const agent = defineAgent("test:agents", {
  name: "count",
  version: "1.0.0",
  input: Count,
  output: Count,
  execute: (input) => input,
  compensate: () => undefined,
});

/** The same, and nothing of it can be undone. */
const lasting = defineAgent("test:agents", {
  name: "lasting",
  version: "1.0.0",
  input: Count,
  output: Count,
  execute: (input) => input,
});

/** Every step after the one before it; or the last after all the others; or one step for a list, or in rounds. */
function workflowOf(
  shape: "chained" | "parallel" | "list" | "loop" | "lasting-loop",
  size: number,
): WorkflowDefinition {
  const names = Array.from({ length: size }, (_, index) => `s${index}`);
  const start = defineWorkflow("test:workflow", { name: shape, version: "1.0.0", input: Count });
  if (shape === "loop" || shape === "lasting-loop") {
    const does = shape === "loop" ? agent : lasting;
    return start.loop("s", does, { until: ({ round }) => round === size, max: size }, ({ last }) => last ?? { n: 1 });
  }
  if (shape === "list") {
    const over = (): readonly number[] => names.map((_, index) => index);
    const bounds = { over, concurrency: 4, max: size };
    return start.each("s", agent, bounds, () => ({ n: 1 }));
  }
  const steps = names.map((name, index) => {
    const isLast = index === size - 1;
    const after = shape === "chained" ? names.slice(Math.max(0, index - 1), index) : isLast ? names.slice(0, -1) : [];
    const branch = { needs: [], when: undefined, otherwise: undefined };
    return {
      kind: "agent" as const,
      name,
      agent,
      after,
      ...branch,
      map: () => ({ n: 1 }),
      fallback: undefined,
      isPivot: false,
    };
  });
  return { ...start, steps };
}

/** Counts what is read of plain data, however deep. */
class Reads {
  count = 0;
  readonly #counted = new WeakMap<object, object>();
  readonly #originals = new WeakMap<object, object>();

  /** The same for the same data: what versions share stays shared, and is not counted by being wrapped. */
  of<T>(value: T): T {
    if (typeof value !== "object" || value === null) return value;
    let counted = this.#counted.get(value);
    if (counted === undefined) {
      // of a copy, whose parts are counted as well: a proxy of what is frozen can't give others
      const copy: object = Array.isArray(value)
        ? value.map((part: unknown) => this.of(part))
        : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.of(part)]));
      counted = new Proxy(copy, {
        get: (target, key, receiver): unknown => {
          if (typeof key === "string") this.count++;
          return Reflect.get(target, key, receiver);
        },
        ownKeys: (target) => {
          const keys = Reflect.ownKeys(target);
          this.count += keys.length;
          return keys;
        },
      });
      this.#counted.set(value, counted);
      this.#counted.set(counted, counted);
      this.#originals.set(counted, value);
    }
    return counted as T;
  }

  /** The same data without what counts, also where it is a part of new data: the store copies a foreign proxy whole. */
  original<T>(value: T): T {
    if (typeof value !== "object" || value === null) return value;
    const original = this.#originals.get(value);
    if (original !== undefined) return original as T;
    if (!Object.isFrozen(value))
      for (const [key, part] of Object.entries(value)) Reflect.set(value, key, this.original(part));
    return value;
  }
}

interface Cost {
  readonly status: string;
  /** What is read of the run's state for a step, by supervisor and coordination. */
  readonly reads: number;
  /** What is looked up in the workflow for a step, by the participant. */
  readonly lookups: number;
  /** Changes that an event makes to what the store keeps, at most; not counting those with which the run begins. */
  readonly patches: number;
  /** How long the run's last version before its end is, as JSON. */
  readonly length: number;
}

/** Runs a workflow to its end; or fails its last step, so that the others are undone. */
function costOf(workflow: WorkflowDefinition, coordination: Coordination, isUndone = false): Cost {
  const reads = new Reads();
  const inbox: NumberedMessage["message"][] = [];
  let newest: RunState = newRun;
  let version = 0;
  let patches = 0;
  let lastRunning: RunState = newRun;
  const commit = <S>({ key, definition }: Subject<S>, next: (state: S) => S): Snapshot<S> => {
    const of = {
      key,
      parent: version,
      version: version + 1,
      author: "test",
      time: 0,
      position: 0,
      schema: definition.version,
    };
    if (key !== "run/r") return { ...of, version: 1, state: next(definition.initial?.("system") as S) };
    const before = newest;
    newest = reads.original(next(newest as S) as RunState);
    if (newest.status === "running") lastRunning = newest;
    const changed = diffStates(before, newest).length;
    if (before.length > 0) patches = Math.max(patches, changed);
    version++;
    return { ...of, state: reads.of(newest) as S };
  };
  const supervisor = new RunSupervisor({
    commit,
    newest: () => undefined,
    send: (_, { message }) => void inbox.push(message),
    admit: () => ({ begin: () => undefined, settle: () => undefined, release: () => undefined }),
    onVersion: () => undefined,
    onBroken: (_, error) => {
      throw error;
    },
    codec,
    clock: { now: () => 0, jumped: () => 0, setTimer: () => ({ cancel: () => undefined }) },
    random: { next: () => 0.5 },
    listeners: { isHeard: () => false, take: () => false },
    endOfTurn: () => Promise.resolve(),
  });
  const last = workflow.steps.at(-1)?.name;
  const [first] = workflow.steps;
  const count = first?.kind === "each" || first?.kind === "loop" ? first.max : workflow.steps.length;
  const finish = (step: string): void => {
    const error = { kind: "error", name: "Error", message: "broken" } as const;
    if (isUndone && (step === last || step === `s[${count - 1}]` || step === `s#${count}`))
      void supervisor.propose("r", { type: "step-failed", step, error });
    else void supervisor.propose("r", { type: "step-finished", step, output: { n: 1 } });
  };
  let lookups = 0;
  const steps = stepsByName(workflow);
  const counted = { get: (name: string) => (lookups++, steps.get(name)) } as unknown as StepsByName;
  const join = new Join(counted);
  const relay = (message: Relay): void => {
    for (const proposal of join.take(message, codec)) {
      if (proposal.type !== "step-started" && proposal.type !== "compensation-started") {
        if (proposal.type !== "step-finished") throw new Error("not begun");
        void supervisor.propose("r", proposal);
        continue;
      }
      if (supervisor.claim("r", proposal) === false) throw new Error("refused");
      if (proposal.type === "step-started") finish(proposal.step);
      else void supervisor.propose("r", { type: "compensation-finished", step: proposal.step });
    }
  };
  void supervisor.switchCoordination(coordination);
  void supervisor.start("r", workflow, { n: 1 });
  for (let message = inbox.shift(); message !== undefined; message = inbox.shift()) {
    if (message.type === "perform") finish(message.step);
    else if (message.type === "relay") relay(message);
    else if (message.type === "compensate")
      void supervisor.propose("r", { type: "compensation-finished", step: message.own.step });
  }
  const { length } = JSON.stringify(lastRunning);
  return { status: newest.status, reads: reads.count / count, lookups: lookups / count, patches, length };
}

// whole segments, and several: a part of one is copied in less, and a step in the one of its dependents with less
const [short, long] = [3 * segmentSize, 9 * segmentSize];

it.each([
  ["chained", "orchestrator"],
  ["chained", "relay"],
  ["parallel", "orchestrator"],
  ["parallel", "relay"],
] as const)("a step costs the same in a workflow of 192 steps and of 576: %s, %s", (shape, coordination) => {
  const few = costOf(workflowOf(shape, short), coordination);
  const many = costOf(workflowOf(shape, long), coordination);
  expect([few.status, many.status]).toEqual(["completed", "completed"]);
  expect(many.reads / few.reads).toBeLessThan(1.3);
  expect(many.lookups).toBeLessThan(3);
  expect(many.patches).toBe(few.patches);
});

it("a step that is undone costs the same in a workflow of 192 steps and of 576", () => {
  const few = costOf(workflowOf("chained", short), "orchestrator", true);
  const many = costOf(workflowOf("chained", long), "orchestrator", true);
  expect([few.status, many.status]).toEqual(["failed", "failed"]);
  expect(many.reads / few.reads).toBeLessThan(1.3);
  expect(many.patches).toBe(few.patches);
});

it.each(["orchestrator", "relay"] as const)(
  "an item costs the same in a list of 192 and of 576, and at most 1.3 times a step: %s",
  (coordination) => {
    const few = costOf(workflowOf("list", short), coordination);
    const many = costOf(workflowOf("list", long), coordination);
    const step = costOf(workflowOf("chained", long), coordination);
    expect([few.status, many.status]).toEqual(["completed", "completed"]);
    expect(many.reads / few.reads).toBeLessThan(1.3);
    expect(many.reads / step.reads).toBeLessThan(1.3);
    expect(many.patches).toBe(few.patches);
  },
);

it.each([
  ["loop", "orchestrator"],
  ["loop", "relay"],
  ["lasting-loop", "orchestrator"],
  ["lasting-loop", "relay"],
] as const)(
  "a round costs the same in a loop of 192 and of 576, and at most 1.5 times a step: %s, %s",
  (shape, coordination) => {
    const few = costOf(workflowOf(shape, short), coordination);
    const many = costOf(workflowOf(shape, long), coordination);
    const step = costOf(workflowOf("chained", long), coordination);
    expect([few.status, many.status]).toEqual(["completed", "completed"]);
    expect(many.reads / few.reads).toBeLessThan(1.3);
    expect(many.reads / step.reads).toBeLessThan(1.5);
    expect(many.lookups).toBeLessThan(3);
    expect(many.patches).toBe(few.patches);
  },
);

it("a run keeps no more of rounds than what can be undone: the newest two, where nothing can", () => {
  const few = costOf(workflowOf("lasting-loop", short), "orchestrator");
  const many = costOf(workflowOf("lasting-loop", long), "orchestrator");
  expect(many.length - few.length).toBeLessThan(10); // numbers of as many digits
  const undone = costOf(workflowOf("loop", long), "orchestrator", true);
  expect(undone.status).toBe("failed");
});

it("a round that is undone costs the same in a loop of 192 and of 576", () => {
  const few = costOf(workflowOf("loop", short), "orchestrator", true);
  const many = costOf(workflowOf("loop", long), "orchestrator", true);
  expect([few.status, many.status]).toEqual(["failed", "failed"]);
  expect(many.reads / few.reads).toBeLessThan(1.3);
});
