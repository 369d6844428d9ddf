/** Where actors are put, what they are called, and how they come and go, on real threads. */

import { describe, expect, it } from "vitest";
import { type ActorDefinition, createSystem, defineActor, memoryJournal, type System, type SystemEvent } from "troupe";
import { counter, gate, parent, recorder } from "../../fixtures/actors.ts";
import { sleeper } from "../../fixtures/emitters.ts";
import { latch } from "../../fixtures/latch.ts";
import { brief, empty, failing, stateOfClass, throwing, throwingBehaviour } from "../../fixtures/misfits.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const threadOf = ({ address }: { address: string }): number => Number.parseInt(address, 10);

async function actorsByThread(system: System): Promise<Record<number, number>> {
  const { threads } = await system.stats();
  return Object.fromEntries(threads.map(({ thread, actors }) => [thread, actors]));
}

describe("placement", () => {
  const system = useSystem();

  it("spreads pooled actors over the threads, and fills up what has become free", async () => {
    const refs = await Promise.all(Array.from({ length: 6 }, () => system().spawn(counter)));
    expect(await actorsByThread(system())).toEqual({ 1: 3, 2: 3 });
    const onFirst = refs.filter((ref) => threadOf(ref) === 1);
    for (const ref of onFirst) await system().stop(ref);
    const more = [await system().spawn(counter), await system().spawn(counter), await system().spawn(counter)];
    expect(more.map(threadOf)).toEqual([1, 1, 1]);
    for (const ref of [...refs, ...more]) await system().stop(ref);
    expect(await actorsByThread(system())).toEqual({ 1: 0, 2: 0 });
  });

  it("starts as many as an actor wants in one turn, and stops them so", async () => {
    const many = 3_000; // more than a mailbox has room for
    const raiser = await system().spawn(parent, { placement: { thread: 1 } });
    const children = await raiser.ask("raiseAll", { count: many }, patiently);
    expect(new Set(children.map(({ address }) => address)).size).toBe(many);
    expect(await actorsByThread(system())).toEqual({ 1: many / 2 + 1, 2: many / 2 });
    expect(await children.at(-1)?.ask("get")).toBe(0);
    await raiser.tell("sendAway", children);
    await system().stop(raiser, "drain");
    expect(await actorsByThread(system())).toEqual({ 1: 0, 2: 0 });
  });

  it("gives a dedicated actor a thread of its own, which goes with it", async () => {
    using events = record(system().events$);
    const ref = await system().spawn(counter, { placement: "dedicated", name: "alone" });
    expect(ref.name).toBe("alone");
    const thread = threadOf(ref);
    expect(thread).toBeGreaterThan(2);
    expect(events.values).toMatchObject([
      { type: "thread-opened", thread },
      { type: "actor-spawned", actor: ref.address, definition: "counter" },
    ]);
    // linked with all others: a pooled actor reaches it
    const talker = await system().spawn(parent, { placement: { thread: 1 } });
    expect(await talker.ask("lookUp", { name: "alone" })).toBe(0);
    await ref.tell("add", { by: 2 });
    expect(await ref.ask("get")).toBe(2);
    expect(threadOf(await system().spawn(counter))).toBeLessThanOrEqual(2);
    await system().stop(ref);
    expect(await events.first(({ type }) => type === "thread-closed")).toMatchObject({ thread });
    expect(await actorsByThread(system())).not.toHaveProperty(String(thread));
    expect(events.values.map(({ type }) => type)).not.toContain("thread-died");
    expect(await rejectionOf(system().spawn(counter, { placement: { thread } }))).toMatchObject({
      code: "no-such-thread",
    });
  });

  it("keeps a dedicated thread while anybody is left on it", async () => {
    using events = record(system().events$);
    const first = await system().spawn(counter, { placement: "dedicated" });
    const thread = threadOf(first);
    const second = await system().spawn(counter, { placement: { thread } });
    expect(threadOf(second)).toBe(thread);
    await system().stop(first);
    expect(await second.ask("add", { by: 1 })).toBeUndefined();
    expect(events.values.map(({ type }) => type)).not.toContain("thread-closed");
    await system().stop(second);
    expect(await events.first(({ type }) => type === "thread-closed")).toMatchObject({ thread });
  });

  it("puts actors where they are told to be, and says which threads there are", async () => {
    for (const thread of [0, 1, 2])
      expect(threadOf(await system().spawn(counter, { placement: { thread } }))).toBe(thread);
    for (const thread of [99, -1, 1.5, Number.NaN]) {
      expect(await rejectionOf(system().spawn(counter, { placement: { thread } }))).toMatchObject({
        code: "no-such-thread",
        details: { threads: [1, 2] },
      });
    }
    expect(await rejectionOf(system().spawn(counter, { placement: "anywhere" as never }))).toMatchObject({
      code: "invalid-options",
    });
  });
});

describe("names", () => {
  const system = useSystem();

  it("are unique while their actor is there", async () => {
    const ref = await system().spawn(counter, { name: "taken" });
    expect(await rejectionOf(system().spawn(recorder, { name: "taken" }))).toMatchObject({
      code: "name-taken",
      details: { name: "taken" },
    });
    await ref.tell("add", { by: 1 });
    expect(await ref.ask("get")).toBe(1);
  });

  it("go to one of the callers that ask for it at once", async () => {
    const spawned = await Promise.allSettled(
      Array.from({ length: 5 }, () => system().spawn(counter, { name: "wanted" })),
    );
    expect(spawned.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of spawned) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "name-taken" });
  });

  it.each([0, 1])("are free as soon as their actor has stopped on thread %i", async (thread) => {
    const name = `again-${thread}`;
    for (let round = 0; round < 30; round++) {
      const ref = await system().spawn(counter, { name, placement: { thread } });
      expect(await ref.ask("get")).toBe(0);
      await ref.tell("add", { by: 1 });
      await system().stop(ref);
    }
  });

  it("that are taken anew are found, and outlive what is told of their first actor", async () => {
    const first = await system().spawn(counter, { name: "mover", placement: { thread: 1 } });
    await system().stop(first);
    const second = await system().spawn(counter, { name: "mover", placement: { thread: 2 } });
    await second.tell("add", { by: 3 });
    await system().stop(first);
    await rejectionOf(first.ask("get"));
    expect(await (await system().find(counter, "mover")).ask("get")).toBe(3);
  });

  it.each(["", "a/b", "a b", "ü", "x\n"])("can't be %j", async (name) => {
    const error = await rejectionOf(system().spawn(counter, { name }));
    expect(error).toMatchObject({ code: "invalid-options" });
    expect((error as Error).message).toContain(JSON.stringify(name));
  });

  it("are given to who wants none, around those that are taken", async () => {
    const fresh = await system().spawn(echoless);
    const next = Number(/-(\d+)$/.exec(fresh.address)?.[1]) + 1;
    await system().spawn(echoless, { name: `echoless-${next}` });
    const after = await system().spawn(echoless);
    expect(after.address).toMatch(new RegExp(`/echoless-${next + 1}$`));
  });

  it("find their actor, of their definition", async () => {
    const ref = await system().spawn(counter, { name: "known", placement: { thread: 2 } });
    await ref.tell("add", { by: 4 });
    const found = await system().find(counter, "known");
    expect(found.address).toBe(ref.address);
    expect(await found.ask("get")).toBe(4);
    expect(await rejectionOf(system().find(recorder, "known"))).toMatchObject({
      outcome: "rejected",
      code: "no-such-actor",
    });
    expect(await rejectionOf(system().find(counter, "unknown"))).toMatchObject({
      code: "no-such-actor",
      details: { name: "unknown" },
    });
  });

  it.each([0, 1])("are kept apart for an actor of thread %i that spawns and finds others", async (thread) => {
    using events = record(system().events$);
    const ref = await system().spawn(parent, { placement: { thread } });
    const { child } = await ref.ask("raise", { name: `child-${thread}` });
    await child.tell("add", { by: 5 });
    expect(await ref.ask("lookUp", { name: `child-${thread}` })).toBe(5);
    expect(await (await system().find(counter, `child-${thread}`)).ask("get")).toBe(5);
    expect(await rejectionOf(ref.ask("raise", { name: `child-${thread}` }))).toMatchObject({
      cause: { code: "name-taken", details: { name: `child-${thread}` } },
    });
    expect(await rejectionOf(ref.ask("raise", { name: "a/b" }))).toMatchObject({ cause: { code: "invalid-options" } });
    expect(await rejectionOf(ref.ask("lookUp", { name: "nobody" }))).toMatchObject({
      cause: { code: "no-such-actor" },
    });
    // the parent failed to handle those, and no other actor
    const failed = events.values.flatMap((event) => (event.type === "actor-failed" ? [event.actor] : []));
    expect(new Set(failed)).toEqual(new Set([ref.address]));
  });
});

const echoless = defineActor(new URL("../../fixtures/actors.ts", import.meta.url).href, {
  name: "echoless",
  protocol: {},
  on: {},
  placement: { thread: 0 },
});

describe("an actor that can't be started", () => {
  const system = useSystem({ threads: 1 });
  const at = (module: string, name = "ghost"): ActorDefinition<{ get: object }, never> =>
    defineActor(new URL(module, import.meta.url).href, { name, protocol: { get: {} }, on: { get: () => undefined } });

  it("says which module can't be imported, and why", async () => {
    const broken = at("../../fixtures/broken-import.ts");
    const error = await rejectionOf(system().spawn(broken, { name: "ghost" }));
    expect(error).toMatchObject({
      code: "module-failed",
      details: { kind: "actor", module: broken.module, name: "ghost" },
      cause: { message: "this module does not work", code: "E_BROKEN" },
    });
    expect((error as Error).message).toContain("broken-import.ts");
    expect(await rejectionOf(system().spawn(at("../fixtures/not-there.ts")))).toMatchObject({
      code: "module-failed",
      cause: { code: "ERR_MODULE_NOT_FOUND" },
    });
    expect(await rejectionOf(system().spawn(broken, { name: "ghost" }))).toMatchObject({ code: "module-failed" });
  });

  it("says what a module exports instead", async () => {
    const error = await rejectionOf(system().spawn(at("../../fixtures/misfits.ts")));
    expect(error).toMatchObject({ code: "definition-not-found", details: { name: "ghost" } });
    expect((error as Error).message).toContain("actor throwing");
    const nothing = await rejectionOf(system().spawn(at("../../fixtures/real-threads.ts")));
    expect((nothing as Error).message).toContain("no definition at all");
  });

  it.each([0, 1])("on thread %i says what its own code threw, and leaves its name", async (thread) => {
    const placement = { thread };
    expect(await rejectionOf(system().spawn(throwing, { placement, name: "misfit" }))).toMatchObject({
      message: "no state today",
      code: "E_NO_STATE",
    });
    expect(await rejectionOf(system().spawn(throwingBehaviour, { placement, name: "misfit" }))).toMatchObject({
      message: "no behaviour today",
    });
    const error = await rejectionOf(system().spawn(stateOfClass, { placement, name: "misfit" }));
    expect(error).toMatchObject({ code: "invalid-options" });
    expect((error as Error).message).toContain("an instance of URL");
    const ref = await system().spawn(counter, { placement, name: "misfit" });
    expect(await ref.ask("get")).toBe(0);
    await system().stop(ref);
    expect((await system().stats()).actors).toBe(0);
  });

  it("leaves no thread behind", async () => {
    using events = record(system().events$);
    expect(await rejectionOf(system().spawn(throwing, { placement: "dedicated" }))).toMatchObject({
      code: "E_NO_STATE",
    });
    expect(await events.take(2)).toMatchObject([{ type: "thread-opened" }, { type: "thread-closed" }]);
    expect(Object.keys(await actorsByThread(system()))).toEqual(["1"]);
  });

  it.each([0, 1])("since its stream is over at once, on thread %i, is gone at once", async (thread) => {
    using events = record(system().events$);
    for (const definition of [empty, failing, brief]) {
      const ref = await system().spawn(definition, { placement: { thread } });
      await events.first((event) => event.type === "actor-stopped" && event.actor === ref.address);
      expect(await rejectionOf(ref.ask("get", undefined, patiently))).toMatchObject({ outcome: "rejected" });
    }
    expect(events.values.filter(({ type }) => type === "actor-failed")).toMatchObject([
      { error: { message: "stillborn" } },
    ]);
    expect((await system().stats()).actors).toBe(0);
  });
});

describe.each([0, 1])("stopping an actor on thread %i", (thread) => {
  const system = useSystem();

  it("drain handles all that was told before", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(counter, { placement: { thread } });
    using events = record(ref.events$);
    for (let n = 0; n < 200; n++) void ref.tell("add", { by: 1 });
    const asked = ref.ask("get");
    await system().stop(ref, "drain");
    expect(await asked).toBe(200);
    expect(await events.end).toEqual({});
    expect(events.values).toHaveLength(200);
    expect(letters.values).toEqual([]);
    await ref.tell("add", { by: 1 });
    expect(await letters.first()).toMatchObject({ reason: "no-such-actor" });
  });

  it("drain takes no further messages", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(gate, { placement: { thread } });
    const barrier = await system().spawn(latch, { placement: { thread: 2 } });
    const holding = ref.ask("hold", { latch: barrier, label: "held" }, patiently);
    await barrier.ask("arrived", { count: 1 }, patiently);
    await ref.tell("pass", { n: 1 });
    const before = ref.ask("passed", undefined, patiently);
    const stopping = system().stop(ref, "drain");
    expect(await rejectionOf(ref.ask("passed", undefined, patiently))).toMatchObject({
      outcome: "rejected",
      code: "actor-stopped",
    });
    await barrier.ask("open");
    await stopping;
    expect(await Promise.all([holding, before])).toEqual(["held", [1]]);
    expect(letters.values).toMatchObject([{ reason: "actor-stopped", type: "passed" }]);
  });

  it("discard makes dead letters of what waits, and nothing vanishes", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(counter, { placement: { thread } });
    using events = record(ref.events$);
    for (let n = 0; n < 200; n++) void ref.tell("add", { by: 1 });
    await system().stop(ref);
    expect(await events.end).toEqual({});
    await letters.take(200 - events.values.length);
    expect(letters.values.length + events.values.length).toBe(200);
  });

  it("discard overtakes a drain that takes long", async () => {
    const ref = await system().spawn(gate, { placement: { thread } });
    const barrier = await system().spawn(latch, { placement: { thread: 2 } });
    const holding = ref.ask("hold", { latch: barrier, label: "held" }, patiently);
    await barrier.ask("arrived", { count: 1 }, patiently);
    const waiting = rejectionOf(ref.ask("passed", undefined, patiently));
    const draining = system().stop(ref, "drain");
    const discarding = system().stop(ref, "discard");
    expect(await waiting).toMatchObject({ code: "actor-stopped" });
    await barrier.ask("open");
    await Promise.all([holding, draining, discarding]);
    await system().stop(ref);
    await system().stop(ref, "drain");
  });

  it("aborts its signal: a handler that sleeps is woken", async () => {
    const ref = await system().spawn(sleeper, { placement: { thread } });
    using events = record(ref.events$);
    const sleeping = rejectionOf(ref.ask("sleep", undefined, patiently));
    await events.first();
    await system().stop(ref);
    expect(await sleeping).toMatchObject({ outcome: "failed", cause: { code: "actor-stopped" } });
  });
});

describe("a system", () => {
  it("tells of everything that happens to it, in order", async () => {
    const system = await createSystem({ threads: 1 });
    using events = record(system.events$);
    const ref = await system.spawn(counter, { name: "one" });
    await ref.tell("failAfterAdding", { by: 1 });
    await rejectionOf(ref.ask("failAfterAdding", { by: 1 }));
    await system.switchCoordination("relay");
    await system.switchCoordination("relay");
    await system.stop(ref);
    const own = await system.spawn(counter, { name: "two", placement: "dedicated" });
    const left = await system.spawn(counter, { name: "three" });
    await system.close();
    expect(await events.end).toEqual({});
    const told = events.values.map(({ time, ...event }) => {
      expect(time).toBeGreaterThan(1_600_000_000_000);
      return "error" in event ? { ...event, error: (event.error as Error).message } : event;
    });
    const failed = { type: "actor-failed", actor: ref.address, message: "failAfterAdding", error: "no more" };
    expect(told.slice(0, 7)).toEqual([
      { type: "actor-spawned", actor: ref.address, definition: "counter" },
      { ...failed, isExpected: false }, // it was told
      { ...failed, isExpected: true }, // it was asked
      { type: "coordination-switched", coordination: "relay", epoch: 2 },
      { type: "actor-stopped", actor: ref.address },
      { type: "thread-opened", thread: 2 },
      { type: "actor-spawned", actor: own.address, definition: "counter" },
    ]);
    const ending = [
      { type: "actor-spawned", actor: left.address, definition: "counter" },
      { type: "actor-stopped", actor: own.address },
      { type: "actor-stopped", actor: left.address },
      { type: "thread-closed", thread: 1 },
      { type: "thread-closed", thread: 2 },
    ];
    expect(told.slice(7)).toHaveLength(ending.length);
    expect(told.slice(7)).toEqual(expect.arrayContaining(ending));
    const times = events.values.map((event: SystemEvent) => event.time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("counts what it has", async () => {
    await using system = await createSystem({ threads: 2 });
    using letters = record(system.deadLetters$);
    const nothing = { actors: 0, waiting: 0, runs: { inFlight: 0, waiting: 0, parked: 0 }, deadLetters: {} };
    expect(await system.stats()).toMatchObject(nothing);
    const here = await system.spawn(gate, { placement: { thread: 0 } });
    const there = await system.spawn(gate, { placement: { thread: 1 } });
    const barrier = await system.spawn(latch, { placement: { thread: 2 } });
    const holding = [here, there].map((ref) => ref.ask("hold", { latch: barrier, label: "held" }, patiently));
    await barrier.ask("arrived", { count: 2 }, patiently);
    const waiting = [here, there].flatMap((ref) => [1, 2].map((n) => ref.ask("pass", { n }, patiently)));
    await rejectionOf(there.ask("passed", undefined, { timeout: 5 }));
    await letters.take(1);
    expect(await system.stats()).toMatchObject({
      actors: 3,
      waiting: 4,
      threads: [
        { thread: 1, actors: 1, waiting: 2 },
        { thread: 2, actors: 1, waiting: 0 },
      ],
    });
    await barrier.ask("open");
    await Promise.all([...holding, ...waiting]);
    await there.ask("passed");
    expect(await system.stats()).toMatchObject({ actors: 3, waiting: 0, deadLetters: { expired: 1 } });
  });

  it.each([
    [{ threads: 0 }, "threads"],
    [{ threads: 257 }, "threads"],
    [{ threads: 1.5 }, "threads"],
    [{ threads: "2" }, "threads"],
    [{ coordination: "anarchy" }, "coordination"],
    [{ journal: {} }, "journal"],
    [{ retention: { keys: "*", keep: "all" } }, "retention"],
    [{ retention: [{ keep: "all" }] }, "retention.0.keys"],
    [{ retention: [{ keys: "*", keep: "some" }] }, "retention.0.keep"],
    [{ retention: [{ keys: "*", keep: { last: 0 } }] }, "retention.0.keep.last"],
    [{ retention: [{ keys: "*", keep: { age: -1 } }] }, "retention.0.keep.age"],
    [{ env: "PATH" }, "env"],
    [{ env: [1] }, "env.0"],
    [{ maxMessageBytes: 0 }, "maxMessageBytes"],
    [{ askTimeout: 0 }, "askTimeout"],
    [{ askTimeout: Number.NaN }, "askTimeout"],
    [{ stallTimeout: 99 }, "stallTimeout"],
    [{ stallTimeout: Number.NaN }, "stallTimeout"],
    [{ resourceLimits: 64 }, "resourceLimits"],
    [{ resourceLimits: { maxOldGenerationSizeMb: 0 } }, "resourceLimits.maxOldGenerationSizeMb"],
    [{ resourceLimits: { maxOldGenerationSizeMb: 7.9 } }, "resourceLimits.maxOldGenerationSizeMb"],
    [{ resourceLimits: { stackSizeMb: 0.2 } }, "resourceLimits.stackSizeMb"],
    [{ resourceLimits: { stackSizeMb: Number.POSITIVE_INFINITY } }, "resourceLimits.stackSizeMb"],
    [{ resourceLimits: { maxHeapSizeMb: 64 } }, "resourceLimits.maxHeapSizeMb"],
    [{ maxRuns: -1 }, "maxRuns"],
    [{ thread: 2 }, "thread"],
  ])("refuses the options %j and names %s", async (options, path) => {
    const error = await rejectionOf(createSystem(options as never));
    expect(error).toMatchObject({ code: "invalid-options", details: { path } });
    expect((error as Error).message).toContain(path);
  });

  it("waits for a journal that is being opened, and fails as its opening does", async () => {
    const journal = memoryJournal();
    await using system = await createSystem({ threads: 1, journal: Promise.resolve(journal) });
    expect((await system.stats()).threads).toHaveLength(1);
    const reason = new Error("no such disk");
    expect(await rejectionOf(createSystem({ threads: 1, journal: Promise.reject(reason) }))).toBe(reason);
  });

  it("closes a journal that was opened for it when it can't start", async () => {
    let closed = 0;
    const journal = { ...memoryJournal(), close: () => void closed++ };
    await rejectionOf(createSystem({ threads: 0, journal: Promise.resolve(journal) }));
    expect(closed).toBe(1);
  });

  it("gives its threads no environment but what is named", async () => {
    const { inspector } = await import("../../fixtures/actors.ts");
    process.env["TROUPE_TEST_SECRET"] = "secret";
    process.env["TROUPE_TEST_SHARED"] = "shared";
    await using closed = await createSystem({ threads: 1 });
    await using open = await createSystem({ threads: 1, env: ["TROUPE_TEST_SHARED", "TROUPE_TEST_MISSING"] });
    const seen = async (system: System, placement: "pooled" | "dedicated") =>
      (await system.spawn(inspector, { placement })).ask("environment");
    expect(await seen(closed, "pooled")).toEqual({});
    expect(await seen(closed, "dedicated")).toEqual({});
    expect(await seen(open, "pooled")).toEqual({ TROUPE_TEST_SHARED: "shared" });
    expect(await seen(open, "dedicated")).toEqual({ TROUPE_TEST_SHARED: "shared" });
  });

  it("gives them by which configuration tsx resolves modules, as it does for the process", async () => {
    const { inspector } = await import("../../fixtures/actors.ts");
    const given = { TSX_TSCONFIG_PATH: "/a/tsconfig.json" };
    Object.assign(process.env, given);
    try {
      await using system = await createSystem({ threads: 1 });
      expect(await (await system.spawn(inspector)).ask("environment")).toEqual(given);
    } finally {
      delete process.env["TSX_TSCONFIG_PATH"];
    }
  });
});
