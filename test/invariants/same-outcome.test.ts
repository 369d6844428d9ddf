/** Invariant 10: same outcome under either coordination; with it 5, exactly-once effects. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, createSystem, isTroupeError, type System } from "../../src/index.ts";
import { holdsOnThreads, holdsSimulated, isFoundBroken } from "./worlds.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { book, expectedTotal, fulfilment, type Order, type Step, steps } from "./workflows.ts";

interface Business {
  readonly start: Coordination;
  readonly orders: readonly {
    readonly amount: number;
    readonly pauses: Record<string, number>;
    readonly fails: Step | undefined;
  }[];
  /** Milliseconds between one switch of the coordination and the next. */
  readonly switches: readonly number[];
}

const pause = fc.integer({ min: 0, max: 4 });
const business = (withSwitches: boolean): fc.Arbitrary<Business> =>
  fc.record({
    start: fc.constantFrom("orchestrator" as const, "relay" as const),
    orders: fc.array(
      fc.record({
        amount: fc.integer({ min: 1, max: 5 }),
        pauses: fc.record(Object.fromEntries(steps.map((step) => [step, pause]))),
        fails: fc.option(fc.constantFrom(...steps), { nil: undefined, freq: 3 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    switches: withSwitches ? fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 5 }) : fc.constant([]),
  });

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

/** Runs all orders while the coordination is switched; each must come to what plain arithmetic says. */
async function everyOrderComesOut(system: System, { start, orders, switches }: Business, scope: string): Promise<void> {
  await system.switchCoordination(start);
  const runs = orders.map((order, index) => {
    const id = `${scope}-${index}`;
    const { fails, ...rest } = order;
    const input: Order = { order: id, ...rest, ...(fails === undefined ? {} : { fails }) };
    return { id, order, run: system.run(fulfilment, input) };
  });
  const switching = (async () => {
    for (const ms of switches) {
      await wait(system, ms);
      await system.switchCoordination(other(system.coordination));
    }
  })();
  for (const { id, order, run } of runs) {
    const { entries, total } = await ended(run.result).then(() => system.store.read(book, id));
    const history = (await run.history()).map(({ event }) => event);
    const finished = history.flatMap((event) => (event.type === "step-finished" ? [event.step] : []));
    const compensated = history.flatMap((event) => (event.type === "compensation-finished" ? [event.step] : []));
    // each effect is in the history exactly once, and the history's effects are all there are
    expect(entries.filter((entry) => entry.startsWith("+")).toSorted()).toEqual(
      finished.map((step) => `+${step}`).toSorted(),
    );
    expect(entries.filter((entry) => entry.startsWith("-"))).toEqual(compensated.map((step) => `-${step}`));
    expect(new Set(finished).size).toBe(finished.length);
    const end = history.at(-1);
    if (order.fails === undefined) {
      expect(end).toMatchObject({ type: "run-ended", status: "completed" });
      expect(finished.toSorted()).toEqual(steps.toSorted());
      expect(total).toBe(expectedTotal(order.amount));
      expect(await run.result).toEqual({ order: id, amount: 3 * order.amount });
    } else {
      expect(end).toMatchObject({ type: "run-ended", status: "failed", step: order.fails });
      expect(compensated).toEqual(finished.toReversed());
      expect(total).toBe(0);
    }
  }
  await switching;
}

async function ended(result: Promise<unknown>): Promise<void> {
  await result.catch((error: unknown) => {
    if (!isTroupeError(error, "step-failed")) throw error;
  });
}

/** Lets some of the system's time pass, by rounds of doing nothing on another thread. */
async function wait(system: System, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) await system.stats();
}

describe("invariant 10: the outcome is the same under either coordination, and with switches in between", () => {
  it("holds on the simulator, with any sequence of switches", () => holdsSimulated(business(true), everyOrderComesOut));

  it("holds on real threads", () => holdsOnThreads(business(true), everyOrderComesOut));

  it("holds for a run whatever became of those before it", async () => {
    await using system = await createSystem({ threads: 2 });
    const fails: readonly Step[] = [...Array.from({ length: 5 }, () => "stock" as const), "money"];
    for (const [index, step] of fails.entries()) {
      const orders = [{ amount: 1, pauses: {}, fails: step }];
      const one: Business = { start: "orchestrator", orders, switches: [] };
      await expect(everyOrderComesOut(system, one, `case-${index}`)).resolves.toBe(undefined);
    }
  });

  it("does not hold without the hand-over", async () => {
    const failure = await isFoundBroken(business(true), everyOrderComesOut, {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const sent = asMessage(frame);
          if (sent?.type !== "coordinate") return frame;
          const { message } = sent.payload as { message: { handOver?: boolean } };
          return message.handOver === true ? undefined : frame;
        }),
    });
    expect(failure).toContain("nothing is left to run");
  });
});
