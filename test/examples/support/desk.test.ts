/** Money of the support desk, under many schedules: what was paid back is what the runs say that they paid back. */

import { describe, expect, it } from "vitest";
import { retrieval } from "../../../examples/support/agents.ts";
import { letters, orders } from "../../../examples/support/contracts.ts";
import { desk, report } from "../../../examples/support/desk.ts";
import { model } from "../../../examples/support/model.ts";
import type { Coordination, RunStatus, System } from "../../../src/index.ts";
import {
  answering,
  type Scenario,
  simulate,
  type SimulateOptions,
  testAgent,
  verifyWorkflow,
} from "../../../src/testing/index.ts";

const sold = {
  lamp: { item: "a lamp", paid: 5_000, refunded: 0 },
  chair: { item: "a chair", paid: 40_000, refunded: 0 },
};

/** Knows a ticket's topic by its first word, looks one word up, and repeats its notes. */
const known = answering(model, (prompt, emit) => {
  const [question = "", notes] = prompt.split("\nNotes:\n");
  if (notes === undefined) return /about\? (\w+)/.exec(question)?.[1] ?? "other";
  const text = notes.includes("The handbook") ? notes : "LOOK UP parcel";
  emit(text);
  return text;
});

const ticket = (id: string, order: string, text: string, more: { from?: string; documents?: string[] } = {}) => {
  return { id, shop: order, order, text, from: "customer@example.com", documents: [], ...more };
};

/** Two for each order, one of the lamp's from an address that no mail reaches, and one that is about nothing. */
const tickets = [
  ticket("twice", "lamp", "billing: twice", { from: "ada@example.invalid", documents: ["50.00 EUR", "a photo"] }),
  ticket("late", "lamp", "delivery: late"),
  ticket("back", "chair", "billing: back", { documents: ["Price: 360.00 EUR", "Postage: 40.00 EUR"] }),
  ticket("dark", "chair", "technical: dark"),
  ticket("hire", "", "Do you hire?"),
];

const scenario = (isApproved: boolean): Scenario => {
  return async (world) => {
    await world.survive(async ({ system }) => {
      for (const [id, order] of Object.entries(sold))
        await system.store.put(orders, id, order, { idempotencyKey: `sale of ${id}` });
      const runs = await Promise.all(
        tickets.map((given) => system.runOnce(desk, given, { id: given.id, tenant: given.shop || "none" })),
      );
      const key = { by: "the lead", idempotencyKey: "once" };
      await runs[2]?.tell("refund/approval", { isApproved }, key);
      await runs[3]?.tell("answer", "Be brief.", key).catch(() => undefined); // it may have been written, and sent
      await Promise.allSettled(runs.map((run) => run.result));
    });

    const { system } = world;
    const paid: Record<string, number> = { lamp: 0, chair: 0 };
    const ends = new Map<string, RunStatus>();
    for await (const { run, status, steps } of system.runs({ workflow: desk })) {
      ends.set(run, status);
      expect(steps["refund/approval"]?.by, run).toBe(run === "back" ? "the lead" : undefined);
      const { outputs } = await (await system.findRun(desk, run)).view();
      if (status !== "completed" || outputs["refund/pay"] === undefined) continue;
      const { order, cents } = outputs["refund/pay"];
      paid[order] = (paid[order] ?? 0) + cents;
    }
    for (const [id, { paid: price }] of Object.entries(sold)) {
      const refunded = (await system.store.history(orders, id)).map(({ state }) => state.refunded);
      expect(refunded.at(-1), id).toBe(paid[id]);
      expect(Math.max(...refunded), id).toBeLessThanOrEqual(price);
    }
    expect(paid["chair"]).toBe(isApproved ? 40_000 : 0);
    // the two that share the lamp may find that the other one has its money; then the refund is refused
    expect(["compensated", "failed"]).toContain(ends.get("twice"));
    expect(["completed", "failed", "compensated"]).toContain(ends.get("late"));
    for (const id of ["back", "dark", "hire"]) expect(ends.get(id), id).toBe("completed");
    for (const [id, end] of ends)
      expect((await system.store.snapshot(letters, id)) !== undefined, id).toBe(end === "completed");
    expect((await system.store.read(letters, "back")).text).toContain(isApproved ? "400.00 EUR are" : "0.00 EUR are");
    expect((await system.store.read(letters, "hire")).text).toBe("A person will answer you.");
  };
};

describe.each<Coordination>(["orchestrator", "relay"])("under the %s", (coordination) => {
  const options: SimulateOptions = { seed: 1, runs: 12, system: { coordination }, agents: [known] };

  it.each([true, false])("pays back what it says, where the approval is %s", async (isApproved) => {
    const { runs } = await simulate(scenario(isApproved), options);
    expect(runs).toBe(12);
  });

  it("also where threads die and the process crashes", async () => {
    const faults = { threadDeath: 0.005, processCrash: 0.005 };
    const { crashes } = await simulate(scenario(true), { ...options, journal: "durable", faults });
    expect(crashes).toBeGreaterThan(0);
  });

  it("ends an answer after eight rounds, where the model never stops looking things up", async () => {
    const restless = answering(model, (prompt) => (prompt.startsWith("In one word") ? "technical" : "LOOK UP parcel"));
    await simulate(
      async ({ system }) => {
        await system.store.put(orders, "lamp", sold.lamp);
        const run = system.run(desk, ticket("dark", "lamp", "It stays dark."));
        await expect(run.result).rejects.toMatchObject({ cause: { code: "loop-exhausted" } });
        const rounds = (await run.history()).filter(({ event }) => event.type === "step-finished");
        expect(rounds.map(({ event }) => "step" in event && event.step)).toContain("answer#8");
      },
      { ...options, runs: 5, agents: [restless] },
    );
  });
});

it("has retrieval that finds what the model of these tests looks up", async () => {
  expect(await testAgent(retrieval)("parcel")).not.toEqual([]);
});

it("reports each night what was paid back, also of the night in which no process stood", async () => {
  await simulate(
    async ({ system, sleep, crash }) => {
      const day = 86_400_000;
      const setReport = (on: System): Promise<unknown> =>
        on.schedules.set("nightly", report, { cron: "0 2 * * *", timeZone: "Europe/Lisbon" }, (at) => {
          return { day: at.toISOString().slice(0, 10), orders: ["lamp"] };
        });
      const read = async (on: System, date: string): Promise<string | undefined> =>
        (await on.store.snapshot(letters, `report-${date}`))?.state.text;
      await system.store.put(orders, "lamp", { ...sold.lamp, refunded: 1_500 });
      await setReport(system);
      await sleep(day);
      expect(await read(system, "2026-01-01")).toBe("15.00 EUR were paid back until 2026-01-01.");
      const next = await crash({ downtime: 1.5 * day });
      await setReport(next);
      await sleep(day / 2);
      expect(await read(next, "2026-01-03")).toBe("15.00 EUR were paid back until 2026-01-03.");
    },
    { seed: 1, runs: 5, journal: "durable" },
  );
});

it("has no fault that its contracts allow", async () => {
  expect((await verifyWorkflow(report, { seed: 1, runs: 50 })).completed).toBeGreaterThan(0);
});
