/** Invariant 13: every step settles, and a run completes if and only if all have; with it 10, under either coordination. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, isTroupeError, type System } from "../../src/index.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { branching, skippedFor, type Step, steps } from "./workflows.ts";
import { crashes, holdsOnThreads, holdsSimulated, isFoundBroken, type Scenario } from "./worlds.ts";

interface Branches {
  readonly start: Coordination;
  readonly orders: readonly { readonly amount: number; readonly fails: Step | undefined }[];
  /** After how many rounds of doing nothing the coordination is switched, again and again. */
  readonly switches: readonly number[];
}

const branches: fc.Arbitrary<Branches> = fc.record({
  start: fc.constantFrom("orchestrator" as const, "relay" as const),
  orders: fc.array(
    fc.record({
      amount: fc.integer({ min: 1, max: 4 }),
      fails: fc.option(fc.constantFrom(...steps), { nil: undefined, freq: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  switches: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 5 }),
});

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

/** What ends a run that may not end as it should: its step failed, or a thread died and nothing tries its step again. */
function hasFailed(error: unknown): undefined {
  if (!isTroupeError(error, "step-failed") && !isTroupeError(error, "compensation-failed")) throw error;
}

/** Every join runs once, whatever is skipped, and what is skipped is what plain arithmetic says. */
const everyStepSettles =
  (losesThreads: boolean): Scenario<Branches> =>
  async (system, { start, orders, switches }, scope) => {
    await system.switchCoordination(start);
    const runs = await Promise.all(
      orders.map(async ({ amount, fails }, index) => {
        const id = `${scope}-${index}`;
        const input = { order: id, amount, pauses: {}, ...(fails === undefined ? {} : { fails }) };
        const run = await system.findRun(branching, id).catch((error: unknown) => {
          if (!isTroupeError(error, "no-such-run")) throw error; // an earlier process started it
          return system.run(branching, input, { id });
        });
        return { amount, fails, run };
      }),
    );
    const switching = switchNowAndThen(system, switches);
    for (const { amount, fails, run } of runs) {
      const output = await run.result.catch(hasFailed);
      const history = (await run.history()).map(({ event }) => event);
      const of = (type: "step-finished" | "step-skipped"): string[] =>
        history.flatMap((event) => (event.type === type ? [event.step] : []));
      const settled = [...of("step-finished"), ...of("step-skipped")];
      expect(new Set(settled).size, "no step settles twice").toBe(settled.length);
      const skipped = skippedFor(amount);
      for (const step of of("step-skipped")) expect(skipped).toContain(step);
      const end = history.at(-1);
      const isComplete = end?.type === "run-ended" && end.status === "completed";
      if (fails === undefined || skipped.includes(fails)) {
        if (!losesThreads) expect(end).toMatchObject({ type: "run-ended", status: "completed" });
      } else expect(isComplete).toBe(false);
      if (!isComplete) continue;
      expect(settled.toSorted(), "all steps of a run that completes have settled").toEqual(steps.toSorted());
      expect(of("step-skipped").toSorted()).toEqual(skipped.toSorted());
      const parcel = skipped.includes("parcel") ? 0 : amount;
      expect(output).toMatchObject({ amount: parcel + (skipped.includes("label") ? 100 : amount) });
    }
    await switching;
  };

async function switchNowAndThen(system: System, switches: readonly number[]): Promise<void> {
  for (const rounds of switches) {
    for (let round = 0; round < rounds; round++) await system.stats();
    await system.switchCoordination(other(system.coordination));
  }
}

describe("invariant 13: every step settles, and a run completes if and only if all have", () => {
  it("holds on the simulator, with any sequence of switches", () => holdsSimulated(branches, everyStepSettles(false)));

  it("holds on the simulator when threads die", () =>
    holdsSimulated(branches, everyStepSettles(true), { faults: { threadDeath: 0.01 } }));

  it("holds on the simulator when the process crashes and another one goes on", () =>
    holdsSimulated(branches, everyStepSettles(true), {
      journal: "durable",
      system: { workflows: [branching] },
      faults: crashes,
    }));

  it("holds on real threads", () => holdsOnThreads(branches, everyStepSettles(false)));

  it("does not hold when it is not relayed that a step was skipped", async () => {
    const failure = await isFoundBroken(branches, everyStepSettles(false), {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const sent = asMessage(frame);
          if (sent?.type !== "coordinate") return frame;
          const { message } = sent.payload as { message: { events?: readonly { type: string; isAbsent?: true }[] } };
          return message.events?.some(({ isAbsent }) => isAbsent === true) === true ? undefined : frame;
        }),
    });
    expect(failure).toContain("nothing is left to run");
  });
});
