import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { AgentDefinition } from "../../../src/agents/agent-definition.ts";
import type { NumberedMessage, ToParticipant } from "../../../src/workflows/coordination/coordination-protocol.ts";
import type { RunState } from "../../../src/workflows/history/run-state.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import type { SupervisorPorts } from "../../../src/workflows/supervisor/supervisor-ports.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { subjectOf } from "../../../src/store/client/change.ts";
import { defineFamily } from "../../../src/store/versions/define-state.ts";
import { diamond, legible, quiet, reader, stepsIn, writer } from "../support/example-workflow.ts";
import { MemoryRuns } from "../support/memory-runs.ts";

interface Sent {
  readonly agent: string;
  readonly number: number;
  readonly message: ToParticipant;
}

class Office {
  readonly runs: MemoryRuns;
  readonly sent: Sent[] = [];
  readonly versions: Snapshot<RunState>[] = [];
  readonly broken: unknown[] = [];
  /** Commits that wait, where the store is asynchronous. */
  readonly commits: (() => void)[] = [];
  readonly supervisor: RunSupervisor;
  /** What `send` does besides noting the message. */
  onSend: (agent: AgentDefinition, message: NumberedMessage) => void | Promise<void> = () => undefined;

  /** @param options.runs what an earlier one left. */
  constructor({ isAsync = false, runs }: { readonly isAsync?: boolean; readonly runs?: MemoryRuns } = {}) {
    this.runs = runs ?? new MemoryRuns(isAsync ? (commit) => this.commits.push(commit) : undefined);
    this.supervisor = new RunSupervisor({
      commit: (subject, next) => this.runs.commit(subject, next),
      newest: (subject) => this.runs.newest(subject),
      send: (agent, message) => {
        this.sent.push({ agent: agent.name, ...message });
        return this.onSend(agent, message);
      },
      onVersion: (_, snapshot) => this.versions.push(snapshot),
      onBroken: (run, error) => this.broken.push([run, error]),
      ...quiet,
    } satisfies SupervisorPorts);
  }

  orders(): string[] {
    return this.sent.map(({ agent, message }) => `${message.type} ${"step" in message ? message.step : agent}`);
  }

  async settle(): Promise<void> {
    while (this.commits.length > 0) {
      this.commits.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const done = (step: string) => ({ type: "step-finished", step, output: { n: 1 } }) as const;
const broke = (step: string) =>
  ({ type: "step-failed", step, error: { kind: "error", name: "Error", message: "broke" } }) as const;

const newestOf = (runs: MemoryRuns, run: string): Snapshot<RunState> => runs.versions(run).at(-1) as Snapshot<RunState>;

const all = (values: readonly unknown[]): Promise<unknown[]> =>
  Promise.all(values.map((value) => Promise.resolve(value)));

describe("a supervisor", () => {
  it("is synchronous where the store is", () => {
    const { supervisor, sent, runs, ...office } = new Office();
    expect(supervisor.start("r", diamond, { n: 1 })).toBeUndefined();
    expect(sent).toEqual([
      {
        agent: "reader",
        number: 1,
        message: { type: "perform", run: "r", epoch: 0, handOver: false, step: "a", input: { n: 1 } },
      },
    ]);
    expect(supervisor.propose("r", done("a"))).toBe(true);
    expect(supervisor.propose("r", done("a"))).toBe(false);
    for (const step of ["b", "c", "d"]) expect(supervisor.propose("r", done(step))).toBe(true);
    expect(runs.state("r").status).toBe("completed");
    expect(supervisor.openRuns.ids).toEqual([]);
    expect(office.versions.map(({ version, state }) => [version, state.events.length])).toEqual([
      [1, 2],
      [2, 3],
      [3, 1],
      [4, 2],
      [5, 2],
    ]);
  });

  it("publishes a version before it sends what follows from it", () => {
    const office = new Office();
    const seen: number[] = [];
    office.onSend = () => void seen.push(office.versions.length);
    void office.supervisor.start("r", diamond, { n: 1 });
    expect(seen).toEqual([1]);
  });

  it("judges what arrives while a commit is under way in the order of arrival", async () => {
    const office = new Office({ isAsync: true });
    const { supervisor } = office;
    const answers = [
      supervisor.start("r", diamond, { n: 1 }),
      supervisor.propose("r", done("a")),
      supervisor.propose("r", done("a")),
      supervisor.cancel("r"),
    ];
    expect(office.commits.length).toBe(1);
    await office.settle();
    expect(await all(answers)).toEqual([undefined, true, false, undefined]);
    expect(office.orders()).toEqual(["perform a", "perform b", "perform c", "abort writer"]);
  });

  it("refuses proposals for a run that it doesn't have", () => {
    const { supervisor } = new Office();
    expect(supervisor.propose("nobody", done("a"))).toBe(false);
    expect(supervisor.cancel("nobody")).toBeUndefined();
  });

  it("starts a run once, whether it is open or over", () => {
    const { supervisor, runs } = new Office();
    void supervisor.start("r", diamond, { n: 1 });
    expect(() => supervisor.start("r", diamond, { n: 1 })).toThrow(expect.objectContaining({ code: "run-exists" }));
    void supervisor.propose("r", broke("a"));
    expect(runs.state("r").status).toBe("failed");
    expect(() => supervisor.start("r", diamond, { n: 1 })).toThrow(
      expect.objectContaining({ code: "run-exists", details: { run: "r" } }),
    );
    expect(runs.versions("r").length).toBe(2);
  });

  it("says so when the store hides behind an error of its own that the run exists", async () => {
    const office = new Office();
    void office.supervisor.start("r", diamond, { n: 1 });
    void office.supervisor.cancel("r");
    const other = new RunSupervisor({
      commit: (subject, next) => {
        try {
          return office.runs.commit(subject, next);
        } catch (cause) {
          return Promise.reject(new Error("the recipe threw", { cause }));
        }
      },
      newest: (subject) => office.runs.newest(subject),
      send: () => undefined,
      onVersion: () => undefined,
      onBroken: () => undefined,
      ...quiet,
    });
    await expect(other.start("r", diamond, { n: 1 })).rejects.toMatchObject({ code: "run-exists" });
    expect(other.openRuns.ids).toEqual([]);
  });

  it("checks what a run is given", () => {
    const { supervisor, runs } = new Office();
    expect(() => supervisor.start("r", diamond, { n: "one" })).toThrow(
      expect.objectContaining({
        code: "contract-violated",
        details: expect.objectContaining({ agent: "diamond", side: "sender" }) as object,
      }),
    );
    const empty = defineWorkflow("test:workflows", { name: "empty", version: "1", input: diamond.input });
    expect(() => supervisor.start("r", empty, { n: 1 })).toThrow(expect.objectContaining({ code: "invalid-workflow" }));
    expect(runs.versions("r")).toEqual([]);
  });

  it("keeps a copy of the input", () => {
    const { supervisor, runs } = new Office();
    const input = { n: 1 };
    void supervisor.start("r", diamond, input);
    input.n = 2;
    expect(runs.state("r").input).toEqual({ n: 1 });
    expect(Object.isFrozen(input)).toBe(false);
  });
});

describe("a switch", () => {
  it("counts epochs, the first call too, and not a switch to what is in force", () => {
    const { supervisor } = new Office();
    expect([supervisor.switchCoordination("orchestrator"), supervisor.switchCoordination("orchestrator")]).toEqual([
      1, 1,
    ]);
    expect(supervisor.switchCoordination("relay")).toBe(2);
    expect([supervisor.coordination, supervisor.epoch]).toEqual(["relay", 2]);
  });

  it("hands every open run over, but not one that is pinned", () => {
    const office = new Office();
    const { supervisor, runs } = office;
    void supervisor.switchCoordination("orchestrator");
    void supervisor.start("free", diamond, { n: 1 });
    void supervisor.start("pinned", diamond, { n: 1 }, { coordination: "orchestrator" });
    office.sent.length = 0;
    void supervisor.switchCoordination("relay");
    expect(office.sent.map(({ message }) => message)).toMatchObject([
      { type: "relay", run: "free", epoch: 2, handOver: true, steps: ["b", "c"] },
      { type: "relay", run: "free", epoch: 2, handOver: true, steps: ["d"] },
    ]);
    expect([runs.state("free").coordination, runs.state("pinned").coordination]).toEqual(["relay", "orchestrator"]);
    void supervisor.start("late", diamond, { n: 1 });
    expect(runs.state("late")).toMatchObject({ coordination: "relay", epoch: 2, pinned: false });
  });

  it("returns when every open run has been handed over", async () => {
    const office = new Office({ isAsync: true });
    const { supervisor } = office;
    const begun = [supervisor.switchCoordination("orchestrator"), supervisor.start("r", diamond, { n: 1 })];
    await office.settle();
    await all(begun);
    let epoch = 0;
    const switched = Promise.resolve(supervisor.switchCoordination("relay")).then((now) => (epoch = now));
    office.commits.shift()?.(); // the system's key
    await new Promise((resolve) => setImmediate(resolve));
    expect([supervisor.coordination, epoch, office.commits.length]).toEqual(["relay", 0, 1]);
    await office.settle();
    expect(await switched).toBe(2);
  });
});

describe("trouble", () => {
  it("fails the step whose order can't be sent, now or later", async () => {
    for (const onSend of [
      () => {
        throw new Error("mailbox full");
      },
      () => Promise.reject(new Error("mailbox full")),
    ]) {
      const office = new Office();
      office.onSend = onSend;
      void office.supervisor.start("r", diamond, { n: 1 });
      await new Promise((resolve) => setImmediate(resolve));
      expect(legible(office.runs.state("r"))).toMatchObject({
        status: "failed",
        failed: "a",
        steps: { a: { error: { message: "mailbox full" } } },
      });
    }
  });

  it("ends a run as compensation-failed when the order to compensate can't be sent", () => {
    const office = new Office();
    office.onSend = (_, { message }) => {
      if (message.type === "compensate") throw new Error("gone");
    };
    const { supervisor } = office;
    void supervisor.start("r", diamond, { n: 1 });
    for (const event of [done("a"), done("b"), broke("c")]) void supervisor.propose("r", event);
    expect(office.runs.state("r")).toMatchObject({ status: "compensation-failed", uncompensated: "b", failed: "c" });
  });

  it("fails what a lost participant had in flight, in every run", () => {
    const { supervisor, runs } = new Office();
    for (const run of ["one", "two"]) void supervisor.start(run, diamond, { n: 1 });
    void supervisor.propose("two", done("a"));
    supervisor.participantLost(writer, new Error("the thread died"));
    expect([runs.state("one").status, runs.state("two").status]).toEqual(["running", "failed"]);
    expect(stepsIn(runs.state("two"))).toMatchObject({ b: { status: "failed" }, c: { status: "failed" } });
  });

  it("takes nothing for lost that is ordered only after the participant was: its successor does it", async () => {
    const office = new Office({ isAsync: true });
    const { supervisor, runs } = office;
    const beginning = supervisor.start("r", diamond, { n: 1 });
    supervisor.participantLost(reader, new Error("the thread died")); // before the journal has the first step's start
    await office.settle();
    await beginning;
    expect(office.orders()).toEqual(["perform a"]);
    expect(stepsIn(runs.state("r"))["a"]).toMatchObject({ status: "started" });

    const finishing = supervisor.propose("r", done("a"));
    await office.settle();
    await finishing;
    expect(office.orders()).toEqual(["perform a", "perform b", "perform c"]);
    const failing = supervisor.propose("r", broke("b"));
    supervisor.participantLost(writer, new Error("the thread died")); // it had c, and b is over
    await office.settle();
    await failing;
    expect(stepsIn(runs.state("r"))).toMatchObject({
      b: { status: "failed", error: { message: "broke" } },
      c: { status: "failed", error: { message: "the thread died" } },
    });
  });

  it("takes for lost what the participant had claimed, also where the journal has that later", async () => {
    const office = new Office({ isAsync: true });
    const { supervisor, runs } = office;
    const beginning = [supervisor.switchCoordination("relay"), supervisor.start("r", diamond, { n: 1 })];
    await office.settle();
    await all(beginning);
    const claiming = supervisor.claim("r", { type: "step-started", step: "a", input: { n: 1 }, by: "relay", epoch: 1 });
    supervisor.participantLost(reader, new Error("the thread died"));
    await office.settle();
    await claiming;
    expect(stepsIn(runs.state("r"))["a"]).toMatchObject({ status: "failed", error: { message: "the thread died" } });
  });

  it("gives the successor of a lost participant what it needs to go on with a relayed run", () => {
    const office = new Office();
    void office.supervisor.start("r", diamond, { n: 1 }, { coordination: "relay" });
    office.sent.length = 0;
    office.supervisor.participantLost(reader, new Error("the thread died"));
    expect(
      office.sent.map(({ agent, message }) => [agent, message.type, "handOver" in message && message.handOver]),
    ).toEqual([["reader", "relay", true]]);
  });

  it("lets go of a run whose history can't be written, and of no other", () => {
    const office = new Office();
    const { supervisor, runs } = office;
    for (const run of ["one", "two"]) void supervisor.start(run, diamond, { n: 1 });
    runs.failure = new Error("disk full");
    expect(() => supervisor.propose("one", done("a"))).toThrow("disk full");
    expect(office.broken).toEqual([["one", runs.failure]]);
    runs.failure = undefined;
    expect(supervisor.propose("one", done("a"))).toBe(false);
    expect(supervisor.openRuns.ids).toEqual(["two"]);
    expect(supervisor.propose("two", done("a"))).toBe(true);
  });

  it("switches the runs that can be switched when the history of one can't be written", () => {
    const office = new Office();
    const { supervisor, runs } = office;
    void supervisor.switchCoordination("orchestrator");
    for (const run of ["one", "two"]) void supervisor.start(run, diamond, { n: 1 });
    const write = runs.commit.bind(runs);
    runs.commit = (subject, next) => {
      if (subject.id === "one") throw new Error("disk full");
      return write(subject, next);
    };
    expect(supervisor.switchCoordination("relay")).toBe(2);
    expect([office.broken.length, runs.state("two").coordination]).toEqual([1, "relay"]);
  });

  it("does not tell of a start that failed twice: the caller hears it", () => {
    const office = new Office();
    office.runs.failure = new Error("disk full");
    expect(() => office.supervisor.start("r", diamond, { n: 1 })).toThrow("disk full");
    expect([office.broken, office.supervisor.openRuns.ids]).toEqual([[], []]);
  });

  it("takes up a run to cancel it, without beginning again what was in flight", () => {
    const { runs, supervisor } = new Office();
    void supervisor.start("r", diamond, { n: 1 });
    for (const step of ["a", "b"]) void supervisor.propose("r", done(step));
    const office = new Office({ runs });
    void office.supervisor.resume(newestOf(runs, "r"), "r", diamond, { type: "cancel-requested", reason: "enough" });
    expect(legible(runs.state("r"))).toMatchObject({
      status: "compensating",
      cancelled: { reason: "enough" },
      steps: { b: { status: "compensating" }, c: { status: "failed", isUncertain: true }, d: { status: "pending" } },
    });
    expect(office.orders()).toEqual(["compensate writer"]);
    void office.supervisor.propose("r", { type: "compensation-finished", step: "b" });
    expect(runs.state("r").status).toBe("cancelled");
  });

  it("goes on undoing a run that it takes up to cancel it while it is being undone already", () => {
    const { runs, supervisor } = new Office();
    void supervisor.start("r", diamond, { n: 1 });
    for (const step of ["a", "b"]) void supervisor.propose("r", done(step));
    void supervisor.propose("r", broke("c"));
    const office = new Office({ runs });
    void office.supervisor.resume(newestOf(runs, "r"), "r", diamond, { type: "cancel-requested" });
    expect(legible(runs.state("r"))).toMatchObject({
      status: "compensating",
      failed: "c",
      steps: { b: { retryAt: 0 } },
    });
    expect(runs.state("r").cancelled).toBeUndefined();
  });

  it("resolves a run that waits for a person, once, and no other", () => {
    const { runs, supervisor } = new Office();
    void supervisor.start("r", diamond, { n: 1 });
    expect(() => supervisor.resolve("r", "by hand")).toThrow(expect.objectContaining({ code: "not-admissible" }));
    for (const step of ["a", "b"]) void supervisor.propose("r", done(step));
    void supervisor.propose("r", broke("c"));
    const error = { kind: "error", name: "Error", message: "no way back" } as const;
    void supervisor.propose("r", { type: "compensation-failed", step: "b", error });
    expect(runs.state("r").status).toBe("compensation-failed");
    expect(supervisor.resolve("r", "by hand")).toBeUndefined();
    expect(runs.state("r")).toMatchObject({
      status: "resolved",
      resolved: "by hand",
      events: [
        { type: "run-resolved", note: "by hand" },
        { type: "run-ended", status: "resolved" },
      ],
    });
    for (const run of ["r", "nobody"])
      expect(() => supervisor.resolve(run, "again")).toThrow(expect.objectContaining({ code: "not-admissible" }));
  });

  it("tells participants where the workflow is now, though its module has moved", () => {
    const { runs, supervisor } = new Office();
    void supervisor.start("r", diamond, { n: 1 }, { coordination: "relay" });
    const office = new Office({ runs });
    void office.supervisor.resume(newestOf(runs, "r"), "r", { ...diamond, module: "test:moved" }, "recover");
    expect(office.sent).not.toEqual([]);
    for (const { message } of office.sent) expect(message).toMatchObject({ workflow: { module: "test:moved" } });
  });

  it("notices that something else wrote a run", () => {
    const office = new Office();
    const { supervisor, runs } = office;
    void supervisor.start("r", diamond, { n: 1 });
    const forged = defineFamily({ name: "run", version: 1, schema: v.any() });
    void runs.commit(subjectOf(forged, "r"), (state) => ({ ...state, length: 99 }));
    expect(() => supervisor.propose("r", done("a"))).toThrow(expect.objectContaining({ code: "conflict" }));
    expect(office.broken.length).toBe(1);
  });
});
