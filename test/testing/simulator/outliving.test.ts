/** A failure that comes of what earlier runs have left is told from a race, and names the variable. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineActor, isTroupeError, type TroupeError } from "../../../src/index.ts";
import { interleave, type Scenario, simulate } from "../../../src/testing/index.ts";
import { races } from "../../races/scenarios.ts";

const [{ buggy }] = races as unknown as [Required<(typeof races)[number]>];

async function failureOf(search: Promise<unknown>): Promise<TroupeError> {
  const error: unknown = await search.then(
    () => assert.fail("it holds"),
    (thrown: unknown) => thrown,
  );
  if (!isTroupeError(error)) throw error;
  return error;
}

let booked = 0;
const seats = { taken: new Map<string, number>() };
const guests: string[] = [];

const usher = defineActor(import.meta.url, {
  name: "usher",
  protocol: { seat: { reply: v.unknown() } },
  on: { seat: () => void seats.taken.set("a", (seats.taken.get("a") ?? 0) + 1) },
});

describe("what outlives the runs", () => {
  it.each<[string, string, Scenario]>([
    ["a number", "booked", async () => assert.ok(++booked < 4, "all is booked")],
    [
      "a map in an object that an actor's code reaches",
      "seats",
      async ({ system }) => {
        const ref = await system.spawn(usher);
        await ref.ask("seat");
        assert.ok((seats.taken.get("a") ?? 0) < 4, "all is booked");
      },
    ],
    [
      "a list",
      "guests",
      async () => {
        guests.push("ada");
        assert.ok(guests.length < 4, "all is booked");
      },
    ],
  ])("is named where a failure comes of it: %s", async (_what, name, scenario) => {
    const error = await failureOf(simulate(scenario, { seed: 11, runs: 20 }));
    expect(error).toMatchObject({ code: "not-repeatable", details: { seed: 14 } });
    expect(error.message.split("\n")).toEqual([
      "the scenario failed with seed 14: all is booked",
      "Seed 11 held before, and fails now that others have run: all is booked",
      `The failure depends on what earlier runs have left: a variable outlives the runs, and each changes it: ${name} of simulator/outliving.test.ts. Make it anew in each run.`,
    ]);
  });

  it("is found among tasks, and in an exhaustive search", async () => {
    let runs = 0;
    const tasks = { a: async ({ ask }: { ask: () => Promise<void> }) => ask(), b: () => void runs++ };
    const shared = () => ({ ask: async () => {} });
    const check = (): void => assert.ok(runs < 3, "too many");
    for (const options of [{ seed: 1 }, { exhaustive: {} }]) {
      runs = 0;
      const { code, message } = await failureOf(interleave({ shared, tasks, check }, options));
      expect(code).toBe("not-repeatable");
      expect(message).toMatch(
        /^(Seed 1|An earlier schedule) held before, and fails now that others have run: too many$/m,
      );
      expect(message).toContain("each changes it: runs of simulator/outliving.test.ts.");
    }
  });

  it("is no matter where a failure is a race all the same", async () => {
    let runs = 0;
    const scenario: Scenario = async (world) => {
      runs++;
      await buggy(world);
    };
    for (let seed = 1; seed < 200; seed += 10)
      expect((await failureOf(simulate(scenario, { seed, runs: 300, shrink: false }))).code).toBe("simulation-failed");
    expect(runs).toBeGreaterThan(20);
  });
});
