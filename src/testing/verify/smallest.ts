/**
 * Finds the smallest run that breaks in the same way: with each decision that isn't needed for it made in the simplest way there is. Smaller
 * runs are found by playing with fewer draws, as in MacIver and Donaldson, "Test-Case Reduction via Test-Case Generation: Insights from the
 * Hypothesis Reducer", ECOOP 2020.
 */

import type { Draws } from "./plan.ts";

/** At most so many runs are played to find it. */
const mostPlays = 200;

/**
 * @param breaks plays a run with these draws. Returns what it drew if it breaks in the same way, else `undefined`.
 */
export async function smallest(first: Draws, breaks: (draws: Draws) => Promise<Draws | undefined>): Promise<Draws> {
  let best = first;
  let plays = 0;
  const improves = async (candidate: Draws): Promise<boolean> => {
    if (plays++ >= mostPlays) return false;
    const drawn = await breaks(candidate);
    if (drawn === undefined) return false;
    best = withoutZeros(candidate, drawn);
    return true;
  };
  // none at all, then one decision after another, then one draw after another, until none can be simpler
  if (await improves(new Map())) return best;
  for (const name of [...best.keys()]) {
    if (best.has(name)) await improves(without(best, name));
  }
  let hasImproved = true;
  while (hasImproved) {
    hasImproved = false;
    for (const [name, numbers] of [...best]) {
      for (let at = 0; at < numbers.length; at++) {
        for (const share of [0, 0.25, 0.5]) {
          const now = best.get(name);
          const number = now?.[at] ?? 0;
          if (now === undefined || number === 0) break;
          if (!(await improves(new Map([...best, [name, now.with(at, number * share)]])))) continue;
          hasImproved = true;
          break;
        }
      }
    }
  }
  return best;
}

/** The candidate's decisions that were made, without draws that came to 0 anyway. */
function withoutZeros(candidate: Draws, drawn: Draws): Draws {
  return new Map([...candidate].filter(([name, numbers]) => drawn.has(name) && numbers.some((number) => number !== 0)));
}

function without(draws: Draws, name: string): Draws {
  return new Map([...draws].filter(([one]) => one !== name));
}
