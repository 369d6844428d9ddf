import { describe, expect, it } from "vitest";
import { memoryJournal } from "../../../src/index.ts";
import { simulate, type SimulateOptions } from "../../../src/testing/index.ts";

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {}

/** How many of 200 runs close their system. */
async function closed(system: NonNullable<SimulateOptions["system"]> = {}): Promise<number> {
  let count = 0;
  await simulate(async (world) => void world.system.events$.subscribe({ complete: () => void count++ }), {
    runs: 200,
    seed: 1,
    system,
  });
  return count;
}

describe("a run of a simulation", () => {
  it("closes its system in one of eight", async () => {
    const count = await closed();
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(50);
    expect(await closed()).toBe(count);
  });

  it("closes it always where the journal, the logger or the telemetry is from outside", async () => {
    expect(await closed({ journal: memoryJournal() })).toBe(200);
    expect(await closed({ logger: silent })).toBe(200);
    expect(await closed({ telemetry: { traces: { take: ignore } } })).toBe(200);
  });

  it("counts no steps of a close", async () => {
    const { steps } = await simulate(async () => undefined, { runs: 100, seed: 1 });
    const { steps: ofAll } = await simulate(async () => undefined, {
      runs: 100,
      seed: 1,
      system: { logger: silent },
    });
    expect(ofAll).toBe(steps);
  });

  it("hears an immediate before time passes", async () => {
    await simulate(
      async ({ now, sleep }) => {
        const start = now();
        const woken = sleep(5).then(() => now());
        await new Promise((resolve) => setImmediate(resolve));
        expect(now()).toBe(start);
        expect(await woken).toBe(start + 5);
        await new Promise((resolve) => setImmediate(resolve)); // while nothing else can run
      },
      { runs: 20, seed: 1 },
    );
  });
});
