/** Plays a seed that failed once more, alone: in a thread that has played nothing before, with modules of its own. */

import { messageOf } from "../../errors/caught.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Searched } from "../simulator/search.ts";
import { partOverrides, raceHelper } from "./race-helper.ts";
import type { RacePlace } from "./race-thread.ts";
import type { Overrides } from "./search-race.ts";

/**
 * Returns what a search by seeds came to. If its failure isn't there when its seed is played alone, the failure is `not-repeatable` instead.
 *
 * @throws TroupeError `thread-died` (as a rejection); as the import of the module does.
 */
export async function playedAlone(searched: Searched, place: RacePlace, overrides: Overrides): Promise<Searched> {
  const { failure, report } = searched;
  if (failure === undefined || !isOfSimulation(failure.error)) return searched;
  const { seed, steps } = failure.error.details;
  const helper = raceHelper();
  try {
    const { failed } = await helper.ask({ ...place, overrides: partOverrides(overrides), seed, runs: 1 });
    if (failed !== undefined) return searched;
  } finally {
    await helper.end();
  }
  const others = report.runs - 1;
  const when = others === 0 ? "" : ` after ${others} other run${others === 1 ? "" : "s"}`;
  const failedThen = `the scenario failed with seed ${seed}${when}: ${messageOf(failure.error.cause ?? failure.error)}`;
  const why = "a variable of a module outlives the runs, and the failure depends on what earlier ones have left in it";
  const error = new TroupeError(
    "not-repeatable",
    `${failedThen}\nRun alone, in a fresh thread, it holds: ${why}. Make it anew in each run.`,
    { cause: failure.error, details: { seed, steps } },
  );
  return { report, failure: { error, explained: [], repeat: [] } };
}

/** Whether the scenario itself failed: not so for a source outside of the simulation, nor for a failure that didn't come again. */
function isOfSimulation(error: TroupeError): error is TroupeError<"simulation-failed"> {
  return ["simulation-failed", "deadlock", "livelock"].includes(error.code);
}
