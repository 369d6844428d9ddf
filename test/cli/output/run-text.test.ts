/** The line of a run, whatever its history holds. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { painter } from "../../../src/cli/output/paint.ts";
import { overviewOf } from "../../../src/cli/output/run-overview.ts";
import { runText } from "../../../src/cli/output/run-text.ts";
import { isOpen, type RunState } from "../../../src/workflows/history/run-state.ts";
import type { StepState } from "../../../src/workflows/steps/step-state.ts";
import { pivotReached } from "../../../src/workflows/history/run-progress.ts";
import { MemoryRuns } from "../../workflows/support/memory-runs.ts";
import { play, scenarios } from "../../workflows/support/run-scenario.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";

const everything = scenarios({
  fails: ["executing", "once", "mapping", "compensating", "undoing-once"],
  interventions: ["switch", "cancel", "lose", "crash", "crash-cancel"],
  retries: true,
  fallbacks: true,
  pivots: true,
});

it("agrees with the history of a run, however that ended", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(everything, async (scenario) => {
      for (const { state } of (await play(scenario)).runs) {
        const { run, status, steps, waits, inFlight, failed, uncompensated } = overviewOf("r", headOf(state));
        seen.add(status);
        expect([run, status, steps.total]).toEqual(["r", state.status, scenario.steps.length]);
        expect(steps.finished).toBeLessThanOrEqual(steps.total);
        if (!isOpen(state)) expect([inFlight, waits.filter((wait) => wait.for !== "person")]).toEqual([[], []]);
        expect(waits.length).toBe(status === "compensation-failed" ? 1 : 0);
        if (status === "failed") expect(failed?.message).not.toBe("");
        if (status === "compensation-failed")
          expect(uncompensated?.isPivot).toBe(uncompensated?.step === pivotReached(state)?.pivot);
      }
    }),
    { numRuns: 60 },
  );
  expect([...seen].toSorted()).toEqual(["cancelled", "compensation-failed", "completed", "failed"]);
});

it("says which steps were skipped, and nothing of that where none was", async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(scenarios({ branches: true }), async (scenario) => {
      for (const { state, events } of (await play(scenario)).runs) {
        const skipped = events.flatMap((event) => (event.type === "step-skipped" ? [event.step] : []));
        const overview = overviewOf("r", headOf(state));
        expect(overview.steps.skipped?.toSorted()).toEqual(skipped.length === 0 ? undefined : skipped.toSorted());
        const line = runText(overview, painter(false));
        if (skipped.length === 0) expect(line).not.toContain("skipped");
        else expect(line).toContain(`${overview.steps.skipped?.join(", ")} skipped`);
        seen += skipped.length;
      }
    }),
    { numRuns: 50 },
  );
  expect(seen).toBeGreaterThan(0);
});

it("is one line without control characters, whatever ids, names and errors are", () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom("\n", "\u001b", "\u009b", "\u2028", " "), fc.string()) });
  fc.assert(
    fc.property(text, text, text, text, (id, name, message, reason) => {
      const error = { kind: "error", name: "Error", message } as const;
      const steps: readonly StepState[] = [
        { name: `1${name}`, status: "undo-waiting", retryAt: Number.MAX_VALUE, error },
        { name: `2${name}`, status: "compensating" },
        { name: `3${name}`, status: "failed", error },
      ];
      const outline = steps.map((step) => ({ name: step.name, agent: `${name}@1`, after: [], compensable: true }));
      const state = {
        status: "compensating",
        workflow: { module: "m", name, version: "1" },
        coordination: "relay",
        steps: { outline, segments: [steps] },
        failed: `3${name}`,
        cancelled: { reason },
        resolved: reason,
      } as unknown as RunState;
      const line = runText(overviewOf(id, headOf(state), { message: reason }), painter(false));
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    }),
  );
});

/** The state as a store would hand it out. */
function headOf(state: RunState): Snapshot<RunState> {
  return new MemoryRuns().commit(
    { definition: { version: 1 }, id: "r", key: "run/r" } as never,
    () => state,
  ) as Snapshot<RunState>;
}
