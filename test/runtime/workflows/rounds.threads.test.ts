/** Rounds that are workflows, while the thread of a step in a round dies. `test/invariants` has the same on the simulator. */

import { describe, expect, it } from "vitest";
import type { Coordination } from "troupe";
import { refining, workbook } from "../../fixtures/refining.ts";
import { record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

const inRounds = [1, 2, 3].flatMap((round) => [`refine#${round}/shape`, `refine#${round}/smooth`]);

describe.each<Coordination>(["orchestrator", "relay"])("a round whose thread dies, under the %s", (coordination) => {
  it.each(["refine#1/shape", "refine#2/smooth", "refine#3/smooth"])(
    "goes on with that step, and does no other again: %s",
    async (diesAt) => {
      using told = record(system().events$);
      const id = `${coordination} ${diesAt}`;
      const run = system().run(refining, { id, n: 0, diesAt }, { coordination });
      expect(await run.result).toMatchObject({ n: 7 });
      expect(await told.first(({ type }) => type === "thread-died")).toBeDefined();
      expect(await system().store.read(workbook, id)).toEqual([...inRounds, "pack"].map((step) => `+${step}`));
      const starts = (await run.history()).flatMap(({ event }) =>
        event.type === "step-started" && event.attempt !== undefined ? [[event.step, event.attempt]] : [],
      );
      expect(starts).toEqual([[diesAt, 2]]);
    },
  );

  it("undoes the steps of all rounds in reverse, each once", async () => {
    const id = `${coordination} undone`;
    const run = system().run(refining, { id, n: 0, diesAt: "refine#2/shape", fails: true }, { coordination });
    expect(await rejectionOf(run.result)).toMatchObject({ code: "step-failed", details: { step: "pack" } });
    const entries = await system().store.read(workbook, id);
    expect(entries.filter((entry) => entry.startsWith("-"))).toEqual(inRounds.map((step) => `-${step}`).toReversed());
    expect(entries.filter((entry) => entry.startsWith("+"))).toEqual([...inRounds, "pack"].map((step) => `+${step}`));
  });
});
