/** Finds out that a failure depends on what earlier runs have left behind: one of them, which held, is played again and fails. */

import type { Game } from "../game.ts";
import type { Given } from "../schedules/choices.ts";
import { userVariables } from "./user-variables.ts";

/** A run that held. */
export interface HeldRun {
  readonly seed: number;
  /** The choices that it was given. Absent where they were drawn. */
  readonly given?: Given;
}

/** What a run that held fails with now. */
export interface HeldNoMore {
  readonly seed: number;
  readonly thrown: unknown;
  /** The variables that another run changes, as far as they are found. */
  readonly changed: readonly string[];
}

/** So many runs are played again at most: the first ones, since they have found the least that others left. */
export const mostHeld = 20;

/** Milliseconds of processor time after which no other run is played again. */
const longest = 1_000;

/** Plays runs again that held before another one failed, until one fails. */
export async function heldBefore(
  { play, code }: Pick<Game, "play" | "code">,
  held: readonly HeldRun[],
): Promise<HeldNoMore | undefined> {
  const start = process.cpuUsage();
  for (const { seed, ...given } of held) {
    const { failure } = await play(seed, given);
    if (failure !== undefined) {
      const before = await userVariables(code);
      await play(seed, given);
      const after = await userVariables(code);
      const changed = [...after].flatMap(([name, value]) => (before.get(name) === value ? [] : [name]));
      return { seed, thrown: failure.thrown, changed };
    }
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1_000 > longest) break;
  }
  return undefined;
}

/** What has outlived the runs, in words. */
export function outlived(changed: readonly string[]): string {
  const [first, ...others] = changed;
  if (first === undefined) return "something outlives the runs, such as a variable of a module";
  if (others.length === 0) return `a variable outlives the runs, and each changes it: ${first}`;
  return `variables outlive the runs, and each changes them: ${changed.join(", ")}`;
}
