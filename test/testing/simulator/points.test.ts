/** A point of the code is a step: what may run before it goes on, does so in some schedule. */

import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { defineActor, point } from "../../../src/index.ts";
import { interleave, type Scenario, simulate } from "../../../src/testing/index.ts";
import { schedules } from "../../schedules.ts";

let [count, isPointed] = [0, false];

const adder = defineActor(import.meta.url, {
  name: "adder",
  protocol: { add: {} },
  on: {
    async add() {
      const before = count;
      if (isPointed) await point("between the read and the write");
      count = before + 1;
    },
  },
});

const twice =
  (withPoints: boolean): Scenario =>
  async ({ system }) => {
    [count, isPointed] = [0, withPoints];
    const refs = await Promise.all([system.spawn(adder), system.spawn(adder)]);
    await Promise.all(refs.map((ref) => ref.ask("add")));
    assert.equal(count, 2);
  };

describe("a point in an actor's code", () => {
  it("lets others go first", async () => {
    await expect(simulate(twice(true), { seed: 1, runs: 100, shrink: false })).rejects.toMatchObject({
      code: "simulation-failed",
    });
    expect(await simulate(twice(false), { seed: 1, runs: 4 * schedules })).toMatchObject({ runs: 4 * schedules });
  });

  it("ends with its thread", async () => {
    let passed = 0;
    const scenario: Scenario = async ({ system, killThread, sleep }) => {
      [count, isPointed] = [0, true];
      const ref = await system.spawn(adder, { placement: { thread: 1 } });
      const asked = ref.ask("add").then(
        () => passed++,
        (error: unknown) => assert.match(String(error), /died|gone/),
      );
      await sleep(0);
      killThread(1);
      await asked;
    };
    expect((await simulate(scenario, { seed: 1, runs: 50 })).runs).toBe(50);
  });
});

describe("a point in a task", () => {
  it("lets others go first", async () => {
    const add = async (shared: { n: number }): Promise<void> => {
      const before = shared.n;
      await point("between");
      shared.n = before + 1;
    };
    const check = ({ n }: { n: number }): void => assert.equal(n, 2);
    await expect(
      interleave({ shared: () => ({ n: 0 }), tasks: { ada: add, ben: add }, check }, { seed: 1 }),
    ).rejects.toThrow(/What raced: (ada|ben) read n at version 1/);
  });
});
