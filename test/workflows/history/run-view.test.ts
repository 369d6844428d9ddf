/** What a run looked like in any of its versions is what the events up to there come to. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunRecord, System } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { apply } from "../../../src/workflows/history/run-machine.ts";
import { eventOf } from "../../../src/workflows/history/run-note.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { viewOf } from "../../../src/workflows/history/run-view.ts";
import { approving } from "../../invariants/answers.ts";
import { codec } from "../support/example-workflow.ts";
import { type Outcome, play, scenarios } from "../support/run-scenario.ts";

/** Compares the view of each version with one of the state that its events make, from the first on. */
function expectFolded({ id, versions }: Outcome, skip = (_: RunState): boolean => false): void {
  let folded: RunState = newRun;
  for (const snapshot of versions) {
    const { state } = snapshot;
    if (!skip(state)) for (const note of state.events) folded = apply(folded, eventOf(note, state));
    expect(viewOf(id, snapshot, codec)).toEqual(viewOf(id, { ...snapshot, state: folded }, codec));
  }
}

const troubled = scenarios({
  fails: ["executing", "once", "mapping", "compensating", "undoing-once"],
  interventions: ["switch", "cancel", "lose", "crash", "tell"],
  retries: true,
  fallbacks: true,
  branches: true,
  waits: true,
  depth: 1,
  bodies: true,
  eaches: true,
  loops: true,
});

describe("the view of a run at a version", () => {
  it("is the fold of all versions up to there, whatever happened to the run", async () => {
    await fc.assert(
      fc.asyncProperty(troubled, async (scenario) => {
        for (const run of (await play(scenario)).runs) expectFolded(run);
      }),
      { numRuns: 100 },
    );
  });

  it("is none when a version is left out", async () => {
    const found = await fc.check(
      fc.asyncProperty(troubled, async (scenario) => {
        for (const run of (await play(scenario)).runs)
          expectFolded(run, ({ events }) => events.some(({ type }) => type === "step-finished"));
      }),
      { numRuns: 100 },
    );
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toContain("to deeply equal");
  });
});

const input = { order: "r", amount: 2, pauses: { stock: 10, money: 5 } };

async function ended(system: System): Promise<readonly RunRecord[]> {
  const run = system.run(approving, input, { id: "r" });
  for (const wait of ["first", "second", "third"] as const) await run.tell(wait, { by: 1, amount: 1 });
  await run.result;
  return run.history();
}

describe("run.view", () => {
  it("shows any version, and what was the newest at any time, also of a run that has ended", () =>
    simulate(
      async ({ system }) => {
        const history = await ended(system);
        const run = await system.findRun(approving, "r");
        for (const { version, time } of history) {
          const view = await run.view({ at: version });
          expect(view).toMatchObject({ version, changed: time });
          const finished = history.flatMap(({ version: of, event }) =>
            of <= version && event.type === "step-finished" ? [event.step] : [],
          );
          expect(Object.keys(view.outputs).toSorted()).toEqual(finished.toSorted());
          const newest = history.findLast((record) => record.time <= time)?.version;
          expect((await run.view({ at: { time } })).version).toBe(newest);
        }
        expect(await run.view({ at: history.at(-1)?.version ?? 0 })).toEqual(await run.view());
      },
      { seed: 1, runs: 10 },
    ));

  it("says what is wrong with a version, a time or an option", () =>
    simulate(
      async ({ system }) => {
        await ended(system);
        const run = await system.findRun(approving, "r");
        for (const at of [0, -1, 1.5, 99, { time: 0 }])
          await expect(run.view({ at })).rejects.toMatchObject({ code: "no-such-version" });
        for (const at of ["1", { time: NaN }, null])
          await expect(run.view({ at: at as never })).rejects.toMatchObject({ code: "invalid-options" });
        await expect(run.view({ version: 1 } as never)).rejects.toMatchObject({ code: "invalid-options" });
        await system.forget("r");
        await expect(run.view({ at: 1 })).rejects.toMatchObject({ code: "no-such-version" });
      },
      { seed: 1, runs: 1 },
    ));
});
