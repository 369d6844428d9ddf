/** A module that never finishes loading on a thread holds up nothing but what it was loaded for, and that for a bounded time. */

import { describe, expect, it } from "vitest";
import { createSystem } from "troupe";
import { counter } from "../../fixtures/actors.ts";
import { unconnected, unconnectedWork } from "../../fixtures/never-loads.ts";
import { record, rejectionOf } from "../../fixtures/real-threads.ts";

const failed = { code: "module-failed", message: expect.stringContaining("it did not load within 500 ms") as string };

describe("a module that never loads", () => {
  it("fails what it was to start, and nothing else of its thread", async () => {
    await using system = await createSystem({ threads: 1, loadTimeout: 500 });
    expect(await rejectionOf(system.spawn(unconnected))).toMatchObject(failed);
    expect(await rejectionOf(system.deploy(unconnectedWork))).toMatchObject(failed);
    const children = [{ name: "child", actor: unconnected }];
    using events = record(system.events$);
    const nested = [{ name: "under", supervisor: { children } }];
    expect(await rejectionOf(system.supervise({ name: "over", children: nested }))).toMatchObject({
      code: "supervision-failed",
      cause: failed,
    });
    // no restart, which would fail in the same way
    expect(events.values.filter(({ type }) => type === "supervisor-decided")).toMatchObject([
      { child: "child", decision: "escalate" },
      { child: "under", decision: "escalate" },
    ]);
    const neighbour = await system.spawn(counter);
    await neighbour.tell("add", { by: 1 });
    expect(await neighbour.ask("get")).toBe(1);
  });

  it.each(["orchestrator", "relay"] as const)("fails its runs under the %s", async (coordination) => {
    await using system = await createSystem({ threads: 1, loadTimeout: 500, coordination });
    const run = system.run(unconnectedWork, { n: 1 });
    expect(await rejectionOf(run.result)).toMatchObject({ code: "step-failed", cause: failed });
  });

  it.each(["orchestrator", "relay"] as const)("holds up no end of a run under the %s", async (coordination) => {
    await using system = await createSystem({ threads: 1, loadTimeout: Number.POSITIVE_INFINITY, coordination });
    const late = system.run(unconnectedWork, { n: 1 }, { timeout: 100 });
    const cancelled = system.run(unconnectedWork, { n: 2 });
    using events = record(cancelled.events$);
    await events.first(({ event }) => event.type === (coordination === "relay" ? "run-started" : "step-started"));
    await cancelled.cancel("enough");
    expect(await rejectionOf(cancelled.result)).toMatchObject({ code: "run-cancelled" });
    expect(await rejectionOf(late.result)).toMatchObject({ code: "timed-out" });
  });
});
