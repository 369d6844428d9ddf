import { describe, expect, it } from "vitest";
import { isTroupeError } from "../../../../src/index.ts";
import { type Scenario, simulate } from "../../../../src/testing/index.ts";
import { runOnce } from "../../../../src/testing/simulator/run-once.ts";
import type { Chosen } from "../../../../src/testing/simulator/schedules/choices.ts";
import { everySchedule } from "../../../../src/testing/simulator/schedules/exhaustive.ts";
import { VirtualSources } from "../../../../src/testing/simulator/virtual/virtual-sources.ts";
import { memoryRaces } from "../../../races/memory-races.ts";
import { stateRaces } from "../../../races/state-races.ts";

const [lostUpdate] = stateRaces;
const twiceFive = memoryRaces.find(({ isRare }) => isRare);

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
    const { runs, schedules } = one as { readonly runs: number; readonly schedules: number };
    expect(runs).toBeGreaterThan(10);
    expect(schedules).toBeGreaterThan(1);
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

  it.each([
    [{ exhaustive: { switches: -1 } }, "switches"],
    [{ exhaustive: {}, faults: {} }, "without faults"],
    [{ exhaustive: {}, strategy: "pct" }, "without strategy"],
    [{ exhaustive: { preemptions: 1 } }, "there is no such option; there are switches"],
  ] as const)("refuses %j", async (options, says) => {
    await expect(simulate(lostUpdate?.fixed as Scenario, options as object)).rejects.toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining(says) as string,
    });
  });
});
