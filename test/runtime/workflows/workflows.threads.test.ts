/** Workflows of agents on real threads, under both coordinations. */

import { describe, expect, it } from "vitest";
import { type Coordination, createSystem, defineWorkflow, type Run, type System } from "troupe";
import { broken, flight, insurance, insured, journey, ledger, straight } from "../../fixtures/journey.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const since = new Date("2020-02-02T02:02:02.002Z");

async function entriesOf(system: System, id: string): Promise<readonly string[]> {
  return (await system.store.read(ledger, id)).entries;
}

async function eventTypes(run: Run): Promise<string[]> {
  return (await run.history()).map(({ event }) =>
    "step" in event && event.type !== "run-ended" ? `${event.type} ${event.step}` : event.type,
  );
}

const system = useSystem();

/** A latch that journeys wait at, and how many have come to it. */
async function barrier() {
  const ref = await system().spawn(latch, { placement: { thread: 0 } });
  return { ref, arrived: (count: number) => ref.ask("arrived", { count }, patiently), open: () => ref.ask("open") };
}

let journeys = 0;
const nextId = (): string => `journey-${++journeys}`;

describe.each<Coordination>(["orchestrator", "relay"])("a run under %s", (coordination) => {
  it("completes: each step once, in order, with what they gave", async () => {
    const id = nextId();
    const run = system().run(journey, { id, since }, { coordination });
    using live = record(run.events$);
    expect(await run.result).toStrictEqual({ id, what: "ticket", since });
    const entries = await entriesOf(system(), id);
    expect([...entries].sort()).toEqual(["flight", "hotel", "payment", "ticket"]);
    expect(entries.slice(2)).toEqual(["payment", "ticket"]);

    const history = await run.history();
    const told = await eventTypes(run);
    expect(told).toHaveLength(10);
    expect([told[0], ...told.slice(5)]).toEqual([
      ...[
        "run-started",
        "step-started payment",
        "step-finished payment",
        "step-started ticket",
        "step-finished ticket",
      ],
      "run-ended",
    ]);
    for (const step of ["flight", "hotel"]) {
      expect(told.slice(1, 5).filter((type) => type.endsWith(step))).toEqual([
        `step-started ${step}`,
        `step-finished ${step}`,
      ]);
    }
    expect(history.map(({ run: of }) => of)).toEqual(history.map(() => run.id));
    expect(await live.end).toEqual({});
    expect(live.values).toEqual(history);
    using late = record(run.events$);
    expect(late.values).toEqual(history);
    expect(await late.end).toEqual({});

    const [started] = history;
    expect(started?.event).toMatchObject({
      workflow: { name: "journey", version: "1.2.3" },
      coordination,
      pinned: true,
      input: { id, since },
    });
    const by = history.flatMap(({ event }) => (event.type === "step-started" ? [event.by] : []));
    expect(new Set(by)).toEqual(new Set([coordination]));
    expect(history.at(-1)?.event).toMatchObject({ type: "run-ended", status: "completed", output: { since } });
    expect((await system().store.history(ledger, id)).map(({ cause }) => cause)).toEqual(
      entries.map(() => `run/${run.id}`),
    );
  });

  it("that fails undoes what had finished, last first", async () => {
    const id = nextId();
    const run = system().run(straight, { id, since, fail: "ticket" }, { coordination });
    using live = record(run.events$);
    expect(await rejectionOf(run.result)).toMatchObject({
      code: "step-failed",
      details: { run: run.id, step: "ticket" },
      cause: { message: "no ticket today", code: "E_FULL" },
    });
    expect(await entriesOf(system(), id)).toEqual(["flight", "hotel", "ticket", "undo hotel", "undo flight"]);
    expect(await eventTypes(run)).toEqual([
      ...["run-started", "step-started flight", "step-finished flight", "step-started hotel", "step-finished hotel"],
      ...["step-started ticket", "step-failed ticket", "compensation-started hotel", "compensation-finished hotel"],
      ...["compensation-started flight", "compensation-finished flight", "run-ended"],
    ]);
    expect(await live.end).toEqual({}); // it ended, if badly
    expect(live.values.at(-1)?.event).toMatchObject({
      type: "run-ended",
      status: "failed",
      step: "ticket",
      error: { message: "no ticket today" },
    });
  });

  it("that fails while a step is in flight waits for it, and undoes it too", async () => {
    const id = nextId();
    const { ref, arrived, open } = await barrier();
    // under the relay, a step that begins late would not begin at all, had the other one failed before
    const given = { fail: "flight", failsWhenHeld: true, holdAt: "hotel", latch: ref };
    const run = system().run(journey, { id, since, ...given }, { coordination });
    using live = record(run.events$);
    await arrived(1);
    await live.first(({ event }) => event.type === "step-failed");
    await open();
    expect(await rejectionOf(run.result)).toMatchObject({ code: "step-failed", details: { step: "flight" } });
    const entries = await entriesOf(system(), id);
    expect(entries).toContain("hotel");
    expect(entries.at(-1)).toBe("undo hotel");
    expect(entries).not.toContain("payment");
  });

  it("whose compensation fails says which, and undoes no more", async () => {
    const id = nextId();
    const run = system().run(straight, { id, since, fail: "undo-hotel" }, { coordination });
    expect(await run.result).toMatchObject({ what: "ticket" });
    const { ref, arrived } = await barrier();
    const other = nextId();
    const cancelled = system().run(
      straight,
      { id: other, since, fail: "undo-hotel", holdAt: "ticket", latch: ref },
      { coordination },
    );
    await arrived(1);
    await cancelled.cancel();
    expect(await rejectionOf(cancelled.result)).toMatchObject({
      code: "compensation-failed",
      details: { run: cancelled.id, step: "hotel" },
      cause: { message: "can't undo hotel" },
    });
    expect(await entriesOf(system(), other)).toEqual(["flight", "hotel", "ticket", "ticket aborted"]);
  });

  it("that is cancelled aborts its agents in other threads, and undoes what had finished", async () => {
    const id = nextId();
    const { ref, arrived } = await barrier();
    const run = system().run(straight, { id, since, holdAt: "ticket", latch: ref }, { coordination });
    using live = record(run.events$);
    await arrived(1);
    await run.cancel("rain");
    await run.cancel("sun"); // too late to say so
    expect(await rejectionOf(run.result)).toMatchObject({
      code: "run-cancelled",
      details: { run: run.id, reason: "rain" },
    });
    expect(await entriesOf(system(), id)).toEqual([
      "flight",
      "hotel",
      "ticket",
      "ticket aborted",
      "undo hotel",
      "undo flight",
    ]);
    expect((await eventTypes(run)).filter((type) => type === "cancel-requested")).toHaveLength(1);
    expect(await live.end).toEqual({});
    await run.cancel("again");
    expect((await run.history()).at(-1)?.event).toMatchObject({
      type: "run-ended",
      status: "cancelled",
      reason: "rain",
    });
  });

  it("that its own subscriber cancels tells all subscribers the same, in order", async () => {
    const id = nextId();
    const run = system().run(straight, { id, since }, { coordination });
    using before = record(run.events$);
    run.events$.subscribe(({ event }) => {
      if (event.type === "step-finished" && event.step === "hotel") void run.cancel("seen enough");
    });
    using after = record(run.events$);
    const error = await rejectionOf(run.result);
    expect(error).toMatchObject({ code: "run-cancelled" });
    const history = await run.history();
    expect(before.values).toEqual(history);
    expect(after.values).toEqual(history);
    expect((await entriesOf(system(), id)).filter((entry) => entry.startsWith("undo")).slice(-2)).toEqual([
      "undo hotel",
      "undo flight",
    ]);
  });

  it("whose contract is violated says whose, which, which way and where", async () => {
    const site = { agent: "payment", version: "2.1.0" };
    const mapped = system().run(journey, { id: nextId(), since, fail: "mapping" }, { coordination });
    expect(await rejectionOf(mapped.result)).toMatchObject({
      code: "step-failed",
      details: { step: "payment" },
      cause: {
        code: "contract-violated",
        details: { ...site, direction: "input", path: "id", expected: "string", received: "7" },
      },
    });
    const given = system().run(journey, { id: nextId(), since, fail: "payment-output" }, { coordination });
    expect(await rejectionOf(given.result)).toMatchObject({
      code: "step-failed",
      details: { step: "payment" },
      cause: {
        code: "contract-violated",
        details: { ...site, direction: "output", path: "what", expected: "string", received: "7" },
      },
    });
    expect(() => system().run(journey, { id: 7, since } as never, { coordination })).toThrow(
      expect.objectContaining({
        code: "contract-violated",
        details: expect.objectContaining({
          agent: "journey",
          version: "1.2.3",
          direction: "input",
          path: "id",
        }) as object,
      }) as Error,
    );
    expect((await system().stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 0 });
  });

  it("whose agent takes its thread down fails, is undone, and the next one works", async () => {
    using told = record(system().events$);
    const id = nextId();
    const run = system().run(straight, { id, since, fail: "ticket-exit" }, { coordination });
    expect(await rejectionOf(run.result)).toMatchObject({
      code: "step-failed",
      details: { run: run.id, step: "ticket" },
      cause: { code: "thread-died", details: { how: "exited" } },
    });
    expect(await told.first(({ type }) => type === "thread-died")).toBeDefined();
    expect(await entriesOf(system(), id)).toEqual(["flight", "hotel", "ticket", "undo hotel", "undo flight"]);
    const next = system().run(straight, { id: nextId(), since }, { coordination });
    expect(await next.result).toMatchObject({ what: "ticket" });
  });

  it("whose agent can't be loaded fails and is undone", async () => {
    const id = nextId();
    const run = system().run(broken, { id, since }, { coordination });
    expect(await rejectionOf(run.result)).toMatchObject({
      code: "step-failed",
      details: { step: "lost" },
      cause: { code: "module-failed", cause: { code: "E_BROKEN" } },
    });
    // the relay may find out before the first step has started; what was done is undone either way
    const done = await entriesOf(system(), id);
    expect(done).toEqual(done.length === 0 && coordination === "relay" ? [] : ["flight", "undo flight"]);
  });

  it("goes on with many others at a time, each by itself", async () => {
    const runs = Array.from({ length: 60 }, (_, n) => {
      const id = nextId();
      return {
        id,
        fails: n % 3 === 1,
        run: system().run(straight, { id, since, ...(n % 3 === 1 ? { fail: "hotel" } : {}) }, { coordination }),
      };
    });
    for (const { id, fails, run } of runs) {
      if (fails) await rejectionOf(run.result);
      else expect(await run.result).toMatchObject({ id });
      expect(await entriesOf(system(), id)).toEqual(
        fails ? ["flight", "hotel", "undo flight"] : ["flight", "hotel", "ticket"],
      );
    }
  });
});

describe("switching the coordination", () => {
  it("refuses a coordination that there is none of", async () => {
    for (const odd of ["both", undefined, new Uint8Array(2)])
      expect(await rejectionOf(system().switchCoordination(odd as never))).toMatchObject({
        code: "invalid-options",
        message: expect.stringMatching(/^switchCoordination: coordination: /),
      });
    expect(system().coordination).toBe("orchestrator");
  });

  it("hands over what is in flight: no step is lost or repeated", async () => {
    using told = record(system().events$);
    const { ref, arrived, open } = await barrier();
    const stages = ["flight", "hotel", "payment", "ticket"];
    const runs = stages.flatMap((holdAt) =>
      [1, 2].map(() => {
        const id = nextId();
        return { id, run: system().run(journey, { id, since, holdAt, latch: ref }) };
      }),
    );
    const failing = nextId();
    const undone = system().run(straight, { id: failing, since, fail: "ticket", holdAt: "undo-hotel", latch: ref });
    const pinned = system().run(
      straight,
      { id: nextId(), since, holdAt: "hotel", latch: ref },
      { coordination: "orchestrator" },
    );
    await arrived(runs.length + 2);
    await system().switchCoordination("relay");
    expect(system().coordination).toBe("relay");
    await system().switchCoordination("orchestrator");
    await system().switchCoordination("relay");
    const opening = open();
    await system().switchCoordination("orchestrator");
    await system().switchCoordination("relay");
    await opening;
    for (const { id, run } of runs) {
      expect(await run.result).toMatchObject({ id, what: "ticket" });
      expect([...(await entriesOf(system(), id))].sort()).toEqual(["flight", "hotel", "payment", "ticket"]);
    }
    expect(await rejectionOf(undone.result)).toMatchObject({ code: "step-failed", details: { step: "ticket" } });
    expect(await entriesOf(system(), failing)).toEqual(["flight", "hotel", "ticket", "undo hotel", "undo flight"]);
    await pinned.result;
    expect((await eventTypes(pinned)).filter((type) => type === "coordination-switched")).toEqual([]);
    const switches = told.values.flatMap((event) =>
      event.type === "coordination-switched" ? [event.coordination] : [],
    );
    expect(switches).toEqual(["relay", "orchestrator", "relay", "orchestrator", "relay"]);
    await system().switchCoordination("orchestrator");
  });
});

describe("runs", () => {
  it("have an id of their own, once and for all", async () => {
    const { ref, arrived, open } = await barrier();
    const run = system().run(straight, { id: nextId(), since, holdAt: "flight", latch: ref }, { id: "the-one" });
    expect(run.id).toBe("the-one");
    await arrived(1);
    const exists = expect.objectContaining({ code: "run-exists", details: { run: "the-one" } }) as Error;
    expect(() => system().run(straight, { id: nextId(), since }, { id: "the-one" })).toThrow(exists);
    await open();
    await run.result;
    expect(() => system().run(straight, { id: nextId(), since }, { id: "the-one" })).toThrow(exists);
    expect(await run.history()).toHaveLength(8);
    expect((await system().stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 0 });
    const others = [1, 2, 3].map(() => system().run(straight, { id: nextId(), since }));
    expect(new Set(others.map(({ id }) => id)).size).toBe(3);
    await Promise.all(others.map(({ result }) => result));
  });

  it("are worked on by an agent as many at a time as it says", async () => {
    const one = await barrier();
    const single = [1, 2, 3].map(() =>
      system().run(insured, { id: nextId(), since, holdAt: "insurance", latch: one.ref }),
    );
    await one.arrived(1);
    const other = await barrier();
    const several = [1, 2, 3].map(() =>
      system().run(journey, { id: nextId(), since, holdAt: "hotel", latch: other.ref }),
    );
    expect(await other.arrived(3)).toHaveLength(3);
    expect(await one.arrived(1)).toHaveLength(1);
    await other.open();
    await one.open();
    await Promise.all([...single, ...several].map(({ result }) => result));
  });

  it("follow a workflow that the relay's participants can load, or say that they can't", async () => {
    const unexported = defineWorkflow(journey.module, {
      name: "unexported",
      version: "1.0.0",
      input: journey.input,
    }).step("flight", flight, ({ input }) => input as never);
    const run = system().run(unexported, { id: nextId(), since }, { coordination: "relay" });
    expect(await rejectionOf(run.result)).toMatchObject({
      code: "step-failed",
      cause: { code: "definition-not-found", details: { kind: "workflow", name: "unexported" } },
    });
  });
});

describe("an agent that is asked directly", () => {
  it.each([0, 1])("on thread %i answers as in a run, and is guarded as in a run", async (thread) => {
    const ref = await system().spawn(insurance, {
      placement: { thread: thread === 0 ? 0 : (await system().stats()).threads[0]!.thread },
    });
    const id = nextId();
    expect(await ref.ask("execute", { id, since })).toStrictEqual({ id, what: "insurance", since });
    expect(await entriesOf(system(), id)).toEqual(["insurance"]);
    const site = { agent: "insurance", version: "2.1.0" };
    expect(await rejectionOf(ref.ask("execute", { id: 7, since } as never))).toMatchObject({
      outcome: "rejected",
      code: "contract-violated",
      details: { ...site, direction: "input", side: "sender", path: "id" },
    });
    expect(await rejectionOf(ref.ask("execute", { id, since, fail: "insurance" }))).toMatchObject({
      outcome: "failed",
      code: "handler-failed",
      cause: { code: "E_FULL" },
    });
    expect(await rejectionOf(ref.ask("execute", { id, since, fail: "insurance-output" }))).toMatchObject({
      outcome: "failed",
      cause: { code: "contract-violated", details: { ...site, direction: "output", side: "sender", path: "what" } },
    });
    expect(
      await rejectionOf((ref as unknown as { ask(type: string): Promise<unknown> }).ask("compensate")),
    ).toMatchObject({
      outcome: "rejected",
      code: "no-such-message",
    });
    await system().stop(ref);
    expect(await rejectionOf(ref.ask("execute", { id, since }))).toMatchObject({ code: "no-such-actor" });
  });

  it("takes as many at a time as it says", async () => {
    const ref = await system().spawn(insurance);
    const { ref: gate, arrived, open } = await barrier();
    const asks = ["a", "b", "c"].map((id) =>
      ref.ask("execute", { id: `${nextId()}${id}`, since, holdAt: "insurance", latch: gate }, patiently),
    );
    expect(await arrived(1)).toHaveLength(1);
    await open();
    expect(await Promise.all(asks)).toHaveLength(3);
  });
});

describe("a system with room for two runs", () => {
  it("keeps further ones waiting, starts them in order, and cancels those that wait", async () => {
    await using small = await createSystem({ threads: 1, maxRuns: 2 });
    const ref = await small.spawn(latch, { placement: { thread: 0 } });
    const inputs = Array.from({ length: 6 }, () => ({ id: nextId(), since, holdAt: "flight", latch: ref }));
    const ids = inputs.map(({ id }) => id);
    const runs = inputs.map((input) => small.run(straight, input));
    for (const input of inputs) input.id = "changed afterwards"; // each was given at once
    expect((await small.stats()).runs).toEqual({ inFlight: 2, waiting: 4, parked: 0 });
    expect(() => small.run(straight, { id: 7 } as never)).toThrow(
      expect.objectContaining({ code: "contract-violated" }) as Error,
    );
    expect(() => small.run(straight, inputs[0]!, { id: runs[5]!.id })).toThrow(
      expect.objectContaining({ code: "run-exists" }) as Error,
    );

    const waiting = runs[3]!;
    using events = record(waiting.events$);
    await waiting.cancel("too long");
    expect(await rejectionOf(waiting.result)).toMatchObject({ code: "run-cancelled", details: { run: waiting.id } });
    expect((await events.end).error).toMatchObject({ code: "run-cancelled" });
    expect((await small.stats()).runs).toEqual({ inFlight: 2, waiting: 3, parked: 0 });

    await ref.ask("arrived", { count: 2 }, patiently);
    await ref.ask("open");
    const left = [0, 1, 2, 4, 5];
    expect(await Promise.all(left.map(async (n) => (await runs[n]!.result).id))).toEqual(left.map((n) => ids[n]));
    expect(await entriesOf(small, ids[3]!)).toEqual([]);
    const starts = await Promise.all(left.map(async (n) => (await runs[n]!.history())[0]!.time));
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect((await small.stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 0 });
  });
});

describe("a system that ends", () => {
  it("drains after its runs, waiting ones too", async () => {
    await using small = await createSystem({ threads: 1, maxRuns: 1 });
    const ref = await small.spawn(latch, { placement: { thread: 0 } });
    const runs = [1, 2, 3].map(() => small.run(straight, { id: nextId(), since, holdAt: "hotel", latch: ref }));
    await ref.ask("arrived", { count: 1 }, patiently);
    const drained = small.drain();
    expect(() => small.run(straight, { id: nextId(), since })).toThrow(
      expect.objectContaining({ code: "system-closed" }) as Error,
    );
    await ref.ask("open");
    expect(await Promise.all(runs.map(async ({ result }) => (await result).what))).toEqual([
      "ticket",
      "ticket",
      "ticket",
    ]);
    await drained;
    expect((await small.stats()).actors).toBe(0);
  });

  it("closes on its runs, in flight and waiting, and on who drains it", async () => {
    const small = await createSystem({ threads: 1, maxRuns: 1 });
    const ref = await small.spawn(latch, { placement: { thread: 0 } });
    const runs = [1, 2].map(() => small.run(straight, { id: nextId(), since, holdAt: "hotel", latch: ref }));
    const ends = runs.map(({ events$ }) => record(events$).end);
    const results = Promise.all(runs.map(({ result }) => rejectionOf(result)));
    await ref.ask("arrived", { count: 1 }, patiently);
    const drained = rejectionOf(small.drain());
    await small.close();
    for (const error of await results) expect(error).toMatchObject({ code: "system-closed" });
    expect(await Promise.all(ends)).toEqual([{}, {}]);
    expect(await drained).toMatchObject({ code: "system-closed" });
    await runs[0]!.cancel();
    await runs[1]!.cancel();
    expect(() => small.run(straight, { id: nextId(), since })).toThrow(
      expect.objectContaining({ code: "system-closed" }) as Error,
    );
  });
});
