/** How asks end on real threads: deadlines, aborts, answers that come too late. */

import { getEventListeners } from "node:events";
import type { DeadLetter } from "troupe";
import { describe, expect, it } from "vitest";
import { counter, gate } from "../../fixtures/actors.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

/** A gate that is held at a latch. */
async function heldGate(thread: number) {
  const ref = await system().spawn(gate, { placement: { thread } });
  const barrier = await system().spawn(latch, { placement: { thread: 2 } });
  const holding = ref.ask("hold", { latch: barrier, label: "held" }, patiently);
  await barrier.ask("arrived", { count: 1 }, patiently);
  return { ref, barrier, holding };
}

/** The dead letters to an actor. Those of what the test before left undone may come during this one. */
function lettersTo({ address }: { readonly address: string }, { values }: { readonly values: readonly DeadLetter[] }) {
  return values.filter(({ to }) => to === address);
}

describe.each([0, 1])("an ask of an actor on thread %i", (thread) => {
  it("times out, its late answer is ignored, and the next ask gets its own", async () => {
    const ref = await system().spawn(gate, { placement: { thread } });
    const barrier = await system().spawn(latch, { placement: { thread: 2 } });
    const late = ref.ask("hold", { latch: barrier, label: "late" }, { timeout: 5 });
    // on a slow machine its deadline may pass in the mailbox already
    expect(await rejectionOf(late)).toMatchObject({ code: "timed-out", details: { to: ref.address, type: "hold" } });
    const next = ref.ask("hold", { latch: barrier, label: "next" }, patiently);
    await barrier.ask("open");
    expect(await next).toBe("next");
  });

  it("whose deadline passes in the mailbox is not handled", async () => {
    using letters = record(system().deadLetters$);
    const { ref, barrier, holding } = await heldGate(thread);
    expect(await rejectionOf(ref.ask("pass", { n: 1 }, { timeout: 5 }))).toMatchObject({ outcome: "timed-out" });
    const patient = ref.ask("pass", { n: 2 }, patiently);
    await barrier.ask("open");
    await Promise.all([holding, patient]);
    expect(await ref.ask("passed")).toEqual([2]);
    expect(lettersTo(ref, letters)).toMatchObject([
      { reason: "expired", to: ref.address, type: "pass", payload: { n: 1 } },
    ]);
  });

  it("whose deadline passes before there is room in the mailbox is never sent", async () => {
    using letters = record(system().deadLetters$);
    const { ref, barrier, holding } = await heldGate(thread);
    for (let n = 1; n <= 3; n++) void ref.tell("pass", { n });
    expect(await rejectionOf(ref.ask("pass", { n: 99 }, { timeout: 5 }))).toMatchObject({
      outcome: "rejected",
      code: "timed-out",
      mayHaveRun: false,
    });
    await barrier.ask("open");
    await holding;
    await ref.ask("pass", { n: 4 });
    expect(await ref.ask("passed")).toEqual([1, 2, 3, 4]);
    expect(lettersTo(ref, letters)).toEqual([]);
  });

  it("is not sent when its signal has aborted before", async () => {
    const ref = await system().spawn(counter, { placement: { thread } });
    const reason = new Error("changed my mind");
    const error = await rejectionOf(ref.ask("addSlowly", { by: 1, ms: 0 }, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({
      outcome: "cancelled",
      code: "cancelled",
      cause: reason,
      details: { to: ref.address, type: "addSlowly" },
    });
    expect(await ref.ask("get")).toBe(0);
  });

  it("is cancelled when its signal aborts: what waits is not handled, and what waits for room not sent", async () => {
    using letters = record(system().deadLetters$);
    const { ref, barrier, holding } = await heldGate(thread);
    const aborter = new AbortController();
    const { signal } = aborter;
    const waiting = rejectionOf(ref.ask("pass", { n: 1 }, { signal, ...patiently }));
    await ref.tell("pass", { n: 2 });
    await ref.tell("pass", { n: 3 });
    const waitingForRoom = rejectionOf(ref.ask("pass", { n: 4 }, { signal, ...patiently }));
    aborter.abort("enough");
    for (const error of [await waiting, await waitingForRoom]) {
      expect(error).toMatchObject({
        outcome: "cancelled",
        code: "cancelled",
        cause: "enough",
        details: { type: "pass" },
      });
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await barrier.ask("open");
    await holding;
    expect(await ref.ask("passed")).toEqual([2, 3]);
    expect(lettersTo(ref, letters)).toMatchObject([
      { reason: "cancelled", to: ref.address, type: "pass", payload: { n: 1 } },
    ]);
  });

  it("lets go of its signal once it is answered, refused or timed out", async () => {
    const { signal } = new AbortController();
    const ref = await system().spawn(counter, { placement: { thread } });
    expect(await ref.ask("get", undefined, { signal })).toBe(0);
    await rejectionOf(ref.ask("failAfterAdding", { by: 1 }, { signal }));
    await rejectionOf(ref.ask("addSlowly", { by: 1, ms: 1_000 }, { signal, timeout: 1 }));
    await rejectionOf(ref.ask("add", { by: "x" as never }, { signal }));
    await system().stop(ref);
    await rejectionOf(ref.ask("get", undefined, { signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("without a reply in its protocol resolves to undefined once it is handled", async () => {
    const ref = await system().spawn(counter, { placement: { thread } });
    expect(await ref.ask("add", { by: 4 })).toBeUndefined();
    expect(await ref.ask("get")).toBe(4);
  });

  it("times out at its own deadline, whatever others there are", async () => {
    const { ref, barrier, holding } = await heldGate(thread);
    const timeouts = [30, 5, 60, 15];
    const errors = timeouts.map((timeout) => rejectionOf(ref.ask("pass", { n: timeout }, { timeout })));
    for (const [index, error] of errors.entries()) {
      expect(await error).toMatchObject({ outcome: "timed-out", details: { timeout: timeouts[index] } });
    }
    await barrier.ask("open");
    await holding;
    expect(await ref.ask("passed")).toEqual([]);
  });

  it.each([Number.NaN, "5" as never, null as never])("refuses the timeout %s", async (timeout) => {
    const ref = await system().spawn(counter, { placement: { thread } });
    expect(await rejectionOf(ref.ask("get", undefined, { timeout }))).toMatchObject({
      outcome: "rejected",
      code: "invalid-options",
    });
    await system().stop(ref);
  });

  it.each([0, -1])("with no time left (%i ms) times out", async (timeout) => {
    const ref = await system().spawn(counter, { placement: { thread } });
    expect(await rejectionOf(ref.ask("get", undefined, { timeout }))).toMatchObject({ code: "timed-out" });
  });

  it("with a timeout longer than a timer can be is answered all the same", async () => {
    const ref = await system().spawn(counter, { placement: { thread } });
    expect(await ref.ask("addSlowly", { by: 1, ms: 2 }, { timeout: 2 ** 40 })).toBe(1);
  });
});
