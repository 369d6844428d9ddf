/** What a supervisor does as time passes, and with what stands in front of agents: alarms, permits, recovery. */

import type { ErrorCode } from "../../../src/errors/error-code.ts";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type AgentDefinition, defineAgent } from "../../../src/agents/agent-definition.ts";
import type { CallOutcome, CallReport, Permit } from "../../../src/agents/policies/permit.ts";
import type { PolicyOptions } from "../../../src/agents/policies/policies.ts";
import type { NumberedMessage } from "../../../src/workflows/coordination/coordination-protocol.ts";
import type { Coordination } from "../../../src/workflows/history/coordination.ts";
import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import { eventOf } from "../../../src/workflows/history/run-note.ts";
import type { RunState } from "../../../src/workflows/history/run-state.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { AskError } from "../../../src/errors/ask-error.ts";
import { encodeError } from "../../../src/errors/error-codec.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { MaybePromise } from "../../../src/async/maybe-promise.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { codec, legible, stepsIn } from "../support/example-workflow.ts";
import { MemoryRuns } from "../support/memory-runs.ts";

const Value = v.object({ n: v.number() });
const backoff = { first: 100, factor: 1, max: 100, jitter: 0 };

function agentOf(
  name: string,
  policies: PolicyOptions<{ n: number }> = {},
): AgentDefinition<{ n: number }, { n: number }> {
  return defineAgent("test:agents", {
    name,
    version: "1.0.0",
    input: Value,
    output: Value,
    policies,
    execute: (input) => input,
    compensate: () => undefined,
  });
}

const retried = agentOf("retried", { retry: { attempts: 2, backoff }, compensationRetry: { attempts: 2, backoff } });
const once = agentOf("once", { compensationRetry: { attempts: 1 } });

const pair = defineWorkflow("test:workflows", { name: "pair", version: "1", input: Value })
  .step("a", retried, ({ input }) => input)
  .step("b", once, { after: ["a"] }, ({ a }) => a);

/** A permit that notes what becomes of it. */
class NotedPermit implements Permit {
  readonly notes: unknown[] = [];

  begin(): void {
    this.notes.push("begun");
  }

  settle(outcome: CallOutcome, report: CallReport = {}): void {
    this.notes.push([outcome, report.isRunning === true, report.took, report.tokens]);
  }

  release(): void {
    this.notes.push("released");
  }
}

class Office {
  readonly clock = new FakeClock();
  readonly runs = new MemoryRuns();
  readonly sent: (NumberedMessage["message"] & { readonly to: string })[] = [];
  readonly permits: NotedPermit[] = [];
  readonly callers: unknown[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  supervisor = this.#begin();
  /** How the next call is answered. */
  admission: () => MaybePromise<Permit> = () => this.#permit();

  #permit(): Permit {
    const permit = new NotedPermit();
    this.permits.push(permit);
    return permit;
  }

  #begin(): RunSupervisor {
    return new RunSupervisor({
      commit: (subject, next) => this.runs.commit(subject, next),
      newest: (subject) => this.runs.newest(subject),
      send: ({ name }, { message }) => void this.sent.push({ ...message, to: name }),
      admit: (agent, caller, { input, signal }) => {
        this.callers.push([agent.name, caller, input]);
        this.signals.push(signal);
        return this.admission();
      },
      onVersion: () => undefined,
      onBroken: (_, error) => {
        throw error;
      },
      codec,
      clock: this.clock,
      random: { next: () => 0 },
      listeners: { isHeard: () => false, take: () => false },
      endOfTurn: () => Promise.resolve(),
    });
  }

  /** Another process takes over. */
  restart(): void {
    this.supervisor.close();
    this.supervisor = this.#begin();
    this.sent.length = 0;
  }

  newest(run = "r"): Snapshot<RunState> {
    return this.runs.versions(run).at(-1) as Snapshot<RunState>;
  }

  events(run = "r"): RunEvent[] {
    return this.runs.versions(run).flatMap(({ state }) => state.events.map((note) => eventOf(note, state)));
  }

  types(run = "r"): string[] {
    return this.events(run).map((event) => {
      const attempt = "attempt" in event ? ` ${event.attempt}` : "";
      return "step" in event && event.type !== "run-ended" ? `${event.type} ${event.step}${attempt}` : event.type;
    });
  }

  orders(): string[] {
    return this.sent.map((message) => {
      const step = "step" in message ? message.step : "own" in message ? message.own.step : "";
      return `${message.type} ${step || message.to}`;
    });
  }
}

const error = encodeError(new Error("broken"));
const failed = (step: string, attempt?: number): RunEvent & { type: "step-failed" } => ({
  type: "step-failed",
  step,
  error,
  ...(attempt === undefined ? {} : { attempt }),
});
const finished = (step: string, attempt?: number) =>
  ({ type: "step-finished", step, output: { n: 2 }, ...(attempt === undefined ? {} : { attempt }) }) as const;

describe("a step that is to be tried again", () => {
  it("is, when its time has come, by the orchestrator", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 });
    void office.supervisor.propose("r", failed("a"));
    office.clock.pass(99);
    expect(office.orders()).toEqual(["perform a"]);
    office.clock.pass(1);
    expect(office.orders()).toEqual(["perform a", "perform a"]);
    expect(office.sent[1]).toMatchObject({ attempt: 2, input: { n: 1 } });
    expect(office.supervisor.propose("r", failed("a"))).toBe(false); // of the first attempt, again
    expect(office.supervisor.propose("r", finished("a", 2))).toBe(true);
    expect(office.types()).toEqual([
      "run-started",
      "step-started a",
      "step-failed a",
      "step-started a 2",
      "step-finished a 2",
      "step-started b",
    ]);
  });

  it("is claimed by its participant under the relay, which is told once", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 }, { coordination: "relay" });
    const claim = { type: "step-started", step: "a", input: { n: 1 }, by: "relay", epoch: 0 } as const;
    expect(office.supervisor.claim("r", claim)).toEqual({});
    void office.supervisor.propose("r", failed("a"));
    office.sent.length = 0;
    office.clock.pass(1_000);
    expect(office.sent).toMatchObject([{ type: "due", step: "a", attempt: 2, input: { n: 1 }, to: "retried" }]);
    expect(office.supervisor.claim("r", claim)).toBe(false);
    expect(office.supervisor.claim("r", { ...claim, attempt: 2 })).toEqual({});
    expect(office.supervisor.claim("r", { ...claim, attempt: 2 })).toBe(false);
    expect(office.clock.timers.size).toBe(0);
  });

  it("is told again to the participant that takes the place of one that is lost", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 }, { coordination: "relay" });
    void office.supervisor.claim("r", { type: "step-started", step: "a", input: { n: 1 }, by: "relay", epoch: 0 });
    void office.supervisor.propose("r", failed("a"));
    office.clock.pass(1_000);
    office.supervisor.participantLost(retried, new TroupeError("thread-died", "gone"));
    office.sent.length = 0;
    office.clock.pass(0);
    expect(office.orders()).toContain("due a");
  });

  it.each<[Coordination, Coordination, string]>([
    ["orchestrator", "relay", "due a"],
    ["relay", "orchestrator", "perform a"],
  ])("goes over from the %s to the %s", (before, after, order) => {
    const office = new Office();
    void office.supervisor.switchCoordination(before);
    void office.supervisor.start("r", pair, { n: 1 });
    if (before === "relay")
      void office.supervisor.claim("r", { type: "step-started", step: "a", input: { n: 1 }, by: "relay", epoch: 1 });
    void office.supervisor.propose("r", failed("a"));
    void office.supervisor.switchCoordination(after);
    office.sent.length = 0;
    office.clock.pass(100);
    expect(office.orders()).toEqual([order]);
  });

  it("isn't once the run goes backward, which it then does at once", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 });
    void office.supervisor.propose("r", failed("a"));
    void office.supervisor.cancel("r");
    expect(office.newest().state.status).toBe("cancelled");
    expect(office.clock.timers.size).toBe(0);
  });
});

describe("a compensation that is to be tried again", () => {
  it.each<Coordination>(["orchestrator", "relay"])("is, when its time has come, by the %s", (coordination) => {
    const office = new Office();
    const { supervisor } = office;
    void supervisor.start("r", pair, { n: 1 }, { coordination });
    const claim = (step: string) => ({ type: "step-started", step, input: { n: 1 }, by: "relay", epoch: 0 }) as const;
    const undo = { type: "compensation-started", step: "a", by: "relay", epoch: 0 } as const;
    const isRelayed = coordination === "relay";
    if (isRelayed) void supervisor.claim("r", claim("a"));
    void supervisor.propose("r", finished("a"));
    if (isRelayed) void supervisor.claim("r", claim("b"));
    void supervisor.propose("r", failed("b"));
    if (isRelayed) void supervisor.claim("r", undo);
    void supervisor.propose("r", { type: "compensation-failed", step: "a", error });
    expect(legible(office.newest().state)).toMatchObject({
      status: "compensating",
      steps: { a: { status: "undo-waiting" } },
    });
    office.sent.length = 0;
    office.clock.pass(100);
    expect(office.sent.map(({ type }) => type)).toEqual([isRelayed ? "relay" : "compensate"]);
    if (isRelayed) expect(supervisor.claim("r", { ...undo, attempt: 2 })).toEqual({});
    void supervisor.propose("r", { type: "compensation-finished", step: "a", attempt: 2 });
    expect(office.newest().state).toMatchObject({ status: "failed", failed: "b" });
  });
});

describe("a run's deadline", () => {
  it("cancels it, in whatever it is doing, and says so", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 }, { timeout: 500 });
    expect(office.sent[0]).toMatchObject({ type: "perform", deadline: 1_500 });
    office.clock.pass(500);
    expect(office.orders()).toEqual(["perform a", "abort retried"]);
    void office.supervisor.propose("r", failed("a"));
    expect(office.newest().state).toMatchObject({ status: "cancelled", cancelled: { isExpired: true } });
  });

  it("doesn't matter to a run that has ended, or that goes backward", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 }, { timeout: 500 });
    for (const step of ["a", "b"]) void office.supervisor.propose("r", finished(step));
    expect(office.clock.timers.size).toBe(0);
    void office.supervisor.start("s", pair, { n: 1 }, { timeout: 500 });
    void office.supervisor.propose("s", finished("a"));
    void office.supervisor.propose("s", failed("b"));
    office.clock.pass(10_000);
    expect(office.newest("s").state).toMatchObject({ status: "compensating", failed: "b" });
  });

  it("doesn't end a run that is past its point of no return", () => {
    const office = new Office();
    const pivotal = defineWorkflow("test:workflows", { name: "pivotal", version: "1", input: Value })
      .step("a", once, { pointOfNoReturn: true }, ({ input }) => input)
      .step("b", once, { after: ["a"] }, ({ a }) => a) as unknown as WorkflowDefinition;
    void office.supervisor.start("r", pivotal, { n: 1 }, { timeout: 500 });
    void office.supervisor.propose("r", finished("a"));
    office.clock.pass(10_000);
    expect(office.newest().state.status).toBe("running");
    expect(() => office.supervisor.cancel("r")).toThrow(
      expect.objectContaining({ code: "past-point-of-no-return", details: { run: "r", step: "a" } }),
    );
    void office.supervisor.propose("r", failed("b"));
    expect(office.newest().state).toMatchObject({ status: "compensation-failed", uncompensated: "a", failed: "b" });
    expect(office.events().at(-1)).toMatchObject({ step: "a", error: { message: "broken" } });
  });
});

describe("a point of no return whose effects are unknown", () => {
  const pivotal = defineWorkflow("test:workflows", { name: "pivotal", version: "1", input: Value })
    .step("a", once, ({ input }) => input)
    .step("b", once, { after: ["a"], pointOfNoReturn: true }, ({ a }) => a) as unknown as WorkflowDefinition;
  const unknown = { ...failed("b"), isUncertain: true } as const;

  it("is left to a person, who may have the rest undone", () => {
    const office = new Office();
    void office.supervisor.start("r", pivotal, { n: 1 });
    void office.supervisor.propose("r", finished("a"));
    void office.supervisor.propose("r", unknown);
    expect(office.newest().state).toMatchObject({ status: "compensation-failed", uncompensated: "b", failed: "b" });
    expect(office.orders()).not.toContain("compensate a");
    void office.supervisor.resume(office.newest(), "r", pivotal, { type: "compensation-retried" });
    expect(office.orders()).toContain("compensate a");
    void office.supervisor.propose("r", { type: "compensation-finished", step: "a" });
    expect(office.newest().state).toMatchObject({ status: "failed", failed: "b" });
  });

  it("is left to a person also when the run was cancelled meanwhile, or its process died", () => {
    const office = new Office();
    for (const id of ["r", "s"]) {
      void office.supervisor.start(id, pivotal, { n: 1 });
      void office.supervisor.propose(id, finished("a"));
      void office.supervisor.cancel(id);
      expect(office.newest(id).state.status).toBe("compensating");
    }
    void office.supervisor.propose("r", unknown);
    office.restart();
    void office.supervisor.resume(office.newest("s"), "s", pivotal, "recover");
    for (const id of ["r", "s"])
      expect(office.newest(id).state).toMatchObject({ status: "compensation-failed", uncompensated: "b" });
    expect(office.orders()).not.toContain("compensate a");
  });

  it("is not, when it certainly had none", () => {
    const office = new Office();
    void office.supervisor.start("r", pivotal, { n: 1 });
    void office.supervisor.propose("r", finished("a"));
    void office.supervisor.propose("r", failed("b"));
    expect(office.newest().state).toMatchObject({ status: "compensating", failed: "b" });
    expect(office.orders()).toContain("compensate a");
  });
});

describe("the gate of an agent", () => {
  it("is asked before each attempt, under both coordinations, and told how it ended", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 });
    void office.supervisor.propose("r", failed("a"), { took: 7, tokens: 3 });
    office.clock.pass(100);
    void office.supervisor.propose("r", finished("a", 2), { took: 9, tokens: 4 });
    expect(office.callers).toEqual([
      ["retried", "pair", { n: 1 }],
      ["retried", "pair", { n: 1 }],
      ["once", "pair", { n: 2 }],
    ]);
    expect(office.permits.map(({ notes }) => notes)).toEqual([[["excused", false, 7, 3]], [["ok", false, 9, 4]], []]);
    void office.supervisor.start("s", pair, { n: 5 }, { coordination: "relay" });
    expect(office.callers).toHaveLength(3);
    void office.supervisor.claim("s", { type: "step-started", step: "a", input: { n: 5 }, by: "relay", epoch: 0 });
    expect(office.callers[3]).toEqual(["retried", "pair", { n: 5 }]);
  });

  it.each(["at once", "later"])(
    "turns an attempt away %s: the step fails, and its agent hears nothing",
    async (when) => {
      const office = new Office();
      const refusal = new AskError<ErrorCode>("rejected", "breaker-open", "later", { details: { retryAt: 5_000 } });
      office.admission = () => {
        if (when === "at once") throw refusal;
        return Promise.reject(refusal);
      };
      void office.supervisor.start("r", pair, { n: 1 });
      await new Promise((resolve) => setImmediate(resolve));
      expect(office.sent).toEqual([]);
      expect(legible(office.newest().state)).toMatchObject({
        status: "failed",
        failed: "a",
        steps: { a: { error: { code: "breaker-open" } } },
      });
      const relayed = office.supervisor.start("s", pair, { n: 1 }, { coordination: "relay" });
      expect(relayed).toBeUndefined();
      const claim = { type: "step-started", step: "a", input: { n: 1 }, by: "relay", epoch: 0 } as const;
      expect(await office.supervisor.claim("s", claim)).toBe(false);
      expect(office.newest("s").state.status).toBe("failed");
    },
  );

  it("holds an attempt up: what is held is given up when the run goes backward, and its place given back", async () => {
    const office = new Office();
    let admit: (permit: Permit) => void = () => undefined;
    office.admission = () => new Promise((resolve) => (admit = resolve));
    void office.supervisor.start("r", pair, { n: 1 });
    void office.supervisor.cancel("r", "enough");
    expect(legible(office.newest().state)).toMatchObject({
      status: "cancelled",
      steps: { a: { error: { code: "run-cancelled" } } },
    });
    const late = new NotedPermit();
    admit(late);
    await new Promise((resolve) => setImmediate(resolve));
    expect([late.notes, office.sent.filter(({ type }) => type === "perform")]).toEqual([["released"], []]);
  });

  it.each(["is cancelled", "is let go of"])("hears at once that a run %s whose attempt waits for its turn", (what) => {
    const office = new Office();
    office.admission = () => new Promise(() => undefined);
    const narrow = agentOf("narrow", { bulkhead: { concurrent: 1 } });
    const workflow = defineWorkflow("test:workflows", { name: "narrow", version: "1", input: Value })
      .step("a", narrow, ({ input }) => input)
      .step("b", once, ({ input }) => input);
    void office.supervisor.start("r", workflow, { n: 1 });
    expect(office.signals.map((signal) => signal?.aborted)).toEqual([false, undefined]);
    if (what === "is cancelled") void office.supervisor.cancel("r");
    else office.supervisor.close();
    expect(office.signals[0]?.aborted).toBe(true);
  });

  it("keeps what it holds up when the agent's participant is lost: its successor does it", async () => {
    const office = new Office();
    let admit: (permit: Permit) => void = () => undefined;
    office.admission = () => new Promise((resolve) => (admit = resolve));
    void office.supervisor.start("r", pair, { n: 1 });
    office.supervisor.participantLost(retried, new TroupeError("thread-died", "gone"));
    admit(new NotedPermit());
    await new Promise((resolve) => setImmediate(resolve));
    expect([stepsIn(office.newest().state)["a"]?.status, office.orders()]).toEqual(["started", ["perform a"]]);
  });

  it("keeps the place of an attempt whose time was up until its code has ended, or its participant is gone", () => {
    const late = encodeError(new TroupeError("timed-out", "late"));
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 });
    void office.supervisor.propose("r", { ...failed("a"), error: late }, { took: 50, tokens: 0, isRunning: true });
    expect(office.permits[0]?.notes).toEqual([["unknown", true, 50, 0]]);
    expect(office.supervisor.propose("r", finished("a"))).toBe(false);
    expect(office.permits[0]?.notes).toEqual([["unknown", true, 50, 0], "released"]);
    office.clock.pass(100);
    void office.supervisor.propose("r", { ...failed("a", 2), error: late }, { took: 50, tokens: 0, isRunning: true });
    office.supervisor.participantLost(retried, new TroupeError("thread-died", "gone"));
    expect(office.permits[1]?.notes).toEqual([["unknown", true, 50, 0], "released"]);
  });

  it("gives the place back of an attempt whose code has ended with a timeout of its own", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 });
    const nested = encodeError(new AskError("timed-out", "timed-out", "an actor that it asked did not answer"));
    void office.supervisor.propose("r", { ...failed("a"), error: nested }, { took: 50, tokens: 0 });
    expect(office.permits[0]?.notes).toEqual([["unknown", false, 50, 0]]);
  });

  it.each([
    [
      "its input violates the contract",
      new TroupeError<ErrorCode>("contract-violated", "no", { details: { agent: "once", direction: "input" } }),
      "excused",
    ],
    [
      "its output does",
      new TroupeError<ErrorCode>("contract-violated", "no", { details: { agent: "once", direction: "output" } }),
      "failed",
    ],
    ["its thread died", new TroupeError("thread-died", "gone"), "lost"],
    ["the run was cancelled", new TroupeError("run-cancelled", "enough", { details: { run: "r" } }), "excused"],
  ])("knows whose fault it was when %s", (_, thrown, outcome) => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 });
    void office.supervisor.propose("r", finished("a"));
    void office.supervisor.propose("r", { ...failed("b"), error: encodeError(thrown) });
    expect(office.permits[1]?.notes).toEqual([[outcome, false, undefined, undefined]]);
  });
});

describe("a run that another process left", () => {
  it("goes on: what was in flight is begun again, what waited waits on, with its deadline", () => {
    const office = new Office();
    void office.supervisor.switchCoordination("orchestrator");
    void office.supervisor.start("r", pair, { n: 1 }, { timeout: 5_000 });
    office.restart();
    void office.supervisor.switchCoordination("orchestrator");
    void office.supervisor.resume(office.newest(), "r", pair, "recover");
    expect(office.sent).toEqual([]);
    office.clock.pass(0);
    expect(office.sent).toMatchObject([{ type: "perform", step: "a", attempt: 2, deadline: 6_000 }]);
    expect(legible(office.newest().state)).toMatchObject({ epoch: 2, steps: { a: { isUncertain: true } } });
    // a process that went away is no failure of the agent
    void office.supervisor.propose("r", failed("a", 2));
    expect(stepsIn(office.newest().state)["a"]).toMatchObject({ status: "waiting", failures: 1 });
  });

  it("takes the coordination in force; but one that is pinned keeps its own", () => {
    const office = new Office();
    void office.supervisor.switchCoordination("orchestrator");
    void office.supervisor.start("free", pair, { n: 1 });
    void office.supervisor.start("pinned", pair, { n: 1 }, { coordination: "orchestrator" });
    office.restart();
    void office.supervisor.switchCoordination("relay");
    for (const id of ["free", "pinned"]) void office.supervisor.resume(office.newest(id), id, pair, "recover");
    office.clock.pass(0);
    expect(["free", "pinned"].map((id) => office.newest(id).state.coordination)).toEqual(["relay", "orchestrator"]);
    expect(office.orders().toSorted()).toEqual(["due a", "perform a", "relay once"]);
  });

  it("doesn't when its definition has changed, or it isn't in a state for it", () => {
    const office = new Office();
    void office.supervisor.start("r", pair, { n: 1 });
    office.restart();
    const changed = defineWorkflow("test:workflows", { name: "pair", version: "1", input: Value }).step(
      "a",
      retried,
      ({ input }) => input,
    ) as unknown as WorkflowDefinition;
    expect(() => office.supervisor.resume(office.newest(), "r", changed, "recover")).toThrow(
      expect.objectContaining({ code: "workflow-changed" }),
    );
    const again = { type: "compensation-retried" } as const;
    expect(() => office.supervisor.resume(office.newest(), "r", pair as WorkflowDefinition, again)).toThrow(
      expect.objectContaining({ code: "not-admissible", details: { run: "r", status: "running" } }),
    );
    expect(office.supervisor.openRuns.ids).toEqual([]);
    expect(office.runs.versions("r")).toHaveLength(1);
  });

  it("is left alone by a supervisor that is closed", () => {
    const office = new Office();
    const { supervisor } = office;
    void supervisor.start("r", pair, { n: 1 }, { timeout: 500 });
    supervisor.close();
    expect(supervisor.propose("r", failed("a"))).toBe(false);
    office.clock.pass(10_000);
    expect([office.newest().state.status, office.permits[0]?.notes]).toEqual(["running", ["released"]]);
  });
});
