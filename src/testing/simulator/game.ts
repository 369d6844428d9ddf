/** What can be played under choices: a scenario with its system, or tasks that share something. */

import type { Given } from "./schedules/choices.ts";
import type { RunLog } from "./explain/run-log.ts";
import type { RunOutcome } from "./schedules/run-outcome.ts";
import type { States } from "./schedules/states.ts";
import type { OutsideWork } from "./virtual/outside-work.ts";

/** How it is played once. */
export interface Playing {
  /** The choices to make. Default: they are drawn by the seed. */
  readonly given?: Given;
  /** Takes down what happens. */
  readonly log?: RunLog;
  /** Sees what is begun outside. */
  readonly watch?: OutsideWork;
  /** Tells its states apart. */
  readonly states?: States;
  readonly maxSteps?: number | undefined;
}

export interface Game {
  play(seed: number, playing?: Playing): Promise<RunOutcome>;
  /** What users have written: a scenario, or tasks and what they share. */
  readonly code: unknown;
  /** Whether the same choices lead to the same, as far as it is known. */
  readonly isRepeatable: boolean;
  /** Whether a failing schedule is shrunk. */
  readonly isShrunk: boolean;
  /** Lines that say what happened. */
  explain(log: RunLog, thrown: unknown): readonly string[];
  readonly repeat: Repeat;
}

/** How people repeat a run: code, or a command. */
export interface Repeat {
  bySeed(seed: number): string;
  byReplay(replay: string): string;
}
