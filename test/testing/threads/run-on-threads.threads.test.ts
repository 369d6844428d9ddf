/** What happens on real threads is some of what was simulated, and a simulated schedule is repeated there. */

import assert from "node:assert/strict";
import { setEnvironmentData } from "node:worker_threads";
import { isTroupeError, point } from "troupe";
import { runOnThreads, type Scenario, simulate } from "troupe/testing";
import { describe, expect, it } from "vitest";
import { adder, lostUpdate, memory, oneAfterOthers, sharer, tally, twoOf } from "../../fixtures/racing-actors.ts";

/** The shortest schedule found in which a scenario fails without faults. */
async function replayOf(scenario: Scenario, seed: number): Promise<string> {
  const faults = { delay: 0, duplicate: 0 };
  const error: unknown = await simulate(scenario, { seed, runs: 2_000, faults }).catch((thrown: unknown) => thrown);
  if (!isTroupeError(error, "simulation-failed")) throw error;
  return error.details.replay ?? "";
}

describe("a scenario on real threads", () => {
  it("comes to nothing that a simulation doesn't come to", async () => {
    const shifts =
      (ends: Set<number>): Scenario =>
      async ({ system }) => {
        const refs = await twoOf(system);
        await Promise.all(refs.map((ref, at) => ref.ask("shift", at + 1)));
        ends.add((await system.store.read(tally, "k")).n);
      };
    const [simulated, real] = [new Set<number>(), new Set<number>()];
    const { isComplete } = await simulate(shifts(simulated), { exhaustive: { isolated: true } });
    expect(isComplete).toBe(true);
    await runOnThreads(shifts(real), { runs: 8, seed: 1 });
    expect([...real].filter((end) => !simulated.has(end))).toEqual([]);
    expect(real.size).toBeGreaterThan(1);
  });

  it("holds where it is right, and says what was met in no run", async () => {
    const scenario: Scenario = async (world) => {
      world.sometimes("never", () => false);
      let isDone = false;
      world.eventually("it is done", () => isDone);
      await lostUpdate("careful")(world);
      await world.sleep(1);
      isDone = world.now() > 0 && world.random() < 1;
    };
    const report = await runOnThreads(scenario, { runs: 3, seed: 5, maxDelay: 2 });
    expect(report).toMatchObject({ seed: 5, runs: 3, missed: 0, unmet: ["never"] });
    expect(report.batches).toBeGreaterThan(10);
  });

  it.each([
    ["lost update", lostUpdate("hasty")],
    ["one message after 25 others", oneAfterOthers],
  ])("fails as it was simulated, by its replay: %s", async (_what, scenario) => {
    for (const seed of [1, 1_000_004]) {
      const replay = await replayOf(scenario, seed);
      await expect(runOnThreads(scenario, { replay, runs: 1 })).rejects.toMatchObject({
        code: "simulation-failed",
        message: expect.stringContaining("by the replay, of whose batches all came in its order") as string,
      });
    }
  });

  it("goes by the points of its code, where threads meet in memory that they share", async () => {
    const bytes = new SharedArrayBuffer(4);
    setEnvironmentData(memory, bytes); // threads have it from their start on
    const adding =
      (how: "hasty" | "careful"): Scenario =>
      async ({ system }) => {
        new Int32Array(bytes).fill(0);
        const refs = await Promise.all([1, 2].map((thread) => system.spawn(sharer, { placement: { thread } })));
        await Promise.all(refs.map((ref) => ref.ask(how)));
        assert.equal(await refs[0]?.ask("sum"), 2);
      };
    const replay = await replayOf(adding("hasty"), 1);
    await expect(runOnThreads(adding("hasty"), { replay, runs: 1 })).rejects.toMatchObject({
      code: "simulation-failed",
      message: expect.stringContaining("of whose batches all came in its order") as string,
    });
    expect(await runOnThreads(adding("careful"), { runs: 3, seed: 1 })).toMatchObject({ runs: 3 });
  });

  it("passes points at once where no run goes on", async () => {
    await expect(point("alone")).resolves.toBeUndefined();
    await expect(point("")).rejects.toThrow("point: its name is one to 100 characters on one line");
  });

  it("says that a schedule isn't there any more", async () => {
    const replay = await replayOf(lostUpdate("hasty"), 1);
    await expect(runOnThreads(oneAfterOthers, { replay })).rejects.toMatchObject({ code: "not-repeatable" });
  });

  it("tells which run failed, and with what", async () => {
    const scenario: Scenario = async ({ seed, system }) => {
      await twoOf(system);
      assert.notEqual(seed, 4, "the fourth");
    };
    await expect(runOnThreads(scenario, { seed: 3 })).rejects.toMatchObject({
      code: "simulation-failed",
      details: { seed: 4 },
      message: expect.stringContaining(
        "on real threads, with the delays of seed 4, after 0 batches: the fourth",
      ) as string,
    });
  });

  it("kills threads", async () => {
    const scenario: Scenario = async ({ system, killThread, threads }) => {
      const ref = await system.spawn(adder, { placement: { thread: 2 } });
      assert.deepEqual(threads(), [1, 2]);
      killThread(2);
      await assert.rejects(ref.ask("careful", 1), { code: "thread-died" });
    };
    expect(await runOnThreads(scenario, { runs: 1 })).toMatchObject({ runs: 1 });
  });

  it.each<[string, Scenario, object, RegExp]>([
    [
      "a clock that can't be set",
      async ({ jumpClock }) => jumpClock(1),
      {},
      /jumpClock\(\) is only there in a simulation/,
    ],
    ["no crash", async ({ crash }) => void (await crash()), {}, /crash\(\) is only there in a simulation/],
    [
      "no end",
      () => new Promise(() => undefined),
      { timeout: 200 },
      /the scenario didn't end within 200 ms on real threads/,
    ],
    [
      "what never holds",
      async ({ always, system }) => {
        always("no", () => false);
        await lostUpdate("careful")({ system } as never);
      },
      {},
      /always "no": not so after step 1/,
    ],
  ])("has %s", async (_what, scenario, options, message) => {
    await expect(runOnThreads(scenario, { runs: 1, ...options })).rejects.toThrow(message);
  });

  it.each([
    [{ runs: 0 }, /runOnThreads: runs is a whole number from 1, not 0/],
    [{ maxDelay: -1 }, /runOnThreads: maxDelay/],
    [{ system: { threads: 0 } }, /threads/],
    [{ replay: "x" }, /replay is a schedule as a failure prints it/],
    [{ replay: "2.1...1_1..0_.00000000" }, /the replay has a fault that only a simulation has/],
  ])("refuses %j", async (options, message) => {
    await expect(runOnThreads(lostUpdate("careful"), options)).rejects.toThrow(message);
  });
});
