/** Invariants 5, 9 and 10, by the credit example on real threads: whatever is done to the agents costs time and nothing else. */

import { expect, it } from "vitest";
import { countChanged } from "../../../examples/credit/chaos-report.ts";
import { type FaultRates, FAULTS, faultOf } from "../../../examples/credit/faults.ts";
import { generateApplications } from "../../../examples/credit/generate-applications.ts";
import { CHAOS_MODES } from "../../../examples/credit/mode.ts";
import { decideSequentially } from "../../../examples/credit/oracle.ts";
import { runMode } from "../../../examples/credit/run-mode.ts";

const applications = generateApplications({ seed: 7, count: 60 });
const agents = ["credit-score", "income-verification", "fraud-detection", "risk-assessment", "approval"];
const chaos: { readonly seed: number; readonly rates: FaultRates } = {
  seed: 15, // two threads killed, one before and one after an agent's work, and one that stands still
  rates: { kill: 0.008, stall: 0.004, throw: 0.08, hang: 0.01, slow: 0.05 },
};

/** How often each kind of fault comes at least: a step that was slow may be called again or not. */
function planned(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const agent of agents) {
    for (const { id } of applications) {
      for (let before = 0; ; before++) {
        const kind = faultOf(chaos.seed, chaos.rates, `${agent} ${id}`, before)?.kind;
        if (kind === undefined) break;
        counts[kind] = 1 + (counts[kind] ?? 0);
        if (kind === "slow") break;
      }
    }
  }
  return counts;
}

it.each(CHAOS_MODES)("decides the same in chaos, in the mode %s", async (mode) => {
  const {
    decisions,
    measurement,
    chaos: counts,
  } = await runMode({
    mode,
    applications,
    threads: 2,
    seed: undefined,
    chaos,
    onProgress: () => undefined,
    onWrong: ({ id }) => expect.unreachable(`the rating of ${id} is wrong`),
  });
  const truth = new Map(applications.map((application) => [application.id, decideSequentially(application)]));
  expect(decisions.size).toBe(applications.length);
  expect(countChanged(truth, decisions)).toBe(0);
  expect(measurement.wrong).toBe(0);
  const least = planned();
  for (const kind of FAULTS) {
    expect(least[kind], kind).toBeGreaterThan(0);
    expect(counts?.faults[kind], kind).toBeGreaterThanOrEqual(least[kind] ?? 0);
  }
  expect(counts?.threadsLost).toBeGreaterThan(0);
  expect(counts?.lost).toBeGreaterThan(0);
  expect(counts?.retries).toBeGreaterThanOrEqual((least["throw"] ?? 0) + (least["hang"] ?? 0));
  expect(counts?.calls).toBeGreaterThan(agents.length * applications.length);
});
