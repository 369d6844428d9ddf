/** Deadlines and cancellation travel with asks, over real threads (invariant 12). */

import { firstValueFrom, filter } from "rxjs";
import { describe, expect, it } from "vitest";
import { inspector } from "../../fixtures/actors.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";
import { calls, cleaner, patientAgent, scribe, type Told, waiter, waitingStream } from "../../fixtures/waiters.ts";

const system = useSystem();

const began = ({ what }: Told): boolean => what === "began";
const ended = ({ what }: Told): boolean => what === "ended";

/** Waiters on these threads, and what they tell. */
async function waitersOn(...threads: number[]) {
  const refs = await Promise.all(threads.map((thread) => system().spawn(waiter, { placement: { thread } })));
  const told = refs.map(({ events$ }) => record(events$));
  await Promise.all(refs.map((ref) => ref.ask("here"))); // an ask from another thread may overtake a subscription from here
  return { refs, told };
}

describe.each([[[0, 0, 0]], [[1, 1, 1]], [[1, 2, 0]], [[2, 0, 1]]])(
  "an ask that leads to others, on the threads %j",
  (threads) => {
    it("is called off with all of them when its signal aborts, and no actor has failed", async () => {
      using events = record(system().events$);
      const { refs, told } = await waitersOn(...threads);
      const [first, ...behind] = refs;
      const aborter = new AbortController();
      const asked = rejectionOf(first!.ask("wait", { label: "a", behind }, { signal: aborter.signal, ...patiently }));
      for (const each of told) await each.first(began);
      aborter.abort(new Error("changed my mind"));
      expect(await asked).toMatchObject({ outcome: "cancelled", code: "cancelled", mayHaveRun: true });
      for (const each of told) expect(await each.first(ended)).toMatchObject({ code: "cancelled" });
      for (const ref of refs) await system().stop(ref); // what they had to tell is told
      expect(events.values.map(({ type }) => type)).not.toContain("actor-failed");
    });

    it("ends with all of them when its time is up, and each sees what is left", async () => {
      const { refs, told } = await waitersOn(...threads);
      const [first, ...behind] = refs;
      const timeout = 400;
      const asked = rejectionOf(first!.ask("wait", { label: "a", behind }, { timeout }));
      expect(await asked).toMatchObject({ outcome: "timed-out", code: "timed-out" });
      let before = timeout;
      for (const each of told) {
        const [start] = each.values.filter(began);
        if (start === undefined) continue; // on a slow machine time may be up before it is reached
        expect(start.left).toBeLessThanOrEqual(before);
        before = start.left;
        await each.first(ended);
      }
    });
  },
);

describe.each([0, 1, 2])("an actor on thread %i whose asker is gone", (thread) => {
  it("hears that the asker's thread has died; what waits for it is not handled", async () => {
    using letters = record(system().deadLetters$);
    const { refs, told } = await waitersOn(thread);
    const ref = refs[0]!;
    const asker = await system().spawn(waiter, { placement: "dedicated" });
    const doomed = Number(asker.address.split("/")[0]);
    const saboteur = await system().spawn(inspector, { placement: { thread: doomed } });
    const other = await system().spawn(waiter, { placement: { thread: doomed } });
    const asked = [rejectionOf(asker.ask("wait", { label: "held", behind: refs }, patiently))];
    await told[0]!.first(began);
    asked.push(rejectionOf(other.ask("wait", { label: "waits", behind: refs }, patiently)));
    await saboteur.tell("exit");
    expect(await told[0]!.first(ended)).toMatchObject({ label: "held+", code: "thread-died" });
    // the other one's ask was here, or never left
    for (const one of asked) expect(await one).toMatchObject({ code: "thread-died" });
    const next = rejectionOf(ref.ask("wait", { label: "next" }, { timeout: 50 }));
    expect(await next).toMatchObject({ code: "timed-out" });
    expect(told[0]!.values.filter(began).map(({ label }) => label)).not.toContain("waits+");
    for (const { reason, payload } of letters.values) {
      if ((payload as { label?: string } | undefined)?.label === "waits+") expect(reason).toBe("cancelled");
    }
  });

  it("hears that the asking actor has stopped", async () => {
    const { refs, told } = await waitersOn(thread);
    const asker = await system().spawn(waiter, { placement: { thread: 1 } });
    expect(await asker.ask("leave", { label: "left", behind: refs })).toBe("left");
    await told[0]!.first(began);
    await system().stop(asker);
    expect(await told[0]!.first(ended)).toMatchObject({ code: "actor-stopped" });
  });
});

describe.each([0, 1])("a handler on thread %i whose asker gave up", (thread) => {
  it.each([
    [true, "cleaned", 1],
    [false, "cancelled", 0],
  ])("may still ask, if that is detached: %s", async (detached, code, count) => {
    const ref = await system().spawn(waiter, { placement: { thread } });
    using told = record(ref.events$);
    const at = await system().spawn(cleaner, { placement: { thread: 2 } });
    const aborter = new AbortController();
    const asked = rejectionOf(ref.ask("cleanUp", { at, detached }, { signal: aborter.signal, ...patiently }));
    await told.first(began);
    aborter.abort();
    await asked;
    expect(await told.first(ended)).toMatchObject({ code });
    expect(await at.ask("cleaned")).toBe(count);
  });

  it("sends no ask any more when no time is left", async () => {
    const ref = await system().spawn(waiter, { placement: { thread } });
    using told = record(ref.events$);
    const at = await system().spawn(cleaner, { placement: { thread: 2 } });
    await Promise.allSettled([ref.ask("late", { at }, { timeout: 300 })]); // its answer may overtake its asker's timer
    const { label, left } = await told.first(ended);
    expect(label).toMatch(/^rejected timed-out false$|^cancelled cancelled false$/);
    expect(left).toBe(0);
    expect(await at.ask("cleaned")).toBe(0);
  });
});

describe.each([0, 1])("a behaviour on thread %i", (thread) => {
  it("hears of each message by itself that it is no longer wanted", async () => {
    const ref = await system().spawn(waitingStream, { placement: { thread } });
    using told = record(ref.events$);
    const aborter = new AbortController();
    const asks = [
      rejectionOf(ref.ask("wait", { label: "mind" }, { signal: aborter.signal, ...patiently })),
      rejectionOf(ref.ask("wait", { label: "time" }, { timeout: 300 })),
      rejectionOf(ref.ask("wait", { label: "patience" }, patiently)),
    ];
    await told.take(3, began);
    aborter.abort();
    await Promise.all(asks.slice(0, 2));
    const both = await told.take(2, ended);
    expect(new Map(both.map(({ label, code }) => [label, code]))).toEqual(
      new Map([
        ["mind", "cancelled"],
        ["time", "timed-out"],
      ]),
    );
    await ref.ask("settle"); // it goes on
    await system().stop(ref);
    expect(await asks[2]).toMatchObject({ code: "actor-stopped", mayHaveRun: true });
  });
});

describe.each([0, 1])("a durable actor on thread %i whose asker gave up", (thread) => {
  it.each([
    [true, []],
    [false, ["kept"]],
  ])("commits what its handler makes of that: one that throws, nothing (%s)", async (listens, expected) => {
    const name = `scribe-${thread}-${listens}`;
    const ref = await system().spawn(scribe, { name, placement: { thread } });
    const begun = await system().spawn(cleaner, { placement: { thread: 2 } });
    const aborter = new AbortController();
    const asked = rejectionOf(
      ref.ask("write", { text: "kept", listens, latch: begun }, { signal: aborter.signal, ...patiently }),
    );
    while ((await begun.ask("cleaned")) === 0);
    aborter.abort();
    expect(await asked).toMatchObject({ outcome: "cancelled" });
    expect(await ref.ask("written", undefined, patiently)).toEqual(expected);
  });
});

describe.each([0, 1])("an agent on thread %i that is asked directly", (thread) => {
  it("hears that its caller gave up, and doesn't begin what waits for its turn", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(patientAgent, { placement: { thread } });
    const label = `on ${thread}`;
    const noted = (text: string) =>
      firstValueFrom(
        system()
          .store.watch(calls, "all")
          .pipe(filter(({ state }) => state.includes(`${label}${text}`))),
      );
    const aborter = new AbortController();
    const options = { signal: aborter.signal, ...patiently };
    const working = rejectionOf(ref.ask("execute", { label: `${label} works` }, options));
    await noted(" works began");
    const waiting = rejectionOf(ref.ask("execute", { label: `${label} waits` }, options));
    aborter.abort();
    for (const asked of [working, waiting]) expect(await asked).toMatchObject({ outcome: "cancelled" });
    const { state } = await noted(" works ended: cancelled");
    expect(state).not.toContain(`${label} waits began`);
    await letters.first(({ payload }) => (payload as { label?: string } | undefined)?.label === `${label} waits`);
    expect(letters.values).toMatchObject([{ reason: "cancelled", to: ref.address, type: "execute" }]);
  });

  it("passes on to whom it asks how long it has, and that it is called off", async () => {
    const ref = await system().spawn(patientAgent, { placement: { thread } });
    const { refs, told } = await waitersOn(2);
    const aborter = new AbortController();
    const options = { signal: aborter.signal, timeout: 60_000 };
    const asked = rejectionOf(ref.ask("execute", { label: "agent", behind: refs }, options));
    const { left } = await told[0]!.first(began);
    expect(left).toBeLessThanOrEqual(60_000);
    aborter.abort();
    await asked;
    expect(await told[0]!.first(ended)).toMatchObject({ code: "cancelled" });
  });
});
