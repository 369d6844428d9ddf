/** What a scenario states is looked at after each step, once all is done, and over all runs. */

import { describe, expect, it } from "vitest";
import { defineActor, isTroupeError } from "../../../src/index.ts";
import { type Scenario, simulate } from "../../../src/testing/index.ts";

/** Is inside for two steps, if only `most` may be at a time. */
const walker = defineActor(import.meta.url, {
  name: "walker",
  protocol: { walk: {}, walkLater: {} },
  on: {
    async walk(_draft, _none, context) {
      visits.inside++;
      await context.sleep(1);
      visits.inside--;
      visits.done++;
    },
    async walkLater(_draft, _none, context) {
      await context.sleep(1_000);
      visits.done++;
    },
  },
});

/** Of the run that goes on. */
let visits = { inside: 0, done: 0 };

function walks(count: number, state: (world: Parameters<Scenario>[0]) => void): Scenario {
  return async (world) => {
    visits = { inside: 0, done: 0 };
    state(world);
    const walkers = await Promise.all(Array.from({ length: count }, () => world.system.spawn(walker)));
    await Promise.all(walkers.map((ref) => ref.ask("walk")));
  };
}

async function messageOf(running: Promise<unknown>): Promise<string> {
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isTroupeError(error, "simulation-failed")) throw new Error(`it should have failed: ${String(error)}`);
  return error.message;
}

describe("always", () => {
  const atMost = (most: number) => walks(2, ({ always }) => always("few are inside", () => visits.inside <= most));

  it("holds after every step", async () => {
    expect(await simulate(atMost(2), { seed: 1, runs: 30 })).toMatchObject({ runs: 30, unmet: [] });
  });

  it("fails the run by its name where it doesn't hold in the middle", async () => {
    const message = await messageOf(simulate(atMost(1), { seed: 1, runs: 30 }));
    expect(message).toMatch(/seed \d+: always "few are inside": not so after step \d+\n/);
  });

  it("fails the run with what it throws", async () => {
    const throws = walks(1, ({ always }) => {
      always("none comes", () => {
        if (visits.inside > 0) throw new Error("one came");
      });
    });
    expect(await messageOf(simulate(throws, { seed: 1, runs: 1 }))).toMatch(
      /always "none comes": not so after step \d+: one came\n/,
    );
  });
});

describe("eventually", () => {
  const told =
    (count: number): Scenario =>
    async ({ system, eventually }) => {
      visits = { inside: 0, done: 0 };
      const ref = await system.spawn(walker);
      eventually("it has walked", async () => {
        await ref.ask("walk");
        return visits.done === count + 1;
      });
      await ref.tell("walkLater");
    };

  it("is looked at when nothing is left to run, after the scenario has ended", async () => {
    expect((await simulate(told(1), { seed: 1, runs: 30 })).runs).toBe(30);
  });

  it("fails the run by its name", async () => {
    expect(await messageOf(simulate(told(2), { seed: 1, runs: 30 }))).toContain(
      'eventually "it has walked": not so once all was done',
    );
  });
});

describe("sometimes", () => {
  it("is met in one run of many, or named in the report", async () => {
    const both = walks(2, ({ sometimes }) => {
      sometimes("both are inside", () => visits.inside === 2);
      sometimes("three are inside", () => visits.inside === 3);
    });
    expect((await simulate(both, { seed: 1, runs: 30 })).unmet).toEqual(["three are inside"]);
  });
});
