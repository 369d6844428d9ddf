/** Invariant 2 on real threads: first in, first out per sender and receiver; one message at a time across awaits. */

import { describe, expect, it } from "vitest";
import { counter, gate, recorder, talker } from "../../fixtures/actors.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

describe.each([0, 1])("messages to an actor on thread %i", (thread) => {
  it("arrive in the order told, beyond the mailbox's capacity", async () => {
    const ref = await system().spawn(recorder, { placement: { thread } });
    const count = 1500;
    for (let n = 0; n < count; n++) await ref.tell("record", { from: "main", n });
    const entries = await ref.ask("list", undefined, patiently);
    expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  it("arrive in one order whether told or asked", async () => {
    const ref = await system().spawn(counter, { placement: { thread } });
    const seen: Promise<number>[] = [];
    for (let n = 0; n < 400; n++) {
      void ref.tell("add", { by: 1 });
      seen.push(ref.ask("get"));
    }
    expect(await Promise.all(seen)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
  });

  it("arrive in the order of each sender, from senders on every thread", async () => {
    const to = await system().spawn(recorder, { placement: { thread } });
    const senders = await Promise.all(
      [0, 1, 2, 1, 2].map(async (own, index) => ({
        from: `sender-${index}`,
        ref: await system().spawn(talker, { placement: { thread: own } }),
      })),
    );
    await Promise.all(senders.map(({ from, ref }) => ref.ask("talk", { to, from, count: 300 }, patiently)));
    const entries = await to.ask("list", undefined, patiently);
    for (const { from } of senders) {
      const own = entries.filter((entry) => entry.from === from).map(({ n }) => n);
      expect(own, from).toEqual(Array.from({ length: 300 }, (_, n) => n));
    }
    expect(entries).toHaveLength(1500);
  });

  it("are handled one at a time across awaits: no update is lost", async () => {
    const ref = await system().spawn(counter, { placement: { thread } });
    const counts = await Promise.all(
      Array.from({ length: 60 }, () => ref.ask("addSlowly", { by: 1, ms: 1 }, patiently)),
    );
    expect(counts).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    expect(await ref.ask("get")).toBe(60);
  });

  it("wait while one is handled, however long that takes, and other actors of the thread go on", async () => {
    const held = await system().spawn(gate, { placement: { thread } });
    const neighbour = await system().spawn(counter, { placement: { thread } });
    const barrier = await system().spawn(latch, { placement: { thread: 2 } });
    const holding = held.ask("hold", { latch: barrier, label: "first" }, patiently);
    expect(await barrier.ask("arrived", { count: 1 }, patiently)).toEqual(["first"]);
    const second = held.ask("hold", { latch: barrier, label: "second" }, patiently);
    const passed = held.ask("passed", undefined, patiently);
    await held.tell("pass", { n: 1 });

    await neighbour.tell("add", { by: 5 });
    expect(await neighbour.ask("get")).toBe(5);
    await barrier.ask("open");
    expect(await Promise.all([holding, second, passed])).toEqual(["first", "second", []]);
    expect(await barrier.ask("arrived", { count: 2 })).toEqual(["first", "second"]);
    expect(await held.ask("passed")).toEqual([1]);
  });
});
