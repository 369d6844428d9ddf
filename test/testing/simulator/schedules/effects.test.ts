/** How many schedules a simulation says it tried: those that differ in what was read, written and sent. */

import { describe, expect, it } from "vitest";
import { type Scenario, simulate } from "../../../../src/testing/index.ts";
import { simulateOnce } from "../../../../src/testing/simulator/simulate.ts";
import { atOnce, cell, read, times, turn, write } from "../../../races/players.ts";

const runs = 300;

/** How many schedules are told of, and how many sequences of steps there were. */
async function counted(scenario: Scenario): Promise<{ readonly schedules: number; readonly traces: number }> {
  const traces = new Set<string>();
  for (let seed = 1; seed <= runs; seed++) traces.add((await simulateOnce(scenario, seed)).schedule);
  const { schedules } = await simulate(scenario, { seed: 1, runs });
  return { schedules, traces: traces.size };
}

describe("the schedules of a report", () => {
  it("are one, where no order makes a difference", async () => {
    const { schedules, traces } = await counted(async ({ system }) => {
      await atOnce(
        system,
        (context) => write(context, "a", 1),
        (context) => write(context, "b", 1),
      );
    });
    expect(traces).toBeGreaterThan(20);
    expect(schedules).toBeLessThanOrEqual(2); // which of the two answers the scenario hears first
  });

  it("are as many as there are orders", async () => {
    const orders = new Set<string>();
    const scenario: Scenario = async ({ system }) => {
      const heard: number[] = [];
      const seen = await atOnce(
        system,
        ...times(2, (n) => async (context) => {
          const before = await read(context, "k");
          await turn(context);
          const { version } = await context.commit(cell, "k", (draft) => void draft.n++);
          heard.push(n);
          return `${before} ${version}`;
        }),
      );
      orders.add(`${seen.join()} ${heard.join()}`);
    };
    const { schedules, traces } = await counted(scenario);
    expect(traces).toBeGreaterThan(100);
    expect(schedules).toBeGreaterThanOrEqual(orders.size / 2);
    expect(schedules).toBeLessThan(traces / 2);
  });
});
