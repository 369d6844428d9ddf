/** Invariant 14: the bounds of lists are the history's; with it 5, 10 and 11, under either coordination and across crashes. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, isTroupeError, type RunEvent, type System } from "../../src/index.ts";
import { bench, concurrency, pieces, tolerate, wholes, worker } from "./lists.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { crashes, holdsOnThreads, holdsSimulated, isFoundBroken, type Scenario } from "./worlds.ts";
import { quickExpect } from "../quick-expect.ts";

interface Lists {
  readonly start: Coordination;
  readonly orders: readonly {
    readonly sizes: readonly number[];
    readonly fails: readonly number[];
    readonly stands: readonly number[];
    readonly lastFails: boolean;
    /** Whether an item is a whole workflow. */
    readonly isWhole: boolean;
  }[];
  readonly switches: readonly number[];
}

const rounds = fc.integer({ min: 0, max: 8 });

const lists: fc.Arbitrary<Lists> = fc.record({
  start: fc.constantFrom("orchestrator" as const, "relay" as const),
  orders: fc.array(
    fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 9 }),
      fails: fc.uniqueArray(fc.nat(12), { maxLength: 4 }),
      stands: fc.uniqueArray(fc.nat(12), { maxLength: 6 }),
      lastFails: fc.boolean(),
      isWhole: fc.boolean(),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  switches: fc.array(rounds, { maxLength: 4 }),
});

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

/** What of the items holds at each point of a history. */
function expectBounded(history: readonly RunEvent[]): void {
  const active = new Set<string>();
  const begun = new Set<string>();
  const finished = new Set<string>();
  let failed = 0;
  for (const event of history) {
    if (!("step" in event) || !/^piece\[\d+\]$/.test(event.step ?? "")) continue;
    if (event.type === "step-started") {
      if (event.attempt === undefined) quickExpect(event.step, "items begin in order").toBe(`piece[${begun.size}]`);
      begun.add(event.step);
      active.add(event.step);
      quickExpect(active.size, "no more items are begun than are worked on at a time").toBeLessThanOrEqual(concurrency);
      quickExpect(finished.has(event.step), "no item that has finished is begun again").toBe(false);
    }
    if (event.type === "step-finished") {
      active.delete(event.step);
      finished.add(event.step);
    }
    if (event.type === "step-failed" && event.retryAt === undefined) {
      active.delete(event.step);
      failed++;
    }
  }
  const isOver = history.some((event) => event.type === "step-finished" && event.step === "piece");
  if (isOver) quickExpect(failed).toBeLessThanOrEqual(tolerate);
}

const boundsHold =
  (loses: boolean): Scenario<Lists> =>
  async (system, { start, orders, switches }, scope) => {
    await system.switchCoordination(start);
    const playing = orders.map(async ({ sizes, fails, stands, lastFails, isWhole }, index) => {
      const id = `${scope}-${index}`;
      const workflow = isWhole ? wholes : pieces;
      const run = await system.findRun(workflow, id).catch((error: unknown) => {
        if (!isTroupeError(error, "no-such-run")) throw error; // an earlier process started it
        const given = { sizes: [...sizes], fails: [...fails], stands: [...stands] };
        return system.run(workflow, { order: id, ...given, lastFails }, { id });
      });
      const result = await run.result.catch((error: unknown) => {
        if (!isTroupeError(error, "step-failed")) throw error;
        return undefined;
      });
      const history = (await run.history()).map(({ event }) => event);
      expectBounded(history);
      const failing = fails.filter((at) => at < sizes.length && !stands.includes(at));
      const completes = failing.length <= tolerate && !lastFails;
      if (!loses) expect(result !== undefined).toBe(completes);
      const { entries } = await system.store.read(bench, id);
      const done = history.flatMap((event) =>
        event.type === "step-finished" && isByAgent(event.step, isWhole) && event.fallbackFor === undefined
          ? [`+${event.step}`]
          : [],
      );
      const undone = history.flatMap((event) => (event.type === "compensation-finished" ? [`-${event.step}`] : []));
      const effects = entries.filter((entry) => entry.startsWith("+"));
      expect(new Set(effects).size, "each item has its effect once").toBe(effects.length);
      expect(effects).toEqual(expect.arrayContaining(done));
      expect(entries.filter((entry) => entry.startsWith("-"))).toEqual(undone);
      if (result === undefined)
        expect(undone, "in exactly the reverse order").toEqual(
          done.toReversed().map((entry) => entry.replace("+", "-")),
        );
      const lost =
        history.filter((event) => event.type === "step-failed" && isByAgent(event.step, isWhole)).length >
        failing.length;
      const instead = history.filter((event) => event.type === "step-finished" && event.fallbackFor !== undefined);
      const standing = fails.filter((at) => at < sizes.length && stands.includes(at));
      if (result === undefined || lost || instead.length > standing.length) return; // a thread died, and what it did failed
      const of = (size: number, at: number): number =>
        failing.includes(at) ? 0 : standing.includes(at) ? size + 100 : size;
      const sum = sizes.reduce((total, size, at) => total + of(size, at), 0);
      expect(result).toEqual({ order: id, size: sum });
    });
    await Promise.all([switchNowAndThen(system, switches), ...playing]);
  };

function isByAgent(step: string, isWhole: boolean): boolean {
  return step !== "piece" && !(isWhole && step.endsWith("]"));
}

async function switchNowAndThen(system: System, switches: readonly number[]): Promise<void> {
  for (const after of switches) {
    for (let round = 0; round < after; round++) await system.stats();
    await system.switchCoordination(other(system.coordination));
  }
}

describe("invariant 14: bounds are the history's", () => {
  it("is about a bound below that of the agent, or it would show nothing", () =>
    expect(worker.concurrency).toBeGreaterThan(concurrency));

  it("holds on the simulator, with any sequence of switches", () => holdsSimulated(lists, boundsHold(false)));

  it("holds on the simulator when threads die", () =>
    holdsSimulated(lists, boundsHold(true), { faults: { threadDeath: 0.01 } }));

  it("holds on the simulator when the process crashes and another one goes on", () =>
    holdsSimulated(lists, boundsHold(false), {
      journal: "durable",
      system: { workflows: [pieces, wholes] },
      faults: crashes,
    }));

  it("holds on real threads", () => holdsOnThreads(lists, boundsHold(false)));

  it("and no item is left out, unless the news that it may start is lost", async () => {
    const failure = await isFoundBroken(lists, boundsHold(false), {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const sent = asMessage(frame);
          if (sent?.type !== "coordinate") return frame;
          const { message } = sent.payload as { message: { events?: readonly { type: string; from?: number }[] } };
          return message.events?.some(({ type, from }) => type === "items-due" && from !== 0) === true
            ? undefined
            : frame;
        }),
    });
    expect(failure).toContain("nothing is left to run");
  });

  it("and no step of an item that is a workflow is, unless what is told of items is lost", async () => {
    const failure = await isFoundBroken(
      lists.map((given): Lists => ({
        ...given,
        start: "relay",
        orders: given.orders.map((order) => ({ ...order, isWhole: true })),
        switches: [],
      })),
      boundsHold(false),
      {
        tamper: () => (batch) =>
          mapFrames(batch, (frame) => {
            const sent = asMessage(frame);
            if (sent?.type !== "coordinate") return frame;
            const { message } = sent.payload as { message: { part?: string } };
            return message.part === undefined ? frame : undefined;
          }),
      },
    );
    expect(failure).toContain("nothing is left to run");
  });
});
