/** Invariant 7: bounded memory. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTroupeError, type System } from "../../src/index.ts";
import type { World } from "../../src/testing/index.ts";
import { simulateOnce } from "../../src/testing/simulator/simulate.ts";
import { runState } from "../../src/workflows/history/run-state.ts";
import { backpressureBox, capacity, dropNewestBox, dropOldestBox, rejectBox } from "./actors.ts";
import { outside } from "./outside.ts";
import { steady, steps } from "./sagas.ts";
import { holdsInWorld, holdsOnThreads, holdsSimulated, seeds } from "./worlds.ts";
import { schedules } from "../schedules.ts";

const boxes = [backpressureBox, rejectBox, dropOldestBox, dropNewestBox] as const;

interface Flood {
  readonly box: number;
  readonly thread: number;
  readonly messages: number;
  readonly heedful: boolean;
}

const flood: fc.Arbitrary<Flood> = fc.record({
  box: fc.integer({ min: 0, max: boxes.length - 1 }),
  thread: fc.integer({ min: 0, max: 2 }),
  messages: fc.integer({ min: 1, max: 30 }),
  heedful: fc.boolean(),
});

/** However fast the sender, no more than the capacity waits; a sender that heeds backpressure loses nothing. */
async function mailboxesStayBounded(system: System, { box, thread, messages, heedful }: Flood): Promise<void> {
  const definition = boxes[box] ?? backpressureBox;
  const ref = await system.spawn(definition, { placement: { thread } });
  await ref.tell("work", { ms: 10 });
  const refused: unknown[] = [];
  const sending: Promise<void>[] = [];
  for (let n = 0; n < messages; n++) {
    const told = ref.tell("put", { n }).catch((error: unknown) => void refused.push(error));
    sending.push(told);
    if (heedful) await told;
    if (n % 5 === 0) expect((await system.stats()).waiting).toBeLessThanOrEqual(capacity);
  }
  expect((await system.stats()).waiting).toBeLessThanOrEqual(capacity);
  await Promise.all(sending);
  for (const error of refused) expect(isTroupeError(error, "mailbox-full")).toBe(true);
  if (definition === backpressureBox && heedful) {
    expect(refused).toEqual([]);
    expect(await ref.ask("handled", undefined, { timeout: 60_000 })).toEqual(
      Array.from({ length: messages }, (_, n) => n),
    );
  }
  await system.stop(ref); // what waits in it would count for the next case
}

interface Hold {
  readonly box: number;
  readonly thread: number;
  readonly messages: number;
}

const hold: fc.Arbitrary<Hold> = fc.record({
  box: fc.integer({ min: 0, max: boxes.length - 1 }),
  thread: fc.integer({ min: 0, max: 2 }),
  messages: fc.integer({ min: 1, max: 4 * capacity }),
});

/** While an actor is busy, of what a sender tells it no more than the capacity is on its way or in its mailbox, also once it goes on. */
async function sendersAreHeld({ system, sleep }: World, { box, thread, messages }: Hold): Promise<void> {
  const definition = boxes[box] ?? backpressureBox;
  const ref = await system.spawn(definition, { placement: { thread } });
  let accepted = 0;
  const refused: unknown[] = [];
  for (let n = 0; n <= messages; n++)
    void ref.tell("work", { ms: 10_000 }).then(
      () => accepted++,
      (error: unknown) => refused.push(error),
    );
  await sleep(1_000); // the first is in hand, and what is on its way has arrived
  if (definition === backpressureBox) expect(accepted).toBeLessThanOrEqual(capacity + 1);
  for (let n = 0; n <= messages; n++) {
    expect((await system.stats()).waiting).toBeLessThanOrEqual(capacity);
    await sleep(10_000);
  }
  for (const error of refused) expect(isTroupeError(error, "mailbox-full")).toBe(true);
}

interface Rush {
  readonly maxRuns: number;
  readonly maxWaitingRuns: number;
  /** When each run arrives after the one before, in milliseconds; what it does then; and when it is cancelled, if it is. */
  readonly arrivals: readonly {
    readonly gap: number;
    readonly onOverload: "wait" | "reject";
    readonly before: number;
    readonly cancelAfter: number | undefined;
  }[];
}

const rush: fc.Arbitrary<Rush> = fc.record({
  maxRuns: fc.integer({ min: 1, max: 3 }),
  maxWaitingRuns: fc.integer({ min: 0, max: 3 }),
  arrivals: fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 6 }),
      onOverload: fc.constantFrom("wait" as const, "wait" as const, "reject" as const),
      before: fc.integer({ min: 0, max: 5 }),
      cancelAfter: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined, freq: 4 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

/** However many runs arrive, no more are in flight or wait than may; what was accepted ends, what was refused leaves nothing. */
async function runsStayBounded({ system, sleep }: World, { arrivals, ...bounds }: Rush): Promise<void> {
  outside.reset();
  const check = async (): Promise<void> => {
    const { runs } = await system.stats();
    expect(runs.inFlight).toBeLessThanOrEqual(bounds.maxRuns);
    expect(runs.waiting).toBeLessThanOrEqual(bounds.maxWaitingRuns);
  };
  const ends = new Map<string, Promise<string>>();
  const cancelling: Promise<void>[] = [];
  for (const [n, { gap, onOverload, before, cancelAfter }] of arrivals.entries()) {
    await sleep(gap);
    const id = `order-${n}`;
    const conduct = { a: { before, after: 0, throws: 0, undoThrows: 0 } };
    try {
      const run = system.run(steady, { order: id, conduct }, { id, onOverload });
      ends.set(
        id,
        run.result.then(
          () => "completed",
          (error: { code: string }) => error.code,
        ),
      );
      if (cancelAfter !== undefined) cancelling.push(sleep(cancelAfter).then(() => run.cancel()));
    } catch (error) {
      if (!isTroupeError(error, "overloaded")) throw error;
    }
    await check();
  }
  await Promise.all(cancelling);
  for (const end of ends.values()) expect(["completed", "run-cancelled"]).toContain(await end);
  expect((await system.stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 0 });
  for (const id of await system.store.ids(runState)) expect([...ends.keys()]).toContain(id);
  for (const [id, end] of ends) {
    const inForce = outside.inForce.filter((key) => key.startsWith(`${id}/`));
    expect(inForce).toHaveLength((await end) === "completed" ? steps.length : 0);
  }
}

describe("invariant 7: every queue has a capacity and a policy", () => {
  it("holds on the simulator", () => holdsSimulated(flood, mailboxesStayBounded));
  it("holds senders of an actor that is busy", () => holdsInWorld(hold, sendersAreHeld));
  it("holds for runs, on the simulator", () =>
    fc.assert(
      fc.asyncProperty(rush, seeds, async (given, seed) => {
        const { maxRuns, maxWaitingRuns } = given;
        await simulateOnce((world) => runsStayBounded(world, given), seed, { system: { maxRuns, maxWaitingRuns } });
      }),
      { numRuns: schedules, endOnFailure: true },
    ));
  it("holds on real threads", () => holdsOnThreads(flood, mailboxesStayBounded));
});
