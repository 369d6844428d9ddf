import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentDefinition } from "../../../src/agents/agent-definition.ts";
import type { CallOutcome, CallReport, Permit } from "../../../src/agents/policies/permit.ts";
import { Attempts } from "../../../src/workflows/supervisor/attempts.ts";
import type { Grant, Spent } from "../../../src/workflows/coordination/coordination-protocol.ts";
import { OpenRun } from "../../../src/workflows/supervisor/open-run.ts";
import type { Outcome, Proposal, RunEvent } from "../../../src/workflows/history/run-event.ts";
import { admits, apply } from "../../../src/workflows/history/run-machine.ts";
import { isReady } from "../../../src/workflows/history/run-progress.ts";
import { planWorkflow } from "../../../src/workflows/coordination/workflow-plan.ts";
import { encodeError } from "../../../src/errors/error-codec.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import { deferred } from "../../../src/async/deferred.ts";
import type { MaybePromise } from "../../../src/async/maybe-promise.ts";
import {
  codec,
  diamond,
  fail,
  finish,
  start,
  started,
  stepsIn,
  stillClock,
  undo,
  plan as diamondPlan,
} from "../support/example-workflow.ts";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A permit that knows whether the gate has got it back. */
class NotedPermit implements Permit {
  readonly notes: string[] = [];

  begin(): void {}

  settle(outcome: CallOutcome, { isRunning = false }: CallReport = {}): void {
    this.notes.push(isRunning ? `${outcome}, still running` : outcome);
  }

  release(): void {
    this.notes.push("released");
  }

  get isBack(): boolean {
    const last = this.notes.at(-1);
    return last !== undefined && !last.endsWith("still running");
  }
}

/** The diamond, of agents whose attempts may have to wait, and are undone also where it isn't known what they did. */
const plan = planWorkflow({
  ...diamond,
  steps: diamondPlan.steps.map((step) => {
    const policies = { ...step.agent.policies, bulkhead: { concurrent: 1, queue: 10 } };
    return { ...step, agent: { ...step.agent, policies, compensateUnknown: () => undefined } };
  }),
});

type Admission = "at once" | "later" | "refused";

/** One run and its attempts, with a history that takes what the machine of runs admits. */
class Office {
  readonly permits: NotedPermit[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly proposed: Proposal[] = [];
  readonly run = new OpenRun("r", plan, { clock: stillClock });
  /** How the next attempts are answered. */
  admission: Admission = "at once";
  readonly #waiting: (() => void)[] = [];
  readonly attempts = new Attempts({
    admit: (_agent: AgentDefinition, _caller, { signal }) => {
      this.signals.push(signal);
      return this.#admit();
    },
    codec,
    listeners: { isHeard: () => false, take: () => false },
    endOfTurn: () => Promise.resolve(),
    propose: (_, event) => {
      this.proposed.push(event);
      this.record(event);
    },
  });

  constructor() {
    this.record(started({ steps: plan.outlines }));
  }

  #permit(): Permit {
    const permit = new NotedPermit();
    this.permits.push(permit);
    return permit;
  }

  #admit(): MaybePromise<Permit> {
    if (this.admission === "at once") return this.#permit();
    if (this.admission === "refused")
      throw new TroupeError("overloaded", "the agent is busy", { details: { run: "r", inFlight: 1, waiting: 0 } });
    const admission = deferred<Permit>();
    this.#waiting.push(() => admission.resolve(this.#permit()));
    return admission.promise;
  }

  /** The gate lets the one go ahead that has waited longest. */
  admitNext(): void {
    this.#waiting.shift()?.();
  }

  record(event: RunEvent, spent?: Spent): boolean {
    const { run } = this;
    if (run.isClosed || !admits(run.state, event)) return false;
    run.state = apply(run.state, event);
    this.attempts.settle(run, event, spent);
    run.follow(event);
    if (run.state.status === "compensating") this.attempts.abandonHeld(run);
    return true;
  }

  /** What a participant reports. */
  report(event: Outcome, spent?: Spent): void {
    if (!this.record(event, spent)) this.attempts.refused(this.run.id, event);
  }

  begin(step: string): MaybePromise<Grant | false> {
    if (this.run.isClosed || !isReady(this.run.state, step) || !this.record(start(step))) return false;
    return this.attempts.goAhead(this.run, { type: "step-started", step });
  }

  /** The participant of a step is gone. */
  lose(step: string): void {
    const agent = plan.step.get(step)?.agentKey ?? "";
    this.attempts.participantLost(agent);
    for (const { name, agentKey } of plan.steps)
      if (agentKey === agent && this.run.isLost(name, this.run.taken)) this.record(fail(name));
  }
}

/** The time of an attempt is up, and its code goes on. */
const late = (step: string): [Outcome, Spent] => [
  { type: "step-failed", step, error: encodeError(new TroupeError("timed-out", "its time was up")) },
  { took: 10, tokens: 0, isRunning: true },
];

describe("an attempt", () => {
  it("goes ahead when its agent's gate lets it, with what the participant has to know", async () => {
    const office = new Office();
    office.run.state = { ...office.run.state, deadline: 500 };
    expect(office.begin("a")).toEqual({ deadline: 500 });
    office.report(finish("a") as Outcome);
    expect(office.permits.map(({ notes }) => notes)).toEqual([["ok"]]);
    office.admission = "later";
    const waits = office.begin("b");
    expect(waits).toBeInstanceOf(Promise);
    office.admitNext();
    expect(await waits).toEqual({ deadline: 500 });
  });

  it("that its agent's gate turns away has failed", () => {
    const office = new Office();
    office.admission = "refused";
    expect(office.begin("a")).toBe(false);
    expect(office.proposed).toMatchObject([{ type: "step-failed", step: "a", error: { code: "overloaded" } }]);
    expect(stepsIn(office.run.state)["a"]?.status).toBe("failed");
  });

  it("that is held up is given up when its run goes backward; the place that it gets too late is given back", async () => {
    const office = new Office();
    void office.begin("a");
    office.report(finish("a") as Outcome);
    void office.begin("b");
    office.admission = "later";
    const held = office.begin("c");
    office.report(fail("b") as Outcome);
    expect(office.proposed).toMatchObject([{ type: "step-failed", step: "c", error: { code: "run-cancelled" } }]);
    expect(office.signals.at(-1)?.aborted).toBe(true);
    office.admitNext();
    expect(await held).toBe(false);
    expect(office.permits.map(({ notes }) => notes)).toEqual([["ok"], ["excused"], ["released"]]);
  });

  it("does not go ahead once its step is being undone, although the undoing counts its attempts alike", async () => {
    const office = new Office();
    office.admission = "later";
    const held = office.begin("a");
    expect(office.record({ ...fail("a"), isUncertain: true } as RunEvent)).toBe(true);
    expect(office.record(undo("a"))).toBe(true);
    office.admitNext();
    expect(await held).toBe(false);
    expect(office.permits.map(({ notes }) => notes)).toEqual([["released"]]);
    expect(office.attempts.goAhead(office.run, { type: "compensation-started", step: "a" })).toEqual({});
  });

  it("whose time was up keeps its place until its code has ended, or is gone with its participant", () => {
    for (const end of [
      (office: Office) => office.report(finish("a") as Outcome),
      (office: Office) => office.lose("a"),
    ]) {
      const office = new Office();
      void office.begin("a");
      office.report(...late("a"));
      expect(office.permits[0]?.notes).toEqual(["unknown, still running"]);
      end(office);
      expect(office.permits[0]?.notes).toEqual(["unknown, still running", "released"]);
    }
  });

  it("gives back what its gate gave it, once, however it ends (invariant 7)", async () => {
    const step = fc.constantFrom("a", "b", "c", "d");
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("begin"), step }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("finish"), step }) },
      fc.record({ do: fc.constantFrom("fail", "be late", "lose"), step }),
      fc.record({ do: fc.constantFrom("admit", "at once", "later", "refused") }),
      fc.record({ do: fc.constant("close") }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const office = new Office();
        const begun: MaybePromise<unknown>[] = [];
        for (const one of actions) {
          const name = "step" in one ? one.step : "";
          if (one.do === "begin") begun.push(office.begin(name));
          else if (one.do === "finish") office.report(finish(name) as Outcome);
          else if (one.do === "fail") office.report(fail(name) as Outcome);
          else if (one.do === "be late") office.report(...late(name));
          else if (one.do === "lose") office.lose(name);
          else if (one.do === "admit") office.admitNext();
          else if (one.do === "close") office.run.close();
          else office.admission = one.do;
          await settled();
        }
        office.run.close();
        for (let left = begun.length; left > 0; left--) office.admitNext();
        await Promise.all(begun);
        for (const { name } of plan.steps) office.lose(name);
        for (const { notes, isBack } of office.permits) {
          expect(isBack, notes.join(", ")).toBe(true);
          expect(notes.length, notes.join(", ")).toBe(notes[0]?.endsWith("still running") === true ? 2 : 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
