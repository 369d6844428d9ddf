/**
 * All schedules with at most so many switches, those with fewer first: iterative context bounding (Musuvathi and Qadeer, PLDI 2007), with
 * choices that aren't ordinary for switches, as in delay-bounded scheduling (Emmi and others, POPL 2011).
 */

import type { Chosen } from "./choices.ts";
import type { RunOutcome } from "./run-outcome.ts";

/** A choice that is a switch: at which of a run's choices, and to which of the steps that could run. */
interface Switch {
  readonly at: number;
  readonly choice: number;
}

export interface ExhaustiveOptions {
  readonly run: (chosen: Chosen) => Promise<RunOutcome>;
  /** How many switches a schedule has at most. */
  readonly switches: number;
  /** How many schedules are tried at most. */
  readonly runs: number;
}

/**
 * Runs each schedule once, until one fails; then that is the last. Returns whether these were all. Where runs tell their states apart, the search
 * goes on from each state once: from the run that came there first, with the fewest switches.
 */
export async function* everySchedule({
  run,
  switches,
  runs,
}: ExhaustiveOptions): AsyncGenerator<RunOutcome, boolean, undefined> {
  let tried = 0;
  const seen = new Set<string>();
  for (let level: readonly (readonly Switch[])[] = [[]], count = 0; level.length > 0; count++) {
    const next: (readonly Switch[])[] = [];
    for (const taken of level) {
      if (tried++ >= runs) return false;
      const outcome = await run(withSwitches(taken));
      yield outcome;
      if (outcome.failure !== undefined) return false;
      if (count >= switches) continue;
      // each schedule comes once: from the one that lacks its last switch
      for (let at = (taken.at(-1)?.at ?? -1) + 1; at < outcome.alternatives.length; at++) {
        const state = outcome.states[at];
        if (state !== undefined && seen.has(state)) break;
        if (state !== undefined) seen.add(state);
        for (let choice = 1; choice < (outcome.alternatives[at] ?? 0); choice++) next.push([...taken, { at, choice }]);
      }
    }
    level = next;
  }
  return true;
}

function withSwitches(taken: readonly Switch[]): Chosen {
  const step: number[] = [];
  for (const { at, choice } of taken) {
    while (step.length < at) step.push(0);
    step.push(choice);
  }
  return { step, fault: [], strike: [], place: [] };
}
