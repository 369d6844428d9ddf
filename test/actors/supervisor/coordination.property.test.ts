/** Invariants 5 and 10 on a network whose every delivery is picked: same outcome, nothing lost, nothing repeated. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectAllSound } from "./run-invariants.ts";
import { type Outcome, play, scenarios } from "./run-scenario.ts";

const check = { numRuns: 200 };

/** What happened, whoever decided it. */
function deeds({ events }: Outcome): unknown[] {
  return events
    .filter(({ type }) => type !== "coordination-switched")
    .map((event) => ({
      ...event,
      by: "",
      epoch: 0,
      coordination: "",
      pinned: false,
      error: "error" in event ? event.error?.message : "",
    }));
}

describe("runs under either coordination and any switches in between", () => {
  it("give the same outputs (invariant 10)", async () => {
    await fc.assert(
      fc.asyncProperty(scenarios({ interventions: ["switch"] }), async (scenario) => {
        const played = await play(scenario);
        expectAllSound(scenario, played);
        expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
      }),
      check,
    );
  });

  it("have the same history, event by event, where the workflow leaves no choice (invariant 10)", async () => {
    const chains = scenarios({ fails: ["executing", "mapping", "compensating"], interventions: ["switch"] }).map(
      (scenario) => ({
        ...scenario,
        steps: scenario.steps.map((step, index) => ({ ...step, after: index === 0 ? [] : [index - 1] })),
      }),
    );
    await fc.assert(
      fc.asyncProperty(chains, async (scenario) => {
        const quiet = { ...scenario, schedule: [], pinned: undefined };
        const orchestrated = await play({ ...quiet, coordination: "orchestrator" });
        const relayed = await play({ ...quiet, coordination: "relay" });
        const switched = await play(scenario);
        expect(relayed.runs.map(deeds)).toEqual(orchestrated.runs.map(deeds));
        expect(switched.runs.map(deeds)).toEqual(orchestrated.runs.map(deeds));
      }),
      check,
    );
  });

  it("fail in the same way and undo what finished, once and in order (invariant 10)", async () => {
    await fc.assert(
      fc.asyncProperty(scenarios({ fails: ["executing", "mapping"], interventions: ["switch"] }), async (scenario) => {
        const played = await play(scenario);
        expectAllSound(scenario, played);
        const expected = scenario.steps.some(({ fails }) => fails !== "never") ? "failed" : "completed";
        expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => expected));
      }),
      check,
    );
  });

  it("end, sound, when they are cancelled at any point and compensations fail (invariants 5, 10)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({ fails: ["executing", "mapping", "compensating"], interventions: ["switch", "cancel"] }),
        async (scenario) => expectAllSound(scenario, await play(scenario)),
      ),
      check,
    );
  });

  it("have each effect once when any message is delivered again, at any later time (invariant 5)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({ fails: ["executing", "compensating"], interventions: ["switch", "cancel"], repeats: true }),
        async (scenario) => expectAllSound(scenario, await play(scenario)),
      ),
      check,
    );
  });

  it("end, with no step executed twice, when participants are lost (invariants 5, 9)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({ fails: ["executing"], interventions: ["lose", "switch", "cancel"] }),
        async (scenario) => {
          const { runs, leftovers, errors } = await play(scenario);
          for (const { status, executed, compensated } of runs) {
            expect(status).not.toBe("unfinished");
            expect(new Set(executed).size).toBe(executed.length);
            expect(new Set(compensated).size).toBe(compensated.length);
          }
          expect({ leftovers, errors }).toEqual({ leftovers: 0, errors: [] });
        },
      ),
      check,
    );
  });
});
