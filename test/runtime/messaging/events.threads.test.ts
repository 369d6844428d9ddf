/** Actors' event streams, and actors that are streams, on real threads. */

import { describe, expect, it } from "vitest";
import { counter, doubler, echo, slowStream } from "../../fixtures/actors.ts";
import { burster, careless, finite, introducer, listener } from "../../fixtures/emitters.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

describe.each([0, 1])("the events of an actor on thread %i", (thread) => {
  const placement = { thread };

  it("reach each subscriber in order, from the moment of subscribing on", async () => {
    const ref = await system().spawn(counter, { placement });
    await ref.ask("add", { by: 10 });
    using one = record(ref.events$);
    using other = record(ref.events$);
    for (let n = 0; n < 299; n++) void ref.tell("add", { by: 1 });
    await ref.ask("add", { by: 1 });
    using late = record(ref.events$);
    await ref.ask("add", { by: 1 });
    const all = Array.from({ length: 301 }, (_, n) => ({ count: 11 + n }));
    expect(await one.take(301)).toEqual(all);
    expect(await other.take(301)).toEqual(all);
    expect(await late.take(1)).toEqual([{ count: 311 }]);
    expect(late.values).toHaveLength(1);
  });

  it("reach every subscriber but those that unsubscribed", async () => {
    const ref = await system().spawn(counter, { placement });
    const one = record(ref.events$);
    using other = record(ref.events$);
    await ref.ask("add", { by: 1 });
    await one.first();
    one.stop();
    one.stop();
    await ref.ask("add", { by: 1 });
    expect(await other.take(2)).toEqual([{ count: 1 }, { count: 2 }]);
    expect(one.values).toEqual([{ count: 1 }]);
    using again = record(ref.events$);
    await ref.ask("add", { by: 1 });
    expect(await again.first()).toEqual({ count: 3 });
  });

  it("are each subscriber's own copies", async () => {
    const ref = await system().spawn(echo, { placement });
    using one = record(ref.events$);
    using other = record(ref.events$);
    const value = { list: [1] };
    await ref.ask("emit", { value });
    const [mine, theirs] = [await one.first(), await other.first()];
    (mine.value as typeof value).list.push(2);
    expect(theirs.value).toEqual({ list: [1] });
    expect(value).toEqual({ list: [1] });
  });

  it("complete when it stops, and fail for who comes later", async () => {
    const ref = await system().spawn(counter, { placement });
    using before = record(ref.events$);
    await ref.ask("add", { by: 1 });
    await system().stop(ref);
    expect(await before.end).toEqual({});
    expect(before.values).toEqual([{ count: 1 }]);
    expect((await record(ref.events$).end).error).toMatchObject({ code: "no-such-actor", outcome: "rejected" });
  });

  it("are lost to a subscriber that lags, counted as dead letters, and only those", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(burster, { placement });
    using events = record(ref.events$);
    await ref.ask("burst", { from: 0, count: 3000 }, patiently);
    const kept = 1024;
    expect((await events.take(kept)).map(({ n }) => n)).toEqual(Array.from({ length: kept }, (_, n) => n));
    const lost = await letters.take(3000 - kept);
    expect(lost.map(({ payload }) => payload)).toEqual(
      Array.from({ length: 3000 - kept }, (_, n) => ({ n: kept + n })),
    );
    expect(lost[0]).toMatchObject({
      reason: "overflow",
      to: ref.address,
      from: ref.address,
      type: "event",
      detail: "a subscriber on thread 0 lags",
    });
    await ref.ask("burst", { from: 5000, count: 1 });
    expect(await events.first(({ n }) => n >= kept)).toEqual({ n: 5000 });
  });

  it.each([0, 1, 2])("reach an actor of thread %i", async (own) => {
    const to = await system().spawn(counter, { placement });
    const ref = await system().spawn(listener, { placement: { thread: own } });
    expect(await ref.ask("listen", { to, count: 5 })).toEqual([1, 2, 3, 4, 5]);
    // its subscription is over: nothing of it is left to disturb the next
    expect(await ref.ask("listen", { to, count: 2 })).toEqual([6, 7]);
  });

  it("may carry refs, to subscribers on any thread", async () => {
    const who = await system().spawn(counter, { placement: { thread: 2 } });
    await who.tell("add", { by: 7 });
    const at = await system().spawn(introducer, { placement });
    using introductions = record(at.events$);
    await at.ask("introduce", { who });
    const { who: met, others } = await introductions.first();
    expect(await met.ask("get")).toBe(7);
    expect(await others[0]?.ask("get")).toBe(7);
    for (const own of [0, 1, 2]) {
      const ref = await system().spawn(listener, { placement: { thread: own } });
      expect(await ref.ask("meet", { at, who })).toEqual([7, 7]);
    }
  });
});

describe.each([0, 1])("a behaviour on thread %i", (thread) => {
  const placement = { thread };

  it("answers, emits, and leaves what it does not answer to the deadline", async () => {
    const ref = await system().spawn(doubler, { placement });
    using events = record(ref.events$);
    expect(await ref.ask("double", { n: 2 })).toBe(4);
    await ref.tell("double", { n: 3 });
    expect(await rejectionOf(ref.ask("ignore", undefined, { timeout: 5 }))).toMatchObject({ code: "timed-out" });
    await ref.tell("ignore");
    expect(await events.first(({ doubled }) => doubled === 0)).toEqual({ doubled: 0 });
    expect(await events.take(2, ({ doubled }) => doubled > 0)).toEqual([{ doubled: 4 }, { doubled: 6 }]);
    expect(await rejectionOf(ref.ask("double", { n: "x" as never }))).toMatchObject({ code: "contract-violated" });
  });

  it("works on one message at a time with handleEach, in the order sent", async () => {
    const ref = await system().spawn(slowStream, { placement });
    using events = record(ref.events$);
    const replies = await Promise.all([1, 2, 3, 4, 5].map((n) => ref.ask("work", { n }, patiently)));
    expect(replies).toEqual([1, 2, 3, 4, 5]);
    expect(await events.take(10)).toEqual([1, 2, 3, 4, 5].flatMap((n) => [`begin ${n}`, `end ${n}`]));
  });

  it("that breaks ends its actor: askers are told, what comes after is a dead letter", async () => {
    using letters = record(system().deadLetters$);
    using told = record(system().events$);
    const ref = await system().spawn(doubler, { placement });
    using events = record(ref.events$);
    const open = rejectionOf(ref.ask("ignore", undefined, patiently));
    void ref.tell("break");
    for (let n = 1; n <= 3; n++) void ref.tell("double", { n });
    const asked = rejectionOf(ref.ask("double", { n: 4 }, patiently));
    expect(await open).toMatchObject({
      outcome: "failed",
      code: "handler-failed",
      cause: { message: "broken stream" },
    });
    expect(await asked).toMatchObject({ outcome: "rejected" });
    expect((await events.end).error).toMatchObject({ message: "broken stream" });
    expect(await told.first(({ type }) => type === "actor-failed")).toMatchObject({
      actor: ref.address,
      error: { message: "broken stream" },
    });
    expect(await told.first(({ type }) => type === "actor-stopped")).toMatchObject({ actor: ref.address });
    const lost = await letters.take(4, ({ to }) => to === ref.address);
    expect(lost.map(({ payload }) => payload)).toEqual([1, 2, 3, 4].map((n) => ({ n })));
    expect(await rejectionOf(ref.ask("double", { n: 5 }))).toMatchObject({ code: "no-such-actor" });
  });

  it("that completes ends its actor, and its events", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(finite, { placement, name: `finite-on-${thread}` });
    using events = record(ref.events$);
    expect(await ref.ask("go", { n: 1 })).toBe(1);
    const taken = rejectionOf(ref.ask("hush", undefined, patiently));
    void ref.tell("end");
    void ref.tell("go", { n: 2 });
    const asked = await rejectionOf(ref.ask("go", { n: 3 }, patiently));
    expect(asked).toMatchObject({ outcome: "rejected" });
    expect(await taken).toMatchObject({
      outcome: "failed",
      code: "actor-stopped",
      details: { to: ref.address, type: "hush" },
    });
    expect(await events.end).toEqual({});
    expect(events.values).toEqual([1]);
    expect((await letters.take(2)).map(({ payload }) => payload)).toEqual([{ n: 2 }, { n: 3 }]);
    expect(await rejectionOf(system().find(finite, `finite-on-${thread}`))).toMatchObject({ code: "no-such-actor" });
  });

  it("that emits what its schema refuses fails, and nothing else of its thread does", async () => {
    using told = record(system().events$);
    const neighbour = await system().spawn(counter, { placement });
    const ref = await system().spawn(careless, { placement });
    using events = record(ref.events$);
    await ref.tell("say", { what: { n: 1 } });
    await ref.tell("say", { what: { n: "x" } });
    const refused = { code: "contract-violated", details: { agent: "careless", direction: "event", path: "n" } };
    expect((await events.end).error).toMatchObject(refused);
    expect(events.values).toEqual([{ n: 1 }]);
    expect(await told.first(({ type }) => type === "actor-failed")).toMatchObject({
      actor: ref.address,
      error: refused,
    });
    await neighbour.tell("add", { by: 1 });
    expect(await neighbour.ask("get")).toBe(1);
  });
});
