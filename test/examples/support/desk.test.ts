/** Money of the support desk, under many schedules: what was paid back is what the runs say that they paid back. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { Refund, type Ticket } from "../../../examples/support/contracts.ts";
import { letters, type Order, orders } from "../../../examples/support/states.ts";
import { type Coordination, isTroupeError, type RunStatus } from "../../../src/index.ts";
import { type Scenario, simulate, type SimulateOptions } from "../../../src/testing/index.ts";
import { desk } from "./fixtures/stubbed-desk.ts";

const sold: Readonly<Record<string, Order>> = {
  lamp: { item: "a lamp", paidCents: 5_000, refundedCents: 0 },
  chair: { item: "a chair", paidCents: 40_000, refundedCents: 0 },
};

const ticketOf = (id: string, order: string, text: string, from = "customer@example.com"): Ticket => {
  return { id, order, text, from };
};

/** Two for each order, one of the lamp's from an address that no mail reaches. */
const tickets = [
  ticketOf("twice", "lamp", "I was charged twice.", "customer@example.invalid"),
  ticketOf("late", "lamp", "My parcel is late."),
  ticketOf("back", "chair", "I want my money back."),
  ticketOf("dark", "chair", "It stays dark."),
  ticketOf("hire", "", "Do you hire?"),
];

const scenario = (isApproved: boolean): Scenario => {
  return async (world) => {
    await world.survive(async ({ system }) => {
      for (const [id, order] of Object.entries(sold))
        if ((await system.store.snapshot(orders, id)) === undefined) await system.store.put(orders, id, order);
      const runs = await Promise.all(
        tickets.map((ticket) =>
          system.findRun(desk, ticket.id).catch((error: unknown) => {
            if (!isTroupeError(error, "no-such-run")) throw error;
            return system.run(desk, ticket, { id: ticket.id });
          }),
        ),
      );
      await runs[2]?.tell("approval", { isApproved }, { by: "the lead", idempotencyKey: "once" });
      await Promise.allSettled(runs.map((run) => run.result));
    });

    const { system } = world;
    const paid: Record<string, number> = { lamp: 0, chair: 0 };
    const ends = new Map<string, RunStatus>();
    for await (const { run, status, steps, outputs } of system.runs({ workflow: desk })) {
      ends.set(run, status);
      expect(steps["approval"]?.by, run).toBe(run === "back" ? "the lead" : undefined);
      if (status !== "completed" || outputs["refund"] === undefined) continue;
      const { order, cents } = v.parse(Refund, outputs["refund"]);
      paid[order] = (paid[order] ?? 0) + cents;
    }
    for (const [id, { paidCents }] of Object.entries(sold)) {
      const refunded = (await system.store.history(orders, id)).map(({ state }) => state.refundedCents);
      expect(refunded.at(-1), id).toBe(paid[id]);
      expect(Math.max(...refunded), id).toBeLessThanOrEqual(paidCents);
    }
    expect(paid["chair"]).toBe(isApproved ? 40_000 : 0);
    // the two that share the lamp may find that the other one has its money; then the refund is refused
    expect(["compensated", "failed"]).toContain(ends.get("twice"));
    expect(["completed", "failed"]).toContain(ends.get("late"));
    for (const id of ["back", "dark", "hire"]) expect(ends.get(id), id).toBe("completed");
    for (const [id, end] of ends)
      expect((await system.store.snapshot(letters, id)) !== undefined, id).toBe(end === "completed");
    expect((await system.store.read(letters, "back")).text).toContain(isApproved ? "400.00 EUR back" : "can't pay");
  };
};

describe.each<Coordination>(["orchestrator", "relay"])("under the %s", (coordination) => {
  const options: SimulateOptions = { seed: 1, runs: 30, system: { coordination } };

  it.each([true, false])("pays back what it says, where the approval is %s", async (isApproved) => {
    const { runs } = await simulate(scenario(isApproved), options);
    expect(runs).toBe(30);
  });

  it("also where threads die and the process crashes", async () => {
    const faults = { threadDeath: 0.005, processCrash: 0.005 };
    const { crashes } = await simulate(scenario(true), { ...options, journal: "durable", faults });
    expect(crashes).toBeGreaterThan(0);
  });
});
