/** A failing schedule is repeated, shrunk and written down. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, isTroupeError, type TroupeError } from "../../../../src/index.ts";
import { type Scenario, simulate, type SimulateOptions } from "../../../../src/testing/index.ts";
import type { Chosen } from "../../../../src/testing/simulator/schedules/choices.ts";
import { runOnce } from "../../../../src/testing/simulator/run-once.ts";
import { readSchedule, writeSchedule } from "../../../../src/testing/simulator/schedules/schedule-string.ts";
import { VirtualSources } from "../../../../src/testing/simulator/virtual/virtual-sources.ts";
import { races } from "../../../races/scenarios.ts";

async function failureOf(running: Promise<unknown>): Promise<TroupeError> {
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isTroupeError(error)) throw new Error(`it should have failed by an error of Troupe's: ${String(error)}`);
  return error;
}

/** Not installed: the scenarios here use none. */
const sources = new VirtualSources();

/** The first failure from a seed on, and what repeats it. */
async function found(scenario: Scenario, seed: number, options: SimulateOptions = {}) {
  const error = await failureOf(simulate(scenario, { ...options, seed, runs: 3_000 }));
  expect(error.code).toBe<ErrorCode>("simulation-failed");
  const details = error.details as { readonly seed: number; readonly replay: string };
  return { error, ...details };
}

/** How many choices are not ordinary. */
function sizeOf({ step, fault, strike }: Chosen): number {
  return [...step, ...fault, ...strike].filter((choice) => choice !== 0).length;
}

it("is repeated, and not shrunk, where that is left to others", async () => {
  const { buggy } = races[1] as (typeof races)[number];
  const whole = await found(buggy, 1, { shrink: false });
  const shrunk = await found(buggy, 1);
  expect(whole.seed).toBe(shrunk.seed);
  expect(whole.error.message).toContain("Its schedule has");
  expect(sizeOf(readSchedule(whole.replay).chosen)).toBeGreaterThan(sizeOf(readSchedule(shrunk.replay).chosen));
  expect((await failureOf(simulate(buggy, { replay: whole.replay }))).message).not.toContain("not quite");
});

const seeds = [1, 1_000_003, 2_000_003];

describe.each(races)("the failure of: $name", ({ name, buggy }) => {
  /** What each needs, where an actor goes on until something is chosen. */
  const needed: Readonly<Record<string, number>> = {
    "lost update": 1,
    "torn read beside an idle actor": 2,
    "one message after 25 others": 1,
    "eight alternations by messages": 2,
    "five philosophers": 0,
  };

  it("is repeated by its replay, and shrunk to what it needs", async () => {
    for (const seed of seeds) {
      const { error, replay } = await found(buggy, seed);
      const again = await failureOf(simulate(buggy, { replay }));
      expect(again.code).toBe(error.code);
      expect(again.message).not.toContain("not quite");
      expect(again.details).toMatchObject({ replay });
      expect(sizeOf(readSchedule(replay).chosen)).toBeLessThanOrEqual(needed[name] as number);
    }
  });
});

describe("a failing run", () => {
  const { buggy, fixed } = races[0] as Required<(typeof races)[number]>;

  it("takes the same steps by its choices as by its seed, faults and crashes included", async () => {
    const faults = { threadDeath: 0.05, processCrash: 0.03, maxProcessCrashes: 3 };
    const scenario: Scenario = ({ survive }) =>
      survive(async ({ system }) => {
        await fixed({ system } as never).catch((error: unknown) => {
          if (!isTroupeError(error, "thread-died")) throw error;
        });
      });
    for (let seed = 0; seed < 60; seed++) {
      const options = { faults, journal: "durable" } as const;
      const run = await runOnce(scenario, seed, options, { sources });
      const schedule = readSchedule(writeSchedule(run));
      const again = await runOnce(scenario, seed, options, { sources, given: schedule });
      expect(again).toMatchObject({ schedule: run.schedule, misfit: undefined, crashes: run.crashes });
      expect(run.schedule.startsWith(schedule.hash)).toBe(true);
    }
  });

  it("says how to repeat it, by its seed and by its shortest schedule", async () => {
    const { error, seed, replay } = await found(buggy, 1);
    expect(error.message.split("\n").filter((line) => /^(Repeat|Its)/.test(line))).toEqual([
      `Repeat it with simulate(scenario, { seed: ${seed}, runs: 1 }).`,
      `Its shortest schedule found has 1 switch and no faults: simulate(scenario, { replay: "${replay}" }).`,
    ]);
  });

  it("is another error when the same choices lead to something else", async () => {
    let runs = 0;
    const leaking: Scenario = async (world) => {
      if (++runs === 3) await world.sleep(1);
      await fixed(world);
      if (runs === 3) throw new Error("it was the third run");
    };
    const error = await failureOf(simulate(leaking, { seed: 1, runs: 5 }));
    expect(error.code).toBe<ErrorCode>("not-repeatable");
    expect(error.details).toMatchObject({ seed: 3 });
    expect(error.message).toMatch(/with seed 3: it was the third run/);
    expect(error.message).toMatch(/step \d+ was a timer of the world, and .* the second time/);
    expect(error.cause).toMatchObject({ message: "it was the third run" });
  });

  it("is another error when it holds the second time, with the same steps", async () => {
    let runs = 0;
    const flaky: Scenario = async () => {
      if (++runs === 2) throw new Error("only once");
    };
    expect(await failureOf(simulate(flaky, { seed: 1, runs: 5 }))).toMatchObject({
      code: "not-repeatable",
      message: expect.stringContaining("all steps were the same, and it held the second time") as string,
    });
  });
});

describe("a replay", () => {
  const { buggy, fixed } = races[0] as Required<(typeof races)[number]>;

  it("that holds as another program does names the first choice that is not there", async () => {
    const { replay } = await found(races[2]?.buggy as Scenario, 1);
    expect(await failureOf(simulate(fixed, { replay }))).toMatchObject({
      code: "not-repeatable",
      message: expect.stringMatching(
        /is there no more, and what is left of it holds: choice \d+ among steps/,
      ) as string,
    });
  });

  /** Two that take their steps at the same times, and from some round on or after another step a third one. */
  const inRounds =
    (rounds: number, change?: { readonly in: number; readonly how: "a third" | "an end" }): Scenario =>
    async (world) => {
      const walk = async (): Promise<void> => {
        for (let round = 0; round < rounds; round++) {
          if (change?.in === round && change.how === "an end") return;
          await world.sleep(1);
        }
      };
      const third = async (): Promise<void> => {
        if (change?.how !== "a third") return;
        await world.sleep(change.in);
        await world.sleep(1);
      };
      await Promise.all([walk(), walk(), third()]);
    };

  const differing = fc.record({
    seed: fc.nat(1_000),
    rounds: fc.integer({ min: 1, max: 100 }),
    share: fc.double({ min: 0, max: 0.999, noNaN: true }),
    how: fc.constantFrom("a third" as const, "an end" as const),
  });

  it("names the first choice that differs, also where all that were made can be made again", async () => {
    let exact = 0;
    let ranges = 0;
    let missed = 0;
    await fc.assert(
      fc.asyncProperty(differing, async ({ seed, rounds, share, how }) => {
        const given = await runOnce(inRounds(rounds), seed, {}, { sources });
        const changed = inRounds(rounds, { in: Math.floor(share * rounds), how });
        const now = await runOnce(changed, seed, {}, { sources, given: { chosen: given.chosen } });
        const differs = now.alternatives.findIndex(
          (count, at) => count !== given.alternatives[at] || now.lanes[at] !== given.lanes[at],
        );
        const { message } = await failureOf(simulate(changed, { replay: writeSchedule(given) }));
        const [, from, to = from] =
          /(?:choice|one of the choices) (\d+)(?: to (\d+))? among steps is/.exec(message) ?? [];
        if (from === undefined) {
          const [before, after] = [given.alternatives.length, now.alternatives.length];
          expect(message).toContain(`there were ${before} choices among steps, and there are ${after}`);
          expect(differs).toBeLessThan(after); // what differs is after the last that is marked
          return;
        }
        expect(Number(to) - Number(from), message).toBeLessThan(Math.ceil(given.alternatives.length / 24));
        if (Number(from) > differs + 1 || Number(to) < differs + 1) missed++;
        else if (from === to) exact++;
        else ranges++;
      }),
      { numRuns: 100 },
    );
    expect(Math.min(exact, ranges)).toBeGreaterThan(10);
    expect(missed, "whose marks are equal, as one in 1,296 is").toBeLessThan(4);
  });

  it("fails still when the program has changed, and says so", async () => {
    const { replay } = await found(buggy, 1);
    const more: Scenario = async (world) => {
      await world.sleep(1);
      await buggy(world);
    };
    const error = await failureOf(simulate(more, { replay }));
    if (error.code === "simulation-failed")
      expect(error.message).toContain("The schedule is not quite that of the replay");
    else expect(error.code).toBe<ErrorCode>("not-repeatable");
  });

  it("holds where it is one that held", async () => {
    const run = await runOnce(fixed, 1, {}, { sources });
    expect(await simulate(fixed, { replay: writeSchedule(run) })).toMatchObject({ seed: 1, runs: 1 });
  });

  it("is read as it was written, whatever is chosen", () => {
    const list = fc.array(fc.oneof(fc.constant(0), fc.nat(100)), { maxLength: 40 });
    fc.assert(
      fc.property(fc.integer(), fc.record({ step: list, fault: list, strike: list, place: list }), (seed, chosen) => {
        const marks = chosen.step.slice(0, 24).map((choice) => choice.toString(36).padStart(2, "0"));
        const run = { seed, chosen, marks, schedule: "0123456789abcdef" } as never;
        const read = readSchedule(writeSchedule(run));
        expect(read).toMatchObject({ seed, hash: "01234567", checks: { count: marks.length, every: 1, marks } });
        for (const kind of ["step", "fault", "strike", "place"] as const) {
          const given = chosen[kind].slice(0, chosen[kind].findLastIndex((choice) => choice !== 0) + 1);
          expect(read.chosen[kind]).toEqual(given);
        }
      }),
    );
  });

  it.each([
    ["", "replay is a schedule as a failure prints it"],
    ["1", "replay is a schedule as a failure prints it"],
    ["2.a.b.c.d.e.0_.01234567", "replay is a schedule as a failure prints it"],
    ["2.a.zzzzzz_1....0_.01234567", "replay is a schedule as a failure prints it"],
    ["2.a.....0_.nothex__", "replay is a schedule as a failure prints it"],
    ["2.a.....3_abcd.01234567", "replay is a schedule as a failure prints it"],
    ["1.a.....01234567", "replay is of version 1, and only 2 can be read"],
  ])("is refused if it is none: %j", async (replay, message) => {
    expect(await failureOf(simulate(buggy, { replay }))).toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining(message) as string,
    });
  });

  it("is one schedule, without seed and runs", async () => {
    const replay = "2.a.....0_.01234567";
    for (const also of [{ seed: 1 }, { runs: 2 }])
      expect(await failureOf(simulate(buggy, { replay, ...also }))).toMatchObject({
        code: "invalid-options",
        message: "simulate: replay is one schedule; leave out seed and runs",
      });
  });
});
