/** Invariants 10 and 11 of large values: what was accepted one by one does not fail because Troupe carries it together. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, createSystem, isTroupeError } from "../../src/index.ts";
import { maxMessageBytes, parcels, shelf } from "./parcels.ts";
import { crashes, holdsInWorld, type WorldScenario } from "./worlds.ts";

interface Given {
  readonly coordination: Coordination;
  readonly switches: boolean;
  readonly isLost: boolean;
}

const coordinations: readonly Coordination[] = ["orchestrator", "relay"];

const given: fc.Arbitrary<Given> = fc.record({
  coordination: fc.constantFrom(...coordinations),
  switches: fc.boolean(),
  isLost: fc.boolean(),
});

const other = (coordination: Coordination): Coordination =>
  coordination === "orchestrator" ? "relay" : "orchestrator";

/** The run ends as it would with small values: it completes, or is undone whole. */
const endsAlike: WorldScenario<Given> = (world, { coordination, switches, isLost }) =>
  world.survive(async ({ system }) => {
    await system.switchCoordination(coordination);
    const run = await system.findRun(parcels, "p").catch((error: unknown) => {
      if (!isTroupeError(error, "no-such-run")) throw error;
      return system.run(parcels, { text: "x", isLost }, { id: "p" });
    });
    if (switches) void run.started.then(() => system.switchCoordination(other(coordination)));
    const result = await run.result.catch((error: unknown) => {
      if (!isTroupeError(error, "step-failed")) throw error;
      return error.details.step;
    });
    expect(result).toBe(isLost ? "weigh" : 4 * (maxMessageBytes - 12));
    expect(await system.store.read(shelf, "all")).toBe(isLost ? 0 : 4);
  });

describe("invariants 10 and 11: a run with values of the largest size ends as one with small values", () => {
  const system = { maxMessageBytes };

  it("holds on the simulator", () => holdsInWorld(given, endsAlike, { system }));

  it("holds on the simulator where threads die and the process crashes", () =>
    holdsInWorld(given, endsAlike, {
      system,
      journal: "durable",
      faults: { threadDeath: 0.004, maxThreadDeaths: 2, ...crashes },
    }));

  it.each(coordinations)("holds on real threads, under the %s", async (coordination) => {
    const real = await createSystem({ threads: 2, maxMessageBytes, coordination });
    try {
      for (const isLost of [false, true]) {
        const run = real.run(parcels, { text: "x", isLost });
        await expect(run.result.catch((error: unknown) => isTroupeError(error, "step-failed"))).resolves.toBe(
          isLost || 4 * (maxMessageBytes - 12),
        );
      }
      expect(await real.store.read(shelf, "all")).toBe(4);
    } finally {
      await real.close();
    }
  });

  it.each(coordinations)("still holds each value to the limit, under the %s", async (coordination) => {
    const real = await createSystem({ threads: 1, maxMessageBytes, coordination });
    try {
      const tooLong = await real.run(parcels, { text: "xy", isLost: false }).result.catch((error: unknown) => error);
      expect(tooLong).toMatchObject({ code: "step-failed", cause: { code: "message-too-large" } });
      expect(await real.store.read(shelf, "all")).toBe(0);
    } finally {
      await real.close();
    }
  });
});
