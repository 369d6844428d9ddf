/** What a search for a race came to, as a text and as JSON. */

import type { Searched } from "../../testing/simulator/search.ts";
import type { Paint } from "../output/paint.ts";

/** What became of one race. */
export interface RaceResult extends Searched {
  readonly name: string;
  readonly isInterrupted: boolean;
}

/** `held`, `failed`, or `unfinished` where it was interrupted. */
function statusOf({ failure, isInterrupted }: RaceResult): "held" | "failed" | "unfinished" {
  if (failure !== undefined) return "failed";
  return isInterrupted ? "unfinished" : "held";
}

export function raceLines(result: RaceResult, paint: Paint): readonly string[] {
  const { name, failure, report, isInterrupted } = result;
  if (failure !== undefined)
    return [`${paint("red", "failed")} ${name}`, ...failure.error.message.split("\n").map((line) => `  ${line}`)];
  const { runs, schedules, unmet, isComplete } = report;
  const which = isComplete === true ? "these were all" : `${schedules} of them different`;
  const tried = `${runs} schedule${runs === 1 ? "" : "s"} tried, ${which}`;
  const verdict = isInterrupted
    ? `${paint("yellow", "interrupted")} ${name}: held so far, ${tried}`
    : `${paint("green", "held")} ${name}: ${tried}`;
  return [
    verdict,
    ...unmet.map(
      (what) => `  ${paint("yellow", "warning")}: sometimes ${JSON.stringify(what)} was met in none of them`,
    ),
  ];
}

export function raceJson(result: RaceResult): string {
  const { name: race, failure, report } = result;
  const found = failure && {
    code: failure.error.code,
    message: failure.error.message,
    ...(failure.error.details as object),
    explained: failure.explained,
    repeat: failure.repeat,
  };
  return JSON.stringify({ race, status: statusOf(result), ...report, failure: found });
}
