/** A simulation within a simulation says so, where each would wait for the other to end. */

import { expect, it } from "vitest";
import { interleave, type Scenario, simulate } from "../../../src/testing/index.ts";

const inner: Scenario = async ({ sleep }) => sleep(1);
const tasks = { shared: () => ({}), tasks: { a: () => undefined } };

const nested: readonly [string, () => Promise<unknown>][] = [
  ["simulate", () => simulate(inner, { seed: 1, runs: 1 })],
  ["interleave", () => interleave(tasks, { seed: 1, runs: 1 })],
];

it.each(nested)("%s in a scenario", async (_what, begin) => {
  const outer: Scenario = async ({ sleep }) => {
    await sleep(5);
    await begin();
  };
  await expect(simulate(outer, { seed: 1, runs: 1 })).rejects.toMatchObject({
    code: "simulation-failed",
    cause: { code: "invalid-options", message: expect.stringMatching(/^a simulation was begun in step \d+, a timer/) },
  });
});

it.each(nested)("%s in a task", async (_what, begin) => {
  const around = { shared: () => ({ wait: async () => {} }), tasks: { a: begin } };
  await expect(interleave(around, { seed: 1, runs: 1 })).rejects.toMatchObject({
    cause: { code: "invalid-options", message: expect.stringContaining("within another one") },
  });
});

it.each(nested)("%s after another one has ended, or beside it", async (_what, begin) => {
  const held = { runs: 1, seed: 1 };
  expect(await Promise.all([begin(), begin()])).toMatchObject([held, held]);
  expect(await begin()).toMatchObject(held);
});
