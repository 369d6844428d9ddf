/** `setup`: what an application does before anything of an earlier process goes on. On the simulator, where processes crash. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { createSystem, defineActor, defineAgent, defineWorkflow, type System } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const rates = defineActor("test:setup", {
  name: "rates",
  protocol: { today: { reply: v.number() } },
  on: { today: () => 4 },
});

/** Looks for its helper as soon as it runs, and can't do without. */
const quote = defineAgent("test:setup", {
  name: "quote",
  version: "1.0.0",
  input: v.object({}),
  output: v.number(),
  async execute(_input, context) {
    const helper = await context.find(rates, "rates");
    const rate = await helper.ask("today");
    await context.sleep(1_000);
    return rate;
  },
});

const offer = defineWorkflow("test:setup", { name: "offer", version: "1.0.0", input: v.object({}) }).step(
  "quote",
  quote,
  () => ({}),
);

const ids = ["a", "b", "c", "d"];

describe("setup", () => {
  it("is done before any run goes on, so a recovered run finds what was spawned there", async () => {
    const told: string[] = [];
    const setup = async (system: System): Promise<void> => {
      told.length = 0;
      system.events$.subscribe(({ type }) => told.push(type));
      await system.spawn(rates, { name: "rates" });
      told.push("set up");
    };
    const scenario = { journal: "durable", system: { setup }, runs: 20, seed: 1 } as const;
    await simulate(async ({ survive, crash }) => {
      await survive(({ system }) => Promise.all(ids.map((id) => system.run(offer, {}, { id }).started)));
      await crash();
      const results = await survive(({ system }) =>
        Promise.all(ids.map(async (id) => (await system.findRun(offer, id)).result)),
      );
      expect(results).toEqual(ids.map(() => 4));
      expect(told.filter((one) => one === "set up" || one === "run-recovered")).toEqual([
        "set up",
        ...ids.map(() => "run-recovered"),
      ]);
    }, scenario);
  });

  it("has a system that can be used, for runs as well", async () => {
    const results: unknown[] = [];
    const setup = async (system: System): Promise<void> => {
      await system.spawn(rates, { name: "rates" });
      results.push(await system.run(offer, {}).result);
    };
    await simulate(({ system }) => system.drain(), { runs: 5, seed: 1, system: { setup } });
    expect(results).toEqual(Array.from({ length: 5 }, () => 4));
  });

  it("that throws closes the system, and createSystem rejects with what it threw", async () => {
    let closed: Promise<void> | undefined;
    const setup = (system: System): void => {
      closed = new Promise((complete) => system.events$.subscribe({ complete }));
      throw new RangeError("no database");
    };
    expect(await rejectionOf(createSystem({ threads: 1, setup }))).toMatchObject({ message: "no database" });
    await closed;
  });

  it("is a function", async () => {
    expect(await rejectionOf(createSystem({ setup: "module.mjs" as never }))).toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining("setup") as string,
    });
  });
});
