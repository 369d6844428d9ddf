/**
 * Invariant 9 on real threads: a thread that dies takes down its own actors and no others, and every caller that waits for them is
 * told. The ways to die are in thread-failures.threads.test.ts; here it is one, and what comes of it.
 */

import { describe, expect, it } from "vitest";
import { adder, counter, gate, inspector, tally } from "../../fixtures/actors.ts";
import { listener, stuck } from "../../fixtures/emitters.ts";
import { forwarder } from "../../fixtures/forwarder.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

const threadOf = ({ address }: { address: string }): number => Number.parseInt(address, 10);

/** An actor on a pooled thread that is about to die, and another thread that is not. */
async function victim() {
  const killer = await system().spawn(inspector);
  const thread = threadOf(killer);
  const { threads } = await system().stats();
  const another = threads.find((one) => one.thread !== thread)!.thread;
  const neighbour = await system().spawn(counter, { placement: { thread: another } });
  return {
    killer,
    thread,
    there: { placement: { thread } },
    other: { placement: { thread: threadOf(neighbour) } },
    neighbour,
  };
}

describe("a thread that dies", () => {
  it("is told of, takes only its own actors, and makes room for another", async () => {
    using told = record(system().events$);
    const { killer, thread, there, neighbour } = await victim();
    const ref = await system().spawn(counter, { ...there, name: "lost" });
    using events = record(ref.events$);
    await ref.ask("add", { by: 1 });
    await killer.tell("exit");
    const died = await told.first(({ type }) => type === "thread-died");
    expect(died).toMatchObject({ thread, actors: [killer.address, ref.address] });
    expect(await events.end).toEqual({});
    expect(events.values).toEqual([{ count: 1 }]);

    const dead = { outcome: "rejected", code: "thread-died", details: { to: ref.address } };
    expect(await rejectionOf(ref.ask("get", undefined, patiently))).toMatchObject(dead);
    expect(await rejectionOf(ref.tell("add", { by: 1 }))).toMatchObject(dead);
    expect((await record(ref.events$).end).error).toMatchObject({ code: "thread-died" });
    expect(await rejectionOf(system().find(counter, "lost"))).toMatchObject({ code: "no-such-actor" });
    expect(await rejectionOf(system().spawn(counter, { placement: { thread } }))).toMatchObject({
      code: "no-such-thread",
    });
    await system().stop(ref);

    await neighbour.tell("add", { by: 2 });
    expect(await neighbour.ask("get")).toBe(2);
    const again = await system().spawn(counter, { name: "lost" });
    expect(threadOf(again)).toBeGreaterThan(thread);
    expect(await again.ask("get")).toBe(0);
    expect((await system().stats()).threads.map((one) => one.thread)).toEqual(
      [threadOf(neighbour), threadOf(again)].sort((a, b) => a - b),
    );
  });

  it("ends the asks in flight at once, from every thread", async () => {
    const { killer, there, other } = await victim();
    const ref = await system().spawn(stuck, there);
    const waiting = await system().spawn(gate, there);
    const asker = await system().spawn(forwarder, other);
    using events = record(ref.events$);
    const inFlight = rejectionOf(ref.ask("begin", undefined, patiently));
    await events.first();
    const behind = rejectionOf(ref.ask("begin", undefined, patiently));
    const elsewhere = asker.ask("ask", { to: ref as never, type: "begin" }, patiently);
    const stopping = system().stop(ref);
    expect(await waiting.ask("passed")).toEqual([]);
    await killer.tell("exit");
    const dead = { outcome: "failed", code: "thread-died", details: { to: ref.address, type: "begin" } };
    expect(await inFlight).toMatchObject(dead);
    expect(await behind).toMatchObject({ code: expect.stringMatching(/thread-died|actor-stopped/) as string });
    expect(await elsewhere).toMatchObject({ code: expect.stringMatching(/thread-died|actor-stopped/) as string });
    await stopping;
  });
});

describe("what a dead thread leaves", () => {
  it("is dead letters for what it had not handled, refusals for what waited for room", async () => {
    using letters = record(system().deadLetters$);
    const { killer, there, other } = await victim();
    const ref = await system().spawn(gate, there);
    const barrier = await system().spawn(latch, other);
    const holding = rejectionOf(ref.ask("hold", { latch: barrier, label: "held" }, patiently));
    await barrier.ask("arrived", { count: 1 }, patiently);
    await Promise.all([1, 2, 3].map((n) => ref.tell("pass", { n })));
    const waiting = rejectionOf(ref.tell("pass", { n: 4 }));
    const asked = rejectionOf(ref.ask("passed", undefined, patiently));
    await killer.tell("exit");
    expect(await holding).toMatchObject({ outcome: "failed", code: "thread-died", details: { type: "hold" } });
    expect(await waiting).toMatchObject({ code: "thread-died", details: { to: ref.address } });
    expect(await asked).toMatchObject({ code: "thread-died", details: { to: ref.address } });
    const lost = await letters.take(3, ({ to, type }) => to === ref.address && type === "pass");
    expect(lost).toMatchObject([1, 2, 3].map((n) => ({ reason: "thread-died", payload: { n } })));
  });

  it("is told to watchers on another thread", async () => {
    const { killer, there, other } = await victim();
    const to = await system().spawn(counter, there);
    const watcher = await system().spawn(listener, other);
    using events = record(to.events$);
    await to.ask("get"); // subscribed by now; the watcher's link and this one have no order among each other
    const end = watcher.ask("watch", { to }, patiently);
    await events.first();
    await killer.tell("exit");
    expect(await end).toBe("completed");
    // and to watchers that come later
    expect(await rejectionOf(watcher.ask("watch", { to }))).toMatchObject({ cause: { code: "thread-died" } });
  });

  it("is every commit that it was told of, and a store that goes on", async () => {
    const { killer, there, other } = await victim();
    const ref = await system().spawn(adder, there);
    const next = await system().spawn(adder, other);
    using versions = record(system().store.watch(tally, "survivor"));
    for (let n = 1; n <= 5; n++) expect(await ref.ask("add", { key: "survivor", by: 1 })).toEqual({ version: n, n });
    await killer.tell("exit");
    await rejectionOf(ref.ask("read", { key: "survivor" }, patiently));
    expect(await next.ask("add", { key: "survivor", by: 1 })).toEqual({ version: 6, n: 6 });
    expect((await versions.take(6)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]);
    const fresh = await system().spawn(adder);
    expect(await fresh.ask("read", { key: "survivor" })).toEqual({ version: 6, n: 6 });
  });

  it("is a system that opens all of its threads again", async () => {
    using told = record(system().events$);
    for (const { thread } of (await system().stats()).threads) {
      const killer = await system().spawn(inspector, { placement: { thread } });
      await killer.tell("exit");
    }
    await told.take(2, ({ type }) => type === "thread-died");
    const refs = await Promise.all(Array.from({ length: 4 }, () => system().spawn(counter)));
    expect(await Promise.all(refs.map((ref) => ref.ask("get")))).toEqual([0, 0, 0, 0]);
    expect((await system().stats()).threads).toHaveLength(2);
    const [first, ...rest] = refs;
    const asker = await system().spawn(forwarder, { placement: { thread: threadOf(first!) } });
    for (const ref of rest) expect(await asker.ask("ask", { to: ref, type: "get" })).toEqual({ reply: 0 });
  });
});

describe("a dedicated thread that dies", () => {
  it("takes its actor, and nothing is opened in its place", async () => {
    using told = record(system().events$);
    const ref = await system().spawn(inspector, { placement: "dedicated", name: "mayfly" });
    await ref.tell("exit");
    expect(await told.first(({ type }) => type === "thread-died")).toMatchObject({
      thread: threadOf(ref),
      actors: [ref.address],
    });
    expect((await system().stats()).threads.map(({ thread }) => thread)).not.toContain(threadOf(ref));
    expect(told.values.filter(({ type }) => type === "thread-opened")).toHaveLength(1);
    await system().stop(await system().spawn(counter, { name: "mayfly" }));
  });
});

describe("spawning on a thread that dies meanwhile", () => {
  it("fails or is told of: no name stays taken", async () => {
    const { killer, thread, there } = await victim();
    const spawning = Promise.allSettled(
      [1, 2, 3].map((n) => system().spawn(counter, { ...there, name: `unlucky-${n}` })),
    );
    await killer.tell("exit");
    for (const one of await spawning) {
      const error =
        one.status === "rejected" ? one.reason : await rejectionOf(one.value.ask("get", undefined, patiently));
      expect(error).toMatchObject({ code: expect.stringMatching(/thread-died|no-such-thread/) as string });
    }
    for (const n of [1, 2, 3]) {
      const ref = await system().spawn(counter, { name: `unlucky-${n}` });
      expect(threadOf(ref)).not.toBe(thread);
      expect(await ref.ask("get")).toBe(0);
    }
  });
});
