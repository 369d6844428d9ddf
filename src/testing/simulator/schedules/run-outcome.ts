/** What became of a run. */

import { sha256 } from "../../../values/sha256.ts";
import type { Chosen } from "./choices.ts";
import type { TraceStep } from "./scheduler.ts";

export interface RunOutcome {
  readonly seed: number;
  readonly trace: readonly TraceStep[];
  /** A hash of the trace: equal for equal schedules. */
  readonly schedule: string;
  /** A hash of what was read, written and sent: equal for schedules that differ only in steps that don't depend on each other. */
  readonly effects: string;
  /** How often the process crashed. */
  readonly crashes: number;
  readonly chosen: Chosen;
  /** The lane of each step that was chosen. */
  readonly lanes: readonly string[];
  /** Among how many each was. */
  readonly alternatives: readonly number[];
  /** For each a mark, of what had run and what could run next. */
  readonly marks: readonly string[];
  /** For each the key of the state in which it was made, where states are told apart. */
  readonly states: readonly string[];
  /** The first of the given choices that didn't fit. */
  readonly misfit: string | undefined;
  readonly failure: { readonly thrown: unknown } | undefined;
  /** Whether something of it went on by what came from outside of the simulation. */
  readonly isTouched: boolean;
  /** What was stated by `sometimes`, and whether it was met. */
  readonly met: ReadonlyMap<string, boolean>;
}

/** Equal for equal traces. */
export function hashOf(trace: readonly TraceStep[]): string {
  let lines = "";
  for (const { at, lane } of trace) lines += `${at} ${lane}\n`;
  return sha256(lines, "hex", 64);
}
