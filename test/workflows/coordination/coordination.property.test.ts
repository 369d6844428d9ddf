/** Invariants 5 and 10 on a network whose every delivery is picked: same outcome, nothing lost, nothing repeated. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schedules } from "../../schedules.ts";
import { expectAllSound } from "../support/run-invariants.ts";
import { type Outcome, play, type Scenario, scenarios } from "../support/run-scenario.ts";

const check = { numRuns: 3 * schedules };
/** Some of these workflows are large. */
const many = { numRuns: 8 * schedules };

/** What happened, whichever coordination decided it. */
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

function hasWholeRounds(steps: Scenario["steps"]): boolean {
  return steps.some(({ loop, inner }) => inner !== undefined && (loop !== undefined || hasWholeRounds(inner)));
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
    const chains = scenarios({
      fails: ["executing", "mapping", "compensating"],
      interventions: ["switch"],
      branches: true,
    }).map((scenario) => ({
      ...scenario,
      steps: scenario.steps.map((step, index) => ({
        ...step,
        after: index === 0 ? [] : [index - 1],
        needs: [],
        hasOtherwise: step.hasOtherwise && step.skippedAt !== undefined,
      })),
    }));
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

  it("skip the same steps, and run every join once (invariants 10, 13)", async () => {
    const skipped = new Set<number>();
    let largest = 0;
    await fc.assert(
      fc.asyncProperty(scenarios({ interventions: ["switch"], branches: true, large: true }), async (scenario) => {
        const played = await play(scenario);
        expectAllSound(scenario, played);
        expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
        largest = Math.max(largest, scenario.steps.length);
        for (const { state } of played.runs) skipped.add(state.steps.skipped ?? 0);
      }),
      many,
    );
    expect(skipped.size, "with none skipped, and with several").toBeGreaterThan(3);
    expect(largest, "steps").toBeGreaterThan(20);
  });

  it("wait for answers and times, which come at any moment, also in sub-workflows, and come to the same (invariants 10, 11, 13, 15)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({ interventions: ["switch", "tell", "crash"], branches: true, waits: true, large: true, depth: 3 }),
        async (scenario) => {
          const played = await play(scenario);
          expectAllSound(scenario, played);
          expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
        },
      ),
      many,
    );
  });

  it("do what is to be done for each item of lists, no more at a time than they may (invariants 10, 11, 13, 14)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({
          interventions: ["switch", "tell", "crash"],
          branches: true,
          waits: true,
          large: true,
          depth: 2,
          eaches: true,
        }),
        async (scenario) => {
          const played = await play(scenario);
          expectAllSound(scenario, played);
          expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
        },
      ),
      check,
    );
  });

  it("do whole workflows for each item of lists, in each other, and come to the same (invariants 10, 11, 13, 14, 15)", async () => {
    let deepest = 0;
    await fc.assert(
      fc.asyncProperty(
        scenarios({
          interventions: ["switch", "tell", "crash"],
          branches: true,
          waits: true,
          large: true,
          depth: 3,
          eaches: true,
          bodies: true,
          loops: true,
        }),
        async (scenario) => {
          const played = await play(scenario);
          expectAllSound(scenario, played);
          expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
          for (const { events } of played.runs)
            for (const event of events)
              if ("step" in event) deepest = Math.max(deepest, (event.step ?? "").split("]/").length - 1);
        },
      ),
      check,
    );
    expect(deepest, "items in each other").toBeGreaterThan(1);
  });

  it("go round loops whose rounds are whole workflows, in each other and in items, and come to the same (invariants 10, 11, 13, 14, 15)", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        scenarios({
          interventions: ["switch", "tell", "crash"],
          branches: true,
          waits: true,
          depth: 3,
          eaches: true,
          bodies: true,
          loops: true,
        }).filter(({ steps }) => hasWholeRounds(steps)),
        async (scenario) => {
          const played = await play(scenario);
          expectAllSound(scenario, played);
          expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
          for (const { events } of played.runs)
            for (const event of events) if ("step" in event) seen.add((event.step ?? "").replaceAll(/s\d+|\d/g, ""));
        },
      ),
      check,
    );
    const nested = ["#/#/", "#/[]/", "[]/#/"].filter((part) => ![...seen].some((path) => path.includes(part)));
    expect(nested, "rounds in rounds, items in rounds, rounds in items").toEqual([]);
  });

  it("go round loops as often as they may, and read each message once (invariants 10, 11, 13, 14, 15)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({
          interventions: ["switch", "tell", "crash"],
          branches: true,
          waits: true,
          large: true,
          depth: 2,
          eaches: true,
          loops: true,
        }),
        async (scenario) => {
          const played = await play(scenario);
          expectAllSound(scenario, played);
          expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
        },
      ),
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

  it("leave nothing with a participant that is lost while a run only waits, and is to be handed over when it goes on", async () => {
    const plain = {
      ...({ agent: 0, fails: "never", heedsAbort: false, hasFallback: false, skippedAt: undefined } as const),
      ...{ hasTimeout: false, needs: [], hasOtherwise: false },
    };
    const agent = { isCompensable: true, undoesUnknown: false, concurrency: 1, attempts: 1 } as const;
    const at = (pick: number, intervention: "crash" | "cancel" | "switch" | "lose") => ({
      pick,
      repeats: false,
      intervention,
    });
    const scenario: Scenario = {
      steps: [
        { ...plain, kind: "wait", after: [] },
        { ...plain, kind: "agent", after: [0] },
      ],
      agents: [agent, { ...agent, isCompensable: false }, agent, agent],
      pivot: undefined,
      coordination: "relay",
      runs: 2,
      pinned: undefined,
      isAsync: false,
      schedule: [at(3, "crash"), at(0, "cancel"), at(0, "switch"), at(0, "lose")],
    };
    expectAllSound(scenario, await play(scenario));
  });

  it("end when a step turns out not to start just as the coordination is switched again", async () => {
    const branch = {
      kind: "agent",
      hasTimeout: false,
      after: [],
      needs: [],
      skippedAt: undefined,
      hasOtherwise: false,
    } as const;
    const plain = { ...branch, agent: 0, fails: "never", heedsAbort: false, hasFallback: false } as const;
    const agent = { isCompensable: false, undoesUnknown: false, concurrency: 1, attempts: 1 } as const;
    const at = (pick: number, intervention?: "switch") => ({ pick, repeats: false, intervention });
    const scenario: Scenario = {
      steps: [
        { ...plain, agent: 1 },
        plain,
        plain,
        plain,
        { ...plain, after: [1], fails: "mapping" },
        plain,
        { ...plain, after: [5] },
      ],
      agents: [agent, agent, agent, agent],
      pivot: undefined,
      coordination: "orchestrator",
      runs: 1,
      pinned: undefined,
      isAsync: true,
      schedule: [at(0, "switch"), at(8, "switch"), at(3), at(0), at(9), at(5), at(7)],
    };
    const played = await play(scenario);
    expectAllSound(scenario, played);
    expect(played.runs.map(({ status }) => status)).toEqual(["failed"]);
    expect(played.refused.map(({ type }) => type)).toContain("step-failed");
  });

  it("leave nothing with participants where an item is given up, and the run ends with it", async () => {
    const plain = {
      ...({ agent: 0, fails: "never", heedsAbort: false, hasFallback: false, skippedAt: undefined } as const),
      ...{ hasTimeout: false, after: [], needs: [], hasOtherwise: false },
    };
    const agent = { isCompensable: true, undoesUnknown: false, concurrency: 1, attempts: 1 } as const;
    const list = { concurrency: 1, tolerate: undefined, failing: 2 };
    const scenario: Scenario = {
      steps: [
        { ...plain, kind: "agent" },
        {
          ...{ ...plain, kind: "each", after: [0], each: { ...list, tolerate: 2 } },
          inner: [
            { ...plain, kind: "each", each: list, fails: "executing" },
            { ...plain, kind: "each", each: list },
          ],
        },
      ],
      ...{ agents: [agent, agent, agent, agent], pivot: undefined, coordination: "relay", runs: 3, pinned: undefined },
      ...{ isAsync: false, schedule: [] },
    };
    const played = await play(scenario);
    expectAllSound(scenario, played);
    const failed = played.runs.flatMap(({ events }) => events.filter(({ type }) => type === "step-failed"));
    expect(failed.map((event) => "step" in event && event.step)).toContain("s1[0]");
    expect(played.runs.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
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

  it("end, sound, when participants are lost (invariants 5, 9, 10)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({ fails: ["executing", "compensating"], interventions: ["lose", "switch", "cancel"] }),
        async (scenario) => expectAllSound(scenario, await play(scenario)),
      ),
      check,
    );
  });

  it("try again what failed, as often as their agents' policies say, and complete (invariants 5, 10)", async () => {
    const again = scenarios({ fails: ["once"], interventions: ["switch"], retries: true }).map((scenario) => ({
      ...scenario,
      agents: scenario.agents.map((agent) => ({ ...agent, attempts: 2 })),
    }));
    await fc.assert(
      fc.asyncProperty(again, async (scenario) => {
        const played = await play(scenario);
        expectAllSound(scenario, played);
        expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
      }),
      check,
    );
  });

  it("go on where they were when the process dies, and come to the same (invariants 5, 10, 11)", async () => {
    await fc.assert(
      fc.asyncProperty(scenarios({ interventions: ["crash", "switch"] }), async (scenario) => {
        const played = await play(scenario);
        expectAllSound(scenario, played);
        expect(played.runs.map(({ status }) => status)).toEqual(played.runs.map(() => "completed"));
      }),
      check,
    );
  });

  it("begin nothing again that a process took along when the next one takes them up to cancel them (invariants 5, 10, 11)", async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(
        scenarios({ fails: ["once"], interventions: ["crash-cancel"], retries: true, pivots: true }),
        async (scenario) => {
          const played = await play(scenario);
          expectAllSound(scenario, played);
          for (const { events } of played.runs) {
            const types = events.map(({ type }) => type);
            const cancelled = types.indexOf("cancel-requested");
            if (cancelled < 0) continue;
            seen++;
            expect(types[cancelled - 1], "in the same commit").toBe("run-recovered");
            expect(types.slice(cancelled)).not.toContain("step-started");
          }
        },
      ),
      check,
    );
    expect(seen).toBeGreaterThan(0);
  });

  it("are sound whatever happens: failures, retries, fallbacks, points of no return, lost threads, crashes (invariants 5, 9, 10, 11)", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({
          fails: ["executing", "once", "mapping", "compensating", "undoing-once"],
          interventions: ["switch", "cancel", "lose", "crash", "crash-cancel", "tell"],
          retries: true,
          fallbacks: true,
          pivots: true,
          repeats: true,
          branches: true,
          waits: true,
          large: true,
          depth: 2,
          eaches: true,
          bodies: true,
          loops: true,
        }),
        async (scenario) => expectAllSound(scenario, await play(scenario)),
      ),
      many,
    );
  });
});
