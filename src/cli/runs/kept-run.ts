/** How far a batch follows a run that may wait for people: as far as it goes in the journal, or in memory. */

import type { RunView } from "../../workflows/history/run-view.ts";
import type { CommandRun, StartedRun } from "../command/command-system.ts";
import { openQuestions } from "../command/open-questions.ts";
import { untilParked } from "../command/until-parked.ts";

/** A run in a journal is left where it waits for an answer: that may come at any time, by another process. Pauses are waited for. */
export function keptRun(started: CommandRun): StartedRun {
  const { id, result } = started;
  const asks = untilParked(started, (view) => openQuestions(view).length > 0);
  return {
    id,
    result,
    cancel: (reason) => started.cancel(reason),
    asks: asks.then((view) => openQuestions(view).map(({ wait }) => wait)),
  };
}

/** A run in memory is cancelled where it waits for an answer that no other process can give, and that it doesn't give up itself. */
export function lostRun(started: CommandRun): StartedRun {
  const untimed = (view: RunView): string[] =>
    openQuestions(view).flatMap(({ wait, isTimed }) => (isTimed ? [] : [wait]));
  const cancelled = untilParked(started, (view) => untimed(view).length > 0).then(async (view) => {
    await started.cancel(
      `it waits for an answer to ${untimed(view).join(", ")}, which only a run with --journal can get`,
    );
    return started.result;
  });
  return { result: Promise.race([started.result, cancelled]), cancel: (reason) => started.cancel(reason) };
}
