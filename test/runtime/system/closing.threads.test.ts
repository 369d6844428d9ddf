/** How systems end on real threads: drained, closed, closed in the middle of everything. */

import { describe, expect, it } from "vitest";
import { createSystem } from "troupe";
import { counter, gate, inspector, tally } from "../../fixtures/actors.ts";
import { stuck } from "../../fixtures/emitters.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf } from "../../fixtures/real-threads.ts";

describe("drain", () => {
  it("handles what was told, stops every actor and takes nothing new", async () => {
    await using system = await createSystem({ threads: 2 });
    using letters = record(system.deadLetters$);
    using told = record(system.events$);
    const refs = await Promise.all([0, 1, 2].map((thread) => system.spawn(counter, { placement: { thread } })));
    const counts = refs.map(({ events$ }) => record(events$));
    for (const ref of refs) for (let n = 0; n < 100; n++) void ref.tell("add", { by: 1 });
    const drained = system.drain();
    expect(await rejectionOf(system.spawn(counter))).toMatchObject({
      code: "system-closed",
      message: expect.stringContaining("drained") as string,
    });
    await drained;
    for (const count of counts) {
      expect(await count.end).toEqual({});
      expect(count.values).toHaveLength(100);
    }
    expect(letters.values).toEqual([]);
    expect(told.values.filter(({ type }) => type === "actor-stopped")).toHaveLength(3);
    expect((await system.stats()).actors).toBe(0);
    await system.drain();
  });

  it("gives up at its deadline, and leaves the rest to close", async () => {
    await using system = await createSystem({ threads: 2 });
    const ref = await system.spawn(gate, { placement: { thread: 1 } });
    const barrier = await system.spawn(latch, { placement: { thread: 2 } });
    const holding = rejectionOf(ref.ask("hold", { latch: barrier, label: "held" }, patiently));
    await barrier.ask("arrived", { count: 1 }, patiently);
    expect(await rejectionOf(system.drain({ deadline: 5 }))).toMatchObject({ code: "timed-out" });
    const again = rejectionOf(system.drain());
    await system.close();
    expect(await again).toMatchObject({ code: "system-closed" });
    expect(await holding).toMatchObject({ code: "system-closed", outcome: "failed" });
  });
});

function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe("close", () => {
  it("may be called again, by anybody", async () => {
    const system = await createSystem({ threads: 1 });
    const first = system.close();
    expect(system.close()).toBe(first);
    await first;
    await system.close();
    await system[Symbol.asyncDispose]();
    expect(await system.stats()).toMatchObject({ actors: 0, threads: [] });
  });

  it.each([
    ["", 0],
    [", though the caller's thread stands still meanwhile", 1_200],
  ])("makes dead letters of what waits on every thread, and tells each asker%s", async (_, standstill) => {
    const system = await createSystem({ threads: 2 });
    const letters = record(system.deadLetters$);
    const told = record(system.events$);
    const on = (thread: number) => ({ placement: { thread } });
    // each thread has a latch of its own: one that stopped on another thread would let an actor go on that is still to be stopped
    const latches = await Promise.all([0, 1, 2].map((thread) => system.spawn(latch, on(thread))));
    const refs = await Promise.all([0, 1, 2].map((thread) => system.spawn(gate, on(thread))));
    const events = refs.map(({ events$ }) => record(events$));
    const asked = refs.map((ref, i) => rejectionOf(ref.ask("hold", { latch: latches[i]!, label: "held" }, patiently)));
    for (const one of latches) await one.ask("arrived", { count: 1 }, patiently);
    for (const ref of refs) await Promise.all([1, 2].map((n) => ref.tell("pass", { n })));
    asked.push(...refs.map((ref) => rejectionOf(ref.ask("passed", undefined, patiently))));
    const waitingForRoom = Promise.allSettled(refs.map((ref) => ref.tell("pass", { n: 3 })));
    const closed = system.close();
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    standStill(standstill);
    await closed;

    for (const error of await Promise.all(asked))
      expect(error).toMatchObject({ code: "system-closed", outcome: "failed" });
    for (const one of await waitingForRoom) {
      if (one.status === "rejected")
        expect(one.reason).toMatchObject({ code: expect.stringMatching(/system-closed|thread-died/) as string });
    }
    expect(await letters.end).toEqual({});
    for (const { address } of refs) {
      const lost = letters.values.filter(({ to, type }) => to === address && type === "pass");
      for (const n of [1, 2]) expect(lost).toContainEqual(expect.objectContaining({ payload: { n } }));
      for (const { reason } of lost) expect(reason).toMatch(/^(actor-stopped|no-such-actor)$/);
      expect(new Set(lost.map(({ payload }) => (payload as { n: number }).n)).size).toBe(lost.length);
    }
    for (const stream of events) expect(await stream.end).toEqual({});
    expect(await told.end).toEqual({});
    expect(told.values.filter(({ type }) => type === "actor-stopped")).toHaveLength(6);
    expect(told.values.map(({ type }) => type)).not.toContain("thread-died");
  });

  it("makes dead letters of what was told in the turn before, however long the caller's thread stands still then", async () => {
    const system = await createSystem({ threads: 1 });
    const letters = record(system.deadLetters$);
    const ref = await system.spawn(counter, { placement: { thread: 1 } });
    expect(await ref.ask("get", undefined, patiently)).toBe(0);
    const told = ref.tell("add", { by: 1 });
    const closed = system.close();
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    standStill(300);
    await Promise.all([told, closed]);
    await letters.end;
    expect(letters.values).toMatchObject([{ to: ref.address, type: "add", payload: { by: 1 } }]);
  });

  it.each([false, true])(
    "makes dead letters of what supervised actors had not handled, and of nothing else; killed: %s",
    async (isKilled) => {
      const system = await createSystem({ threads: 1 });
      using letters = record(system.deadLetters$);
      const children = [
        { name: "counter", actor: counter },
        { name: "stuck", actor: stuck },
      ];
      await system.supervise({ name: "tree", children: isKilled ? children : children.slice(0, 1) });
      const ref = await system.find(counter, "counter");
      for (let n = 1; n <= 5; n++) expect(await ref.ask("get", undefined, patiently)).toBe(0);
      if (isKilled) {
        const one = await system.find(stuck, "stuck");
        using events = record(one.events$);
        await one.tell("begin");
        await events.first();
        await one.tell("begin");
      }
      await system.close();
      await letters.end;
      const [waiting, inHand] = ["actor-stopped", "system-closed"].map((reason) => ({ to: "*/stuck", reason }));
      expect(letters.values).toMatchObject(isKilled ? [waiting, inHand] : []);
    },
  );

  it.each([0, 1])("does not wait for a handler on thread %i that never ends", async (thread) => {
    const system = await createSystem({ threads: 1 });
    const told = record(system.events$);
    const ref = await system.spawn(stuck, { placement: { thread } });
    const events = record(ref.events$);
    const asked = rejectionOf(ref.ask("begin", undefined, patiently));
    await events.first();
    const stopping = system.stop(ref);
    await system.close();
    await stopping;
    expect(await asked).toMatchObject({
      outcome: "failed",
      code: "system-closed",
      details: { to: ref.address, type: "begin" },
    });
    await events.end;
    expect(await told.end).toEqual({});
    expect(told.values.map(({ type }) => type)).toEqual(["actor-spawned", "thread-closed"]);
  });

  it("kills threads that spin", async () => {
    const system = await createSystem({ threads: 2 });
    const told = record(system.events$);
    const refs = await Promise.all([1, 2].map((thread) => system.spawn(inspector, { placement: { thread } })));
    const asked = refs.map((ref) => rejectionOf(ref.ask("spin", undefined, patiently)));
    const stats = system.stats(); // a question that no thread answers any more
    await system.close();
    for (const error of await Promise.all(asked)) expect(error).toMatchObject({ code: "system-closed" });
    expect((await stats).threads.length).toBeLessThanOrEqual(2);
    expect(told.values.filter(({ type }) => type === "thread-closed")).toHaveLength(2);
    expect(told.values.map(({ type }) => type)).not.toContain("thread-died");
  });

  it("ends what is being spawned", async () => {
    const system = await createSystem({ threads: 1 });
    const placements = ["dedicated", "pooled", { thread: 0 }] as const;
    const spawning = Promise.allSettled(placements.map((placement) => system.spawn(counter, { placement })));
    await system.close();
    for (const one of await spawning) {
      if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "system-closed" });
      else expect(await rejectionOf(one.value.ask("get"))).toMatchObject({ code: "system-closed" });
    }
    expect(await system.stats()).toMatchObject({ actors: 0, threads: [] });
  });

  it("ends the store", async () => {
    const system = await createSystem({ threads: 1 });
    await system.store.put(tally, "kept", { n: 1 });
    const versions = record(system.store.watch(tally, "kept"));
    await versions.first();
    await system.close();
    await versions.end;
    expect(await rejectionOf(system.store.put(tally, "kept", { n: 2 }))).toMatchObject({ code: "system-closed" });
    expect(await rejectionOf(system.store.read(tally, "kept"))).toMatchObject({ code: "system-closed" });
  });
});

describe.each([0, 1])("stop of an actor on thread %i whose handler hangs", (thread) => {
  it("waits for it as long as it is told to, and the actor handles nothing more", async () => {
    await using system = await createSystem({ threads: 1 });
    using letters = record(system.deadLetters$);
    const ref = await system.spawn(stuck, { placement: { thread } });
    using events = record(ref.events$);
    await ref.tell("begin");
    await events.first();
    await ref.tell("begin");
    for (const mode of ["discard", "drain"] as const) {
      expect(await rejectionOf(system.stop(ref, mode, { deadline: 20 }))).toMatchObject({
        code: "timed-out",
        message: expect.stringContaining(`${ref.address} did not stop within 20 ms`) as string,
        details: { to: ref.address },
      });
    }
    expect(await letters.first()).toMatchObject({ to: ref.address, reason: "actor-stopped" });
    expect(await rejectionOf(system.stop(ref, "discard", { deadline: -1 }))).toMatchObject({ code: "invalid-options" });
  });
});
