/** Which runs are kept after their end. On the simulator. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent, defineState, defineWorkflow, memoryJournal, type System } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const total = defineState({ name: "total", version: 1, schema: v.number(), initial: () => 0 });

const adder = defineAgent("test:ended", {
  name: "adder",
  version: "1.0.0",
  input: v.object({ by: v.number(), ms: v.number() }),
  output: v.number(),
  policies: { breaker: false },
  async execute({ by, ms }, context) {
    await context.sleep(ms);
    if (by < 0) throw new Error("no");
    return (await context.commit(total, "all", (n) => n + by)).state;
  },
  compensate() {
    throw new Error("never");
  },
});

const later = defineAgent("test:ended", {
  name: "later",
  version: "1.0.0",
  input: v.object({ fails: v.boolean() }),
  output: v.null(),
  policies: { breaker: false },
  execute({ fails }) {
    if (fails) throw new Error("no");
    return null;
  },
});

const Input = v.object({ by: v.number(), ms: v.optional(v.number(), 0), fails: v.optional(v.boolean(), false) });
const adding = defineWorkflow("test:ended", { name: "adding", version: "1.0.0", input: Input })
  .step("add", adder, ({ input: { by, ms } }) => ({ by, ms: ms ?? 0 }))
  .step("then", later, { after: ["add"] }, ({ input: { fails } }) => ({ fails: fails ?? false }));

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `r${from + i}`);

/** Runs one after the other. */
async function runAll(system: System, names: readonly string[]): Promise<void> {
  for (const id of names) await system.run(adding, { by: 1 }, { id }).result;
}

const noRun = { code: "no-such-run" };
const once = { runs: 10, seed: 1 } as const;

describe("runs that have ended", () => {
  it("are kept up to a number, and older ones are as if they had never been", () =>
    simulate(
      async ({ system, sleep }) => {
        await runAll(system, ids(1, 9));
        await sleep(1);
        for (const id of ids(1, 6)) expect(await rejectionOf(system.findRun(id))).toMatchObject(noRun);
        for (const id of ids(7, 9)) expect(await (await system.findRun(id)).result).toBeDefined();
        expect(await system.store.ids({ name: "run" })).toEqual(ids(7, 9));
        expect(await system.store.size({ name: "run" }, "r1")).toBe(0);
      },
      { ...once, system: { runs: { keep: { last: 3 } } } },
    ));

  it("are kept up to an age", () =>
    simulate(
      async ({ system, sleep }) => {
        await runAll(system, ids(1, 3));
        await sleep(1_000);
        await runAll(system, ids(4, 5));
        await sleep(1);
        expect(await system.store.ids({ name: "run" })).toEqual(ids(4, 5));
      },
      { ...once, system: { runs: { keep: { age: 500 } } } },
    ));

  it("are all kept if asked for", () =>
    simulate(
      async ({ system, sleep }) => {
        await runAll(system, ids(1, 5));
        await sleep(1);
        expect(await system.store.ids({ name: "run" })).toEqual(ids(1, 5));
      },
      { ...once, system: { runs: { keep: "all" } } },
    ));

  it("are those of earlier processes too, and none that is open or waits for a person", () =>
    simulate(
      async ({ survive, crash }) => {
        await survive(async ({ system }) => {
          if ((await system.store.ids({ name: "run" })).length === 0) {
            await rejectionOf(system.run(adding, { by: 1, fails: true }, { id: "stuck" }).result);
            await runAll(system, ids(1, 4));
            await system.run(adding, { by: 1, ms: 60_000 }, { id: "open" }).started;
          }
        });
        await crash();
        await survive(async ({ system, sleep }) => {
          await (
            await system.findRun("open")
          ).result;
          await runAll(system, ids(5, 6));
          await sleep(10_000);
          expect(await system.store.ids({ name: "run" })).toEqual(["r5", "r6", "stuck"]);
        });
      },
      { ...once, journal: "durable", system: { runs: { keep: { last: 2 } } } },
    ));

  it("are forgotten by the next process where there are far too many, before it starts anything", async () => {
    const journal = memoryJournal();
    await simulate(({ system }) => runAll(system, ids(1, 20)), { runs: 1, seed: 1, system: { journal } });
    await simulate(
      async ({ system }) => {
        expect((await system.store.ids({ name: "run" })).toSorted()).toEqual(ids(17, 20).toSorted());
      },
      { runs: 1, seed: 1, system: { journal, runs: { keep: { last: 4 } } } },
    );
  });
});

describe("forgetting a run", () => {
  it("leaves nothing of it, and one of the same id starts anew", () =>
    simulate(async ({ system }) => {
      const run = system.run(adding, { by: 2 }, { id: "a" });
      await run.result;
      await system.forget(run);
      expect(await rejectionOf(system.findRun("a"))).toMatchObject(noRun);
      expect(await system.store.ids({ name: "run" })).toEqual([]);
      const again = system.run(adding, { by: 3 }, { id: "a" });
      await again.result;
      expect((await again.history()).map(({ version }) => version)[0]).toBe(1);
      expect(await system.store.read(total, "all")).toBe(5);
    }, once));

  it("is refused for one that has not ended, waits, or never was", () =>
    simulate(
      async ({ system }) => {
        const run = system.run(adding, { by: 1, ms: 1_000 }, { id: "a" });
        system.run(adding, { by: 1 }, { id: "b" });
        await run.started;
        for (const id of ["a", "b"])
          expect(await rejectionOf(system.forget(id))).toMatchObject({ code: "not-admissible", details: { run: id } });
        expect(await rejectionOf(system.forget("c"))).toMatchObject(noRun);
        await run.result;
        await system.forget("a");
      },
      { ...once, system: { maxRuns: 1 } },
    ));

  it("may be asked for of one whose compensation has failed", () =>
    simulate(async ({ system }) => {
      const run = system.run(adding, { by: 1, fails: true }, { id: "stuck" });
      expect(await rejectionOf(run.result)).toMatchObject({ code: "compensation-failed" });
      await system.forget("stuck");
      expect(await rejectionOf(system.findRun("stuck"))).toMatchObject(noRun);
    }, once));
});
