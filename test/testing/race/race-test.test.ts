/** A race as a test of whichever runner there is. */

import assert from "node:assert/strict";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isTroupeError, type TroupeError } from "../../../src/index.ts";
import { raceTest, type RaceTestOptions } from "../../../src/testing/index.ts";
import { races } from "../../races/scenarios.ts";

interface Made {
  readonly name: string;
  readonly run: () => Promise<void>;
  readonly timeout: number;
}

/** A runner that makes its tests known. */
function runner() {
  const made: Made[] = [];
  return {
    made,
    test: (name: string, run: () => Promise<void>, timeout: number) => void made.push({ name, run, timeout }),
  };
}

const [{ buggy, fixed }] = races as unknown as [Required<(typeof races)[number]>];

/** What the only test of a race ends with. */
async function ranWith(scenario: typeof buggy, options: RaceTestOptions = {}): Promise<TroupeError | undefined> {
  const { made, test } = runner();
  raceTest("one (1) adds to another's", scenario, { test, runs: 300, seed: 1, ...options });
  return made[0]?.run().then(
    () => undefined,
    (error: unknown) => {
      if (!isTroupeError(error)) throw error;
      return error;
    },
  );
}

/** What repeats the failure of a race. */
async function repeated(scenario: typeof buggy): Promise<{ readonly seed: number; readonly replay: string }> {
  const error = await ranWith(scenario);
  if (error === undefined) throw new Error("it should have failed");
  return error.details as { seed: number; replay: string };
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("a race test", () => {
  it("is a test of the runner that is given, or the global one, with time enough", () => {
    const { made, test } = runner();
    const race = raceTest("a race", fixed, { test, timeout: 5 });
    expect(made).toMatchObject([{ name: "a race", timeout: 5 }]);
    expect(race).toEqual({ name: "a race", scenario: fixed, options: {} });
    vi.stubGlobal("test", test);
    raceTest("another", fixed);
    vi.unstubAllGlobals();
    expect(made[1]).toMatchObject({ name: "another", timeout: 120_000 });
  });

  it("can't be made where there is no runner", () => {
    expect(() => raceTest("a race", fixed)).toThrow(/there is no test runner for "a race"\. Give its function/);
  });

  it("passes where all schedules hold", async () => {
    expect(await ranWith(fixed, { runs: 30 })).toBeUndefined();
  });

  it("fails with the report, which says how to repeat this test alone", async () => {
    const error = await ranWith(buggy);
    if (error === undefined) throw new Error("it should have failed");
    const { seed, replay } = error.details as { seed: number; replay: string };
    const only = String.raw`npx vitest run -t 'one \(1\) adds to another'\''s'`;
    expect(error.message.split("\n").slice(-2)).toEqual([
      `Repeat it with TROUPE_RACE_SEED=${seed} ${only}.`,
      `Its shortest schedule found has 1 switch and no faults: TROUPE_RACE_REPLAY=${replay} ${only}.`,
    ]);
  });

  it("repeats one schedule, of a seed or a replay, where the environment says so", async () => {
    const { seed, replay } = await repeated(buggy);
    vi.stubEnv("TROUPE_RACE_SEED", String(seed));
    expect((await ranWith(buggy, { runs: 1 }))?.details).toMatchObject({ seed });
    vi.stubEnv("TROUPE_RACE_SEED", String(seed + 1_000_000));
    expect((await ranWith(buggy, { runs: 1 }))?.details ?? { seed: seed + 1_000_000 }).toMatchObject({
      seed: seed + 1_000_000,
    });
    vi.stubEnv("TROUPE_RACE_SEED", "");
    vi.stubEnv("TROUPE_RACE_REPLAY", replay);
    const again = await ranWith(buggy);
    expect(again?.message).toMatch(/^the scenario failed on replay: /);
    expect(again?.details).toMatchObject({ replay });
  });

  it("tries as many schedules as the environment says", async () => {
    vi.stubEnv("TROUPE_RACE_RUNS", "many");
    expect((await ranWith(fixed))?.message).toContain('TROUPE_RACE_RUNS is a whole number, not "many"');
    vi.stubEnv("TROUPE_RACE_RUNS", "3");
    let runs = 0;
    await ranWith(async () => void runs++);
    expect(runs).toBe(3);
  });

  it("warns of what was never met", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    await ranWith(async ({ sometimes }) => sometimes("two wait", () => false), { runs: 2 });
    expect(warn.mock.calls).toEqual([[`one (1) adds to another's: sometimes "two wait" was met in none of 2 runs`]]);
  });

  it("plays tasks that share something, too", async () => {
    const { made, test } = runner();
    raceTest(
      "tasks",
      {
        shared: () => ({ count: 0, pause: async () => {} }),
        tasks: Object.fromEntries(
          ["a", "b"].map((name) => [
            name,
            async (shared: { count: number; pause: () => Promise<void> }) => {
              const before = shared.count;
              await shared.pause();
              shared.count = before + 1;
            },
          ]),
        ),
        check: ({ count }) => assert.equal(count, 2),
      },
      { test, seed: 1 },
    );
    await expect(made[0]?.run()).rejects.toThrow(/What raced: [ab] read count at version 1/);
  });
});
