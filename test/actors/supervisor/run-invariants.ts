/** What has to hold of every run, whatever happened to it. */

import { expect } from "vitest";
import type { Outcome, Played, Scenario } from "./run-scenario.ts";
import { expectedOutput } from "./run-scenario.ts";

/** Invariants 5 and 10 for one run, judged by what agents did against what the history says. */
export function expectSound(scenario: Scenario, run: Outcome): void {
  const of = (type: string): string[] =>
    run.events.flatMap((event) => (event.type === type && "step" in event ? [event.step] : []));
  const started = of("step-started");
  const finished = of("step-finished");
  const compensable = finished.filter((name) => isCompensable(scenario, name));

  expect(run.status, "every run ends").not.toBe("unfinished");
  // exactly once: what was started was executed, unless it was cancelled before its turn came; nothing else was, or twice
  expect(new Set(run.executed).size, "no step is executed twice").toBe(run.executed.length);
  expect(new Set(started).size, "no step starts twice").toBe(started.length);
  expect(started).toEqual(expect.arrayContaining([...run.executed]));
  expect(run.executed).toEqual(expect.arrayContaining(finished));
  // a step starts after what it needs
  for (const [at, event] of run.events.entries()) {
    if (event.type !== "step-started") continue;
    const before = run.events
      .slice(0, at)
      .flatMap((earlier) => (earlier.type === "step-finished" ? [earlier.step] : []));
    expect(before).toEqual(expect.arrayContaining(stepOf(scenario, event.step).after.map((index) => `s${index}`)));
  }
  // compensations: none, or all that are needed, once each, the last finished first
  const needed = run.status === "completed" ? [] : compensable.toReversed();
  if (run.status === "compensation-failed") expect(needed.slice(0, run.compensated.length)).toEqual(run.compensated);
  else expect(run.compensated).toEqual(needed);
  if (run.status === "completed") expect(run.output).toEqual(expectedOutput(scenario, Number(run.id.slice(1))));
  expect(
    run.events.filter(({ type }) => type === "run-started" || type === "run-ended").map(({ type }) => type),
  ).toEqual(["run-started", "run-ended"]);
}

/** All runs are sound, nothing escaped and nothing is remembered that isn't needed any more (invariant 7). */
export function expectAllSound(scenario: Scenario, played: Played): void {
  for (const run of played.runs) expectSound(scenario, run);
  expect(played.errors).toEqual([]);
  expect(played.leftovers).toBe(0);
}

function stepOf(scenario: Scenario, name: string): Scenario["steps"][number] {
  const step = scenario.steps[Number(name.slice(1))];
  if (step === undefined) throw new Error(`no step ${name}`);
  return step;
}

function isCompensable(scenario: Scenario, name: string): boolean {
  return scenario.agents[stepOf(scenario, name).agent]?.isCompensable === true;
}
