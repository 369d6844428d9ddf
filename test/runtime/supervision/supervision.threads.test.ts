/** Supervised actors on real threads: they come back, and with them their addresses, refs and mailboxes. */

import { describe, expect, it } from "vitest";
import { type Decider, type Failure, isTroupeError, type Placement, type SupervisorHandle } from "troupe";
import { forwarder } from "../../fixtures/forwarder.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";
import { counter, tally } from "../../fixtures/actors.ts";
import { over, saboteur, shortLived, slowSensor } from "../../fixtures/supervised-actors.ts";
import { gate, zombie } from "../../fixtures/zombie.ts";

const system = useSystem({ resourceLimits: { maxOldGenerationSizeMb: 64 } });
let trees = 0;

/** A tree with one saboteur on a thread of its own unless told otherwise, and a ref on it. */
async function lone(options: object = {}, tree: object = {}) {
  const name = `lone-${++trees}`;
  const child = { name: `${name}-actor`, actor: saboteur, placement: "dedicated" as const, ...options };
  const handle = await system().supervise({ name, children: [child], ...tree });
  return { name, handle, ref: await system().find(saboteur, child.name) };
}

const statusOf = ({ state }: SupervisorHandle) =>
  state.children[0] as { status: string; thread: number; restarts: number };

describe("an actor whose handler throws", () => {
  it("begins anew in place: same thread, same ref, its mailbox, its listeners; what killed it is a dead letter in the end", async () => {
    using told = record(system().events$);
    using letters = record(system().deadLetters$);
    const { name, handle, ref } = await lone();
    using events = record(ref.events$);
    const thread = await ref.ask("thread");
    expect(await ref.ask("add", 2)).toBe(2);
    await ref.tell("fail", "poison");
    expect(await ref.ask("add", 3, patiently)).toBe(3); // its state is new
    expect(await ref.ask("thread")).toBe(thread);
    expect(events.values).toEqual([
      { count: 2, thread },
      { count: 3, thread },
    ]);
    const letter = await letters.first(({ to }) => to === ref.address);
    expect(letter).toMatchObject({ reason: "max-deliveries", type: "fail", payload: "poison", detail: "poison" });
    const decisions = told.values.filter((event) => event.type === "supervisor-decided");
    expect(decisions).toMatchObject(
      [1, 2, 3].map((deliveries) => ({
        supervisor: name,
        decision: "restart",
        restarts: deliveries - 1,
        failure: { kind: "handler-failed", message: "fail", deliveries },
      })),
    );
    expect(told.values.filter(({ type }) => type === "actor-restarted")).toHaveLength(3);
    expect(statusOf(handle)).toMatchObject({ status: "up", restarts: 3, thread });
    await handle.stop();
    expect(await rejectionOf(ref.ask("thread"))).toMatchObject({ outcome: "rejected", code: "no-such-actor" });
  });

  it("tells the asker when it is given up, with the cause", async () => {
    const { handle, ref } = await lone({ maxDeliveries: 2, placement: { thread: 0 } });
    const error = await rejectionOf(ref.ask("fail", "always", patiently));
    expect(error).toMatchObject({ outcome: "failed", code: "max-deliveries", cause: { message: "always" } });
    expect(await ref.ask("add", 1)).toBe(1);
    await handle.stop();
  });

  it("tells the asker the same of a thread that died each time", async () => {
    const { handle, ref } = await lone({ maxDeliveries: 2 });
    using letters = record(system().deadLetters$);
    const error = await rejectionOf(ref.ask("exit", undefined, patiently));
    expect(error).toMatchObject({
      outcome: "failed",
      code: "max-deliveries",
      cause: { code: "thread-died", details: { how: "exited" } },
    });
    const letter = await letters.first(({ to }) => to === ref.address);
    expect(letter.detail).toContain("process.exit");
    await handle.stop();
  });

  it.each(["resume", "stop", "escalate"] as const)("does what its decider says: %s", async (decision) => {
    using told = record(system().events$);
    const seen: Failure[] = [];
    const decide: Decider = (_child, failure) => {
      seen.push(failure);
      return decision;
    };
    const { name, ref, handle } = await lone({}, { decide });
    await ref.ask("add", 1);
    expect(await rejectionOf(ref.ask("fail", "once", patiently))).toMatchObject({ code: "handler-failed" });
    expect(seen).toMatchObject([{ kind: "handler-failed", message: "fail", deliveries: 1 }]);
    if (decision === "resume") expect(await ref.ask("add", 1)).toBe(2);
    else await told.first((event) => event.type === "actor-stopped" && event.actor === ref.address);
    if (decision === "escalate") {
      await told.first((event) => event.type === "supervisor-stopped" && event.supervisor === name);
      expect(told.values.find(({ type }) => type === "supervisor-escalated")).toMatchObject({ parent: undefined });
    }
    await handle.stop();
  });

  it("escalates with a decider that throws, and the system tells why", async () => {
    using told = record(system().events$);
    const decide: Decider = () => {
      throw new Error("undecided");
    };
    const { name, ref } = await lone({}, { decide });
    await ref.tell("fail", "x");
    expect(await told.first(({ type }) => type === "decider-failed")).toMatchObject({
      error: { message: "undecided" },
    });
    await told.first((event) => event.type === "supervisor-stopped" && event.supervisor === name);
  });
});

describe("an actor whose thread dies", () => {
  it.each(["exit", "throwOutside", "exhaust"] as const)("comes back on another: %s", async (how) => {
    using told = record(system().events$);
    using letters = record(system().deadLetters$);
    const { handle, ref } = await lone({ maxDeliveries: 1 });
    const asker = await system().spawn(forwarder);
    const thread = await ref.ask("thread");
    using events = record(ref.events$);
    await ref.ask("add", 1);
    await ref.tell(how);
    // sent while it dies, from here and from another thread
    const sums = Promise.all([1, 2, 3].map((by) => ref.ask("add", by, patiently)));
    const elsewhere = asker.ask("ask", { to: ref, type: "thread" }, patiently);
    expect(await sums).toEqual([1, 3, 6]);
    const next = await ref.ask("thread");
    expect(next).not.toBe(thread);
    expect(await elsewhere).toEqual({ reply: next });
    expect(statusOf(handle)).toMatchObject({ status: "up", restarts: 1, thread: next });
    expect(await letters.first(({ to }) => to === ref.address)).toMatchObject({ reason: "max-deliveries", type: how });
    expect(await told.first(({ type }) => type === "thread-died")).toMatchObject({ thread, actors: [ref.address] });
    expect(await told.first(({ type }) => type === "actor-restarted")).toMatchObject({ thread: next });
    expect(await system().find(saboteur, ref.address.split("/")[1]!)).toMatchObject({ address: ref.address });
    expect((await events.take(4)).map(({ count }) => count)).toEqual([1, 1, 3, 6]);
    await handle.stop();
  });

  it("may do so from a pooled thread, with all that is on it", async () => {
    const placement = { placement: "pooled", maxDeliveries: 1 }; // begun again, the exit would end the next thread, with the same neighbour
    const pooled = await Promise.all([lone(placement), lone(placement), lone(placement), lone(placement)]);
    const threads = await Promise.all(pooled.map(({ ref }) => ref.ask("thread")));
    await pooled[0].ref.tell("exit");
    const after = await Promise.all(pooled.map(({ ref }) => ref.ask("thread", undefined, patiently)));
    for (const [i, thread] of threads.entries()) {
      if (thread === threads[0]) expect(after[i]).not.toBe(thread);
      else expect(after[i]).toBe(thread);
    }
    for (const { handle } of pooled) await handle.stop();
  });

  it("is told of in time when it had answered but not been heard", async () => {
    const { handle, ref } = await lone({ maxDeliveries: 3 }, { intensity: { restarts: 1, within: 60_000 } });
    expect(await rejectionOf(ref.ask("exit", undefined, patiently))).toMatchObject({ outcome: "failed" });
    await handle.stop();
  });
});

describe("an actor that doesn't stop by its deadline", () => {
  it("is killed with its thread where it is alone", async () => {
    using told = record(system().events$);
    const { handle, ref } = await lone({ stopWithin: 20 });
    const thread = await ref.ask("thread");
    using events = record(ref.events$);
    const hung = rejectionOf(ref.ask("hang", undefined, patiently));
    await events.first();
    await handle.stop();
    expect(await hung).toMatchObject({ code: "actor-stopped", outcome: "failed" });
    expect(await told.first(({ type }) => type === "thread-died")).toMatchObject({ thread });
  });

  it("is left behind where it is not, and one that replaces it is elsewhere", async () => {
    using told = record(system().events$);
    const name = `pair-${++trees}`;
    const other = await system().spawn(saboteur, { placement: { thread: 0 } });
    const handle = await system().supervise({
      name,
      strategy: "one-for-all",
      children: [
        { name: `${name}-a`, actor: saboteur, placement: { thread: 0 }, stopWithin: 20 },
        { name: `${name}-b`, actor: saboteur, placement: { thread: 0 } },
      ],
    });
    const [a, b] = await Promise.all([`${name}-a`, `${name}-b`].map((child) => system().find(saboteur, child)));
    using events = record(a!.events$);
    const hung = a!.ask("hang", undefined, patiently).catch((error: unknown) => error);
    await events.first();
    await b!.tell("fail", "both");
    expect(await told.first(({ type }) => type === "actor-left-behind")).toMatchObject({
      actor: a!.address,
      thread: 0,
    });
    const restarted = await told.first((event) => event.type === "actor-restarted" && event.actor === a!.address);
    expect(restarted).not.toMatchObject({ thread: 0 });
    expect(await other.ask("thread")).toBe(0);
    await handle.stop();
    expect(isTroupeError(await hung)).toBe(true);
  });

  it("has no effect any more: its commits, messages, events and answers are refused", async () => {
    using told = record(system().events$);
    const name = `haunted-${++trees}`;
    await system().spawn(saboteur, { placement: { thread: 0 } }); // so that it is not alone
    const to = await system().spawn(counter, { placement: { thread: 0 } });
    const handle = await system().supervise({
      name,
      strategy: "one-for-all",
      children: [
        { name: `${name}-a`, actor: zombie, placement: { thread: 0 }, stopWithin: 10 },
        { name: `${name}-b`, actor: saboteur, placement: { thread: 0 }, maxDeliveries: 1 },
      ],
    });
    const ref = await system().find(zombie, `${name}-a`);
    const other = await system().find(saboteur, `${name}-b`);
    using events = record(ref.events$);
    const answer = ref.ask("haunt", { key: name, to }, patiently);
    await events.first();
    const thread = ref.ask("thread", undefined, patiently); // behind it
    await other.tell("fail", "both");
    await told.first((event) => event.type === "actor-left-behind" && event.actor === ref.address);
    const tried = new Promise<void>((resolve) => (gate.whenTried = resolve));
    expect(await answer).toBe("the next life");
    expect(await thread).not.toBe(0);
    gate.open();
    await tried;
    expect(gate.tried).toEqual([
      "commit actor-stopped",
      "tell actor-stopped",
      "ask actor-stopped",
      "emit actor-stopped",
    ]);
    expect((await system().store.history(tally, name)).map(({ state, author }) => [state.n, author])).toEqual([
      [1, `${ref.address}#2`],
    ]);
    expect(await to.ask("get")).toBe(0);
    expect(events.values).toEqual(["waiting"]);
    await handle.stop();
  });
});

describe("behaviours", () => {
  it("are started again when they complete, as permanent children, with their mailbox", async () => {
    const name = `streams-${++trees}`;
    const handle = await system().supervise({ name, children: [{ name: `${name}-a`, actor: shortLived }] });
    const ref = await system().find(shortLived, `${name}-a`);
    expect(await Promise.all(Array.from({ length: 7 }, () => ref.ask("count", undefined, patiently)))).toEqual([
      ...[1, 2, 3, 1, 2, 3, 1],
    ]);
    await handle.stop();
  });

  it.each<Placement>(["dedicated", { thread: 0 }])(
    "are started again when they complete at once: %j",
    async (placement) => {
      using told = record(system().events$);
      const name = `streams-${++trees}`;
      const intensity = { restarts: 2, within: 600_000 };
      await system().supervise({ name, intensity, children: [{ name: `${name}-a`, actor: over, placement }] });
      await told.first((event) => event.type === "supervisor-stopped" && event.supervisor === name);
      const decisions = told.values.filter((event) => event.type === "supervisor-decided");
      expect(decisions.map(({ decision }) => decision)).toEqual(["restart", "restart", "escalate"]);
    },
  );

  it("end as transient children", async () => {
    using told = record(system().events$);
    const name = `streams-${++trees}`;
    const child = { name: `${name}-a`, actor: shortLived, restart: "transient" } as const;
    const handle = await system().supervise({ name, children: [child] });
    const ref = await system().find(shortLived, child.name);
    for (let n = 1; n <= 3; n++) expect(await ref.ask("count")).toBe(n);
    await told.first((event) => event.type === "actor-stopped" && event.actor === ref.address);
    expect(handle.state).toMatchObject({ phase: "running", children: [{ status: "gone" }] });
    await handle.stop();
  });
});

describe("a mailbox that drops its oldest", () => {
  it("has what waits in it delivered again after the thread died, and nothing twice", async () => {
    using letters = record(system().deadLetters$);
    const name = `sensor-${++trees}`;
    const child = { name, actor: slowSensor, placement: "dedicated", maxDeliveries: 1 } as const;
    const handle = await system().supervise({ name: `${name}-tree`, children: [child] });
    const ref = await system().find(slowSensor, name);
    using events = record(ref.events$);
    await ref.ask("seen");
    for (let n = 1; n <= 6; n++) await ref.tell("read", n);
    await events.first(); // the first is in hand: it goes down with the thread
    const seen = await ref.ask("seen", undefined, patiently);
    const dropped = letters.values.filter(({ to }) => to === ref.address);
    const read = events.values.slice(1);
    // each was read once, or was a dead letter: dropped for a newer one, or begun when the thread died
    expect([...read, ...dropped.map(({ payload }) => payload as number)].toSorted((x, y) => x - y)).toEqual([
      ...[1, 2, 3, 4, 5, 6],
    ]);
    expect(seen).toEqual(read);
    expect(read).toEqual(read.toSorted((x, y) => x - y));
    await handle.stop();
  });
});

describe("trees", () => {
  it("start in order, stop in reverse, and say what they look like", async () => {
    using told = record(system().events$);
    const name = `tree-${++trees}`;
    const handle = await system().supervise({
      name,
      children: [
        { name: `${name}-1`, actor: saboteur },
        {
          name: "inner",
          supervisor: {
            strategy: "one-for-all",
            children: ["2", "3"].map((n) => ({ name: `${name}-${n}`, actor: saboteur })),
          },
        },
        { name: `${name}-4`, actor: saboteur },
      ],
    });
    const inner = handle.state.children[1];
    expect(inner).toMatchObject({ name: "inner", phase: "running", children: [{ status: "up" }, { status: "up" }] });
    await handle.stop("drain");
    const order = (type: string): string[] =>
      told.values.flatMap((event) =>
        event.type === type && "actor" in event && event.actor.startsWith(`*/${name}`) ? [event.actor.at(-1)!] : [],
      );
    expect(order("actor-spawned")).toEqual(["1", "2", "3", "4"]);
    expect(order("actor-stopped")).toEqual(["4", "3", "2", "1"]);
    expect(handle.state.phase).toBe("stopped");
    await handle.stop();
  });

  it("restart a supervisor that gave up, with its children's mailboxes", async () => {
    using told = record(system().events$);
    const name = `tree-${++trees}`;
    const actor = { name: `${name}-1`, actor: saboteur, maxDeliveries: 2 };
    const supervisor = { intensity: { restarts: 0, within: 60_000 }, children: [actor] };
    const handle = await system().supervise({ name, children: [{ name: "inner", supervisor }] });
    const ref = await system().find(saboteur, actor.name);
    await ref.tell("fail", "twice");
    expect(await ref.ask("add", 1, patiently)).toBe(1);
    const escalations = told.values.filter(({ type }) => type === "supervisor-escalated");
    expect(escalations).toMatchObject([
      { supervisor: `${name}/inner`, parent: name },
      { supervisor: `${name}/inner`, parent: name },
    ]);
    await handle.stop();
  });

  it("leave a child alone that was stopped for good", async () => {
    const { handle, ref } = await lone();
    await ref.ask("add", 1);
    await system().stop(ref);
    expect(handle.state).toMatchObject({ phase: "running", children: [{ status: "gone", thread: undefined }] });
    expect(await rejectionOf(system().find(saboteur, ref.address.split("/")[1]!))).toMatchObject({
      code: "no-such-actor",
    });
    await handle.stop();
  });
});

describe("what can't be supervised", () => {
  const child = { name: "x", actor: saboteur };
  it.each([
    ["no children", { name: "t", children: [] }, /children/],
    ["a bad name", { name: "a b", children: [child] }, /name/],
    ["a strategy that is none", { name: "t", strategy: "all", children: [child] }, /strategy/],
    ["no actor", { name: "t", children: [{ name: "x", actor: {} }] }, /children\.0\.actor/],
    ["two of a name", { name: "t", children: [child, child] }, /two children named x/],
    ["too few deliveries", { name: "t", children: [{ ...child, maxDeliveries: 0 }] }, /maxDeliveries/],
    ["a placement that is none", { name: "t", children: [{ ...child, placement: "nowhere" }] }, /placement/],
  ])("%s", async (_what, options, message) => {
    const error = await rejectionOf(system().supervise(options as never));
    expect(error).toMatchObject({ code: "invalid-options" });
    expect((error as Error).message).toMatch(message);
  });

  it("names that are taken, threads that are not there", async () => {
    const { name, handle, ref } = await lone();
    const taken = { name: ref.address.split("/")[1]!, actor: saboteur };
    expect(await rejectionOf(system().supervise({ name, children: [child] }))).toMatchObject({ code: "name-taken" });
    expect(await rejectionOf(system().supervise({ name: "other", children: [child, taken] }))).toMatchObject({
      code: "name-taken",
    });
    expect(
      await rejectionOf(system().supervise({ name: "other", children: [{ ...child, placement: { thread: 999 } }] })),
    ).toMatchObject({ code: "no-such-thread" });
    await system().stop(await system().spawn(saboteur, { name: "x" })); // it is free
    await handle.stop();
  });
});
