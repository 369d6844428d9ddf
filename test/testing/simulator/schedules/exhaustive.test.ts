import { describe, expect, it } from "vitest";
import { isTroupeError } from "../../../../src/index.ts";
import { type Scenario, simulate } from "../../../../src/testing/index.ts";
import { runOnce } from "../../../../src/testing/simulator/run-once.ts";
import type { Chosen } from "../../../../src/testing/simulator/schedules/choices.ts";
import { everySchedule } from "../../../../src/testing/simulator/schedules/exhaustive.ts";
import { States } from "../../../../src/testing/simulator/schedules/states.ts";
import { VirtualSources } from "../../../../src/testing/simulator/virtual/virtual-sources.ts";
import { schedules } from "../../../schedules.ts";
import { memoryRaces } from "../../../races/memory-races.ts";
import { atOnce, cell, read, times } from "../../../races/players.ts";
import { stateRaces } from "../../../races/state-races.ts";

const [lostUpdate] = stateRaces;
const twiceFive = memoryRaces.find(({ isRare }) => isRare);

/** The effects of all schedules with so many switches at most, and how many runs that took. */
async function effectsOf(scenario: Scenario | undefined, switches: number, isolated: boolean) {
  const found = new Set<string>();
  const isOrdered = switches < Number.POSITIVE_INFINITY;
  const run = async (chosen: Chosen) =>
    runOnce(
      scenario as Scenario,
      1,
      {},
      {
        sources: new VirtualSources(),
        given: { chosen },
        ...(isolated && { states: new States({ isOrdered }) }),
      },
    );
  let runs = 0;
  for await (const { effects, failure } of everySchedule({ run, switches, runs: 20_000 })) {
    expect(failure).toBeUndefined();
    found.add(effects);
    runs++;
  }
  return { found, runs };
}

async function failureOf(scenario: Scenario | undefined, switches?: number): Promise<unknown> {
  try {
    return await simulate(scenario as Scenario, { exhaustive: switches === undefined ? {} : { switches } });
  } catch (error) {
    return error;
  }
}

describe("an exhaustive search", () => {
  it("says that all schedules hold with so many switches at most", async () => {
    const none = await failureOf(lostUpdate?.fixed, 0);
    expect(none).toMatchObject({ runs: 1, isComplete: true });
    const one = await failureOf(lostUpdate?.fixed, 1);
    expect(one).toMatchObject({ isComplete: true });
    const { runs, schedules: orders } = one as { readonly runs: number; readonly schedules: number };
    expect(runs).toBeGreaterThan(10);
    expect(orders).toBeGreaterThan(1);
  });

  it("tries each schedule once", async () => {
    const tried: string[] = [];
    const run = async (chosen: Chosen) =>
      runOnce(lostUpdate?.fixed as Scenario, 1, {}, { sources: new VirtualSources(), given: { chosen } });
    for await (const { schedule } of everySchedule({ run, switches: 1, runs: 1_000 })) tried.push(schedule);
    expect(tried.length).toBeGreaterThan(10);
    expect(new Set(tried).size).toBe(tried.length);
  });

  it("finds what no switch shows, and one does", async () => {
    expect(await failureOf(lostUpdate?.buggy, 0)).toMatchObject({ isComplete: true });
    const error = await failureOf(lostUpdate?.buggy, 1);
    expect(error).toMatchObject({
      code: "simulation-failed",
      message: expect.stringContaining("has 1 switch and no faults"),
    });
    const { replay } = (isTroupeError(error, "simulation-failed") ? error.details : {}) as { readonly replay: string };
    await expect(simulate(lostUpdate?.buggy as Scenario, { replay })).rejects.toMatchObject({
      code: "simulation-failed",
    });
  });

  it("finds what chance doesn't: five increments, twice, that come to two", async () => {
    expect(await failureOf(twiceFive?.buggy, 4)).toMatchObject({ code: "simulation-failed" });
  });

  it("ends after so many runs as it may have, and says that these were not all", async () => {
    expect(await simulate(lostUpdate?.fixed as Scenario, { exhaustive: {}, runs: 20 })).toMatchObject({
      runs: 20,
      isComplete: false,
    });
  });

  it.each(stateRaces.slice(0, schedules < 100 ? 1 : 3))(
    "of isolated actors finds the same from fewer schedules: $name",
    async ({ fixed }) => {
      const whole = await effectsOf(fixed, 2, false);
      const bounded = await effectsOf(fixed, 2, true);
      expect([...bounded.found].toSorted()).toEqual([...whole.found].toSorted());
      expect(bounded.runs).toBeLessThan(whole.runs);
    },
  );

  it("of isolated actors comes to every end that there is: two draw by chance, and commit twice each", async () => {
    const ends = new Set<string>();
    const report = await simulate(
      async ({ system }) => {
        const drawn = await atOnce(
          system,
          ...times(2, (n) => async (context) => {
            const number = Math.random();
            for (let i = 0; i < 2; i++)
              await context.commit(cell, "digits", (digits) => ({ n: digits.n * 10 + n + 1 }));
            return number;
          }),
        );
        const first = (drawn[0] as number) < (drawn[1] as number) ? "one" : "two";
        ends.add(`${await read(system.store, "digits")}, the lower number to ${first}`);
      },
      { seed: 1, exhaustive: { isolated: true } },
    );
    expect(report).toMatchObject({ isComplete: true });
    const orders = [1122, 1212, 1221, 2112, 2121, 2211];
    const all = orders.flatMap((order) => ["one", "two"].map((first) => `${order}, the lower number to ${first}`));
    expect([...ends].toSorted()).toEqual(all);
  });

  it("of isolated actors finds a race without a bound", async () => {
    await expect(simulate(lostUpdate?.buggy as Scenario, { exhaustive: { isolated: true } })).rejects.toMatchObject({
      code: "simulation-failed",
    });
  });

  it.each([
    [{ exhaustive: { switches: -1 } }, "switches"],
    [{ exhaustive: {}, faults: {} }, "without faults"],
    [{ exhaustive: {}, strategy: "pct" }, "without strategy"],
    [{ exhaustive: { preemptions: 1 } }, "there is no such option; there are switches, isolated"],
  ] as const)("refuses %j", async (options, says) => {
    await expect(simulate(lostUpdate?.fixed as Scenario, options as object)).rejects.toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining(says) as string,
    });
  });
});
