/** Invariants 5 and 10 of the calls that agents make of agents, in steps of runs. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, isTroupeError, type System } from "../../src/index.ts";
import { calls, errandsRun, ledger, type Plan } from "./callers.ts";
import { outside } from "./outside.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { crashes, holdsInWorld, holdsOnThreads, holdsSimulated, isFoundBroken, type WorldScenario } from "./worlds.ts";

interface Given {
  readonly start: Coordination;
  /** How many rounds lie between one switch of the coordination and the next. */
  readonly switches: readonly number[];
  readonly plan: Omit<Plan, "run">;
}

const few = fc.integer({ min: 0, max: 2 });

const given: fc.Arbitrary<Given> = fc.record({
  start: fc.constantFrom("orchestrator" as const, "relay" as const),
  switches: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 3 }),
  plan: fc.record({
    errands: fc.array(
      fc.record({
        how: fc.constantFrom("plain" as const, "named" as const, "twice" as const),
        isShared: fc.boolean(),
        failures: few,
        setbacks: few,
      }),
      { minLength: 1, maxLength: 3 },
    ),
    isUndone: fc.boolean(),
  }),
});

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

/** Lets some of the system's time pass, by rounds of doing nothing on another thread. */
async function wait(system: System, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) await system.stats();
}

async function eachCallFinishesOnce(system: System, { start, switches, plan }: Given, run: string): Promise<void> {
  outside.reset();
  calls.reset();
  await system.switchCoordination(start);
  const running = system.run(errandsRun, { ...plan, run }, { id: run });
  for (const rounds of switches) {
    await wait(system, rounds);
    await system.switchCoordination(other(system.coordination));
  }
  await running.result.catch(unlessUndone);
  await holdsOf(system, plan, run);
}

function unlessUndone(error: unknown): void {
  if (!isTroupeError(error, "step-failed") || error.details.step !== "judge") throw error;
}

/** What each run comes to, and that nothing is left of its calls when it is forgotten. */
async function holdsOf(system: System, { errands, isUndone }: Given["plan"], run: string): Promise<void> {
  expect(calls.wrongs.join("\n")).toBe("");
  const signs = isUndone ? ["+", "-"] : ["+"];
  const wanted = ["one", "other"].flatMap((step) =>
    signs.flatMap((sign) =>
      errands.flatMap(({ how, isShared }, number) => {
        const label = `${run}/${step}/${sign}${number}/${how}`;
        const each = isShared ? [label, `${label}/part`] : [label];
        return how === "twice" ? [...each, ...each] : each;
      }),
    ),
  );
  expect([...(await system.store.read(ledger, run))].toSorted()).toEqual(wanted.toSorted());
  const kept = await recordsOf(system);
  expect(kept.length).toBe(wanted.length + 1);
  await system.forget(run);
  expect(await recordsOf(system)).toEqual([]);
}

async function recordsOf(system: System): Promise<readonly string[]> {
  return system.store.ids({ name: "call" });
}

/** The same where the process crashes: the next one goes on with the run. */
const alsoAfterCrashes: WorldScenario<Given> = async (world, { start, plan }) => {
  outside.reset();
  calls.reset();
  await world.survive(async ({ system }) => {
    const known = await system.findRun(errandsRun, "case").catch(() => undefined);
    await system.switchCoordination(start);
    const run = known ?? system.run(errandsRun, { ...plan, run: "case" }, { id: "case" });
    await run.result.catch(unlessUndone);
  });
  await world.survive(async ({ system }) => {
    if ((await recordsOf(system)).length > 0) await holdsOf(system, plan, "case");
  });
};

describe("invariants 5 and 10: a call that finished is not made again by a later attempt, which gets its output", () => {
  it("holds on the simulator, with switches of the coordination", () => holdsSimulated(given, eachCallFinishesOnce));

  it("holds on the simulator where threads die in the middle of a call", () =>
    holdsSimulated(given, eachCallFinishesOnce, { faults: { threadDeath: 0.004, maxThreadDeaths: 2 } }));

  it("holds on the simulator where the process crashes, and another one goes on", () =>
    holdsInWorld(given, alsoAfterCrashes, { faults: crashes, journal: "durable" }));

  it("holds on real threads", () => holdsOnThreads(given, eachCallFinishesOnce));

  it("does not hold where what is recorded isn't found", async () => {
    const broken = isFoundBroken(given, eachCallFinishesOnce, {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const sent = asMessage(frame);
          if (sent?.type === "find-call") (sent.payload as { name: string }).name += "?";
          return frame;
        }),
    });
    expect(await broken).toContain("is done again");
  });
});
