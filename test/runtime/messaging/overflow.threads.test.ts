/** Invariant 7 on real threads: mailboxes are bounded, and each policy does what it says with what is too much. */

import { describe, expect, it } from "vitest";
import { droppingNewestGate, droppingOldestGate, gate, rejectingGate, slowStream } from "../../fixtures/actors.ts";
import { flooder } from "../../fixtures/flooder.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

/** All gates have the same protocol, and room for four messages. */
const capacity = 4;
const gates = {
  backpressure: gate,
  reject: rejectingGate,
  "drop-oldest": droppingOldestGate,
  "drop-newest": droppingNewestGate,
};

/** A gate that is held at a latch: the message it handles takes one place. */
async function held(policy: keyof typeof gates, thread: number) {
  const ref = await system().spawn(gates[policy], { placement: { thread } });
  const hold = async () => {
    const barrier = await system().spawn(latch, { placement: { thread: 2 } });
    const holding = ref.ask("hold", { latch: barrier, label: "held" }, patiently);
    await barrier.ask("arrived", { count: 1 }, patiently);
    return async () => {
      await barrier.ask("open");
      await holding;
      await system().stop(barrier);
    };
  };
  return { ref, hold, release: await hold() };
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe.each([0, 1])("a full mailbox on thread %i", (thread) => {
  it("under backpressure makes senders wait, and refuses those that don't heed it", async () => {
    using letters = record(system().deadLetters$);
    const { ref, release } = await held("backpressure", thread);
    const sent: number[] = [];
    const tell = (n: number): Promise<void> => ref.tell("pass", { n }).then(() => void sent.push(n));
    await Promise.all([1, 2, 3].map(tell));
    const waiting = [4, 5, 6, 7].map(tell);
    const full = { outcome: "rejected", code: "mailbox-full", details: { to: ref.address, type: "pass", capacity } };
    expect(await rejectionOf(ref.tell("pass", { n: 8 }))).toMatchObject(full);
    expect(await rejectionOf(ref.ask("pass", { n: 9 }, patiently))).toMatchObject(full);
    expect(sent).toEqual([1, 2, 3]);
    await release();
    await Promise.all(waiting);
    expect(sent).toEqual(upTo(7));
    expect(await ref.ask("passed")).toEqual(upTo(7));
    expect(letters.values).toEqual([]);
  });

  it("under reject refuses what is too much, and takes more when there is room again", async () => {
    using letters = record(system().deadLetters$);
    const { ref, release } = await held("reject", thread);
    await Promise.all([1, 2, 3].map((n) => ref.tell("pass", { n })));
    const full = { outcome: "rejected", code: "mailbox-full", details: { to: ref.address, type: "pass", capacity } };
    expect(await rejectionOf(ref.tell("pass", { n: 4 }))).toMatchObject(full);
    expect(await rejectionOf(ref.ask("pass", { n: 5 }))).toMatchObject(full);
    await release();
    await ref.ask("pass", { n: 6 });
    expect(await ref.ask("passed")).toEqual([1, 2, 3, 6]);
    expect(letters.values).toEqual([]);
  });

  it("under drop-newest keeps what came first and makes dead letters of the rest", async () => {
    using letters = record(system().deadLetters$);
    const before = (await system().stats()).deadLetters.overflow ?? 0;
    const { ref, release } = await held("drop-newest", thread);
    await Promise.all(upTo(9).map((n) => ref.tell("pass", { n })));
    expect(await rejectionOf(ref.ask("pass", { n: 10 }))).toMatchObject({
      outcome: "rejected",
      code: "mailbox-full",
      details: { type: "pass" },
    });
    const dropped = await letters.take(7);
    expect(dropped.map(({ payload }) => payload)).toEqual(upTo(10, 4).map((n) => ({ n })));
    expect(dropped).toEqual(
      dropped.map((letter) => ({ ...letter, reason: "overflow", to: ref.address, type: "pass" })),
    );
    await release();
    expect(await ref.ask("passed")).toEqual([1, 2, 3]);
    expect((await system().stats()).deadLetters.overflow).toBe(before + 7);
  });

  it("under drop-oldest keeps what came last and makes dead letters of the rest", async () => {
    using letters = record(system().deadLetters$);
    const before = (await system().stats()).deadLetters.overflow ?? 0;
    const { ref, release } = await held("drop-oldest", thread);
    const asked = rejectionOf(ref.ask("pass", { n: 1 }, patiently));
    await Promise.all(upTo(20, 2).map((n) => ref.tell("pass", { n })));
    expect(await asked).toMatchObject({ outcome: "rejected", code: "mailbox-full", details: { type: "pass" } });
    const dropped = await letters.take(16);
    expect(dropped.map(({ payload }) => (payload as { n: number }).n).sort((a, b) => a - b)).toEqual(upTo(16));
    await release();
    expect(await ref.ask("passed")).toEqual(upTo(20, 17));
    expect(letters.values).toHaveLength(16);
    expect((await system().stats()).deadLetters.overflow).toBe(before + 16);
  });

  it.each(["reject", "backpressure"] as const)(
    "under %s has its whole room again after each burst, failure and deadline",
    async (policy) => {
      const { ref, hold, release } = await held(policy, thread);
      // three that are never handled: their places come back
      await Promise.all(upTo(3).map((n) => rejectionOf(ref.ask("pass", { n }, { timeout: 1 }))));
      await release();
      for (let round = 0; round < 10; round++) {
        const go = await hold();
        const passing = upTo(3).map((n) => ref.ask("pass", { n: n + round * 3 }, patiently));
        if (policy === "reject")
          expect(await rejectionOf(ref.tell("pass", { n: -1 }))).toMatchObject({ code: "mailbox-full" });
        await go();
        await Promise.all(passing);
      }
      expect(await ref.ask("passed")).toEqual(upTo(32, 3).map((n) => n - 2));
    },
  );

  it("has room for each sending thread, and no more", async () => {
    const { ref, release } = await held("backpressure", thread);
    const floods = await Promise.all(
      [0, 1, 2].map(async (own) => {
        const sender = await system().spawn(flooder, { placement: { thread: own } });
        // what fits, and as many again that wait for room; main's hold takes one place
        return sender.ask("flood", {
          to: ref,
          from: own * 1000,
          count: 200,
          room: (own === 0 ? capacity - 1 : capacity) + capacity,
        });
      }),
    );
    expect(floods.map((refused) => refused.length)).toEqual([193, 192, 192]);
    expect(new Set(floods.flat())).toEqual(new Set(["mailbox-full"]));
    expect((await system().stats()).waiting).toBeLessThanOrEqual(3 * capacity);
    await release();
    const passed = await ref.ask("passed", undefined, patiently);
    const more = await ref.ask("passed", undefined, patiently);
    const all = new Set([...passed, ...more]);
    for (const own of [0, 1, 2])
      expect([...all].filter((n) => Math.floor(n / 1000) === own).length).toBeLessThanOrEqual(2 * capacity);
  });

  it("of an actor that stops lets nothing vanish, also not what waits for room", async () => {
    using letters = record(system().deadLetters$);
    const { ref, release } = await held("backpressure", thread);
    await Promise.all([1, 2, 3].map((n) => ref.tell("pass", { n })));
    const told = ref.tell("pass", { n: 4 });
    const asked = rejectionOf(ref.ask("passed", undefined, patiently));
    const stopping = system().stop(ref);
    await told; // there is room as the actor lets go of what it had
    expect(await asked).toMatchObject({
      outcome: "rejected",
      code: "actor-stopped",
      details: { to: ref.address, type: "passed" },
    });
    const lost = await letters.take(5);
    expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(["actor-stopped"]));
    const passes = lost.filter(({ type }) => type === "pass").map(({ payload }) => (payload as { n: number }).n);
    expect(passes.sort((one, other) => one - other)).toEqual([1, 2, 3, 4]);
    await release();
    await stopping;
  });

  it("of a stream that works across awaits slows its senders", async () => {
    const ref = await system().spawn(slowStream, { placement: { thread } });
    const replies: number[] = [];
    const asks = upTo(8).map(async (n) => replies.push(await ref.ask("work", { n }, patiently)));
    expect(await rejectionOf(ref.ask("work", { n: 9 }))).toMatchObject({ code: "mailbox-full" });
    await Promise.all(asks);
    expect(replies).toEqual(upTo(8));
  });
});
