/** Shows a version and its time on the command line. */

import type { SnapshotMeta } from "../../store/versions/snapshot.ts";
import { oneLine } from "./one-line.ts";
import type { Paint } from "./paint.ts";

/**
 * `@4 2026-01-31T12:00:00.000Z credit-score run/7`, or `@5 2026-01-31T12:00:00.000Z command-line erased: request 7`: on one line,
 * whatever the names of authors and runs and the reasons contain.
 */
export function versionText(
  { version, time, author, cause, erased }: Pick<SnapshotMeta, "version" | "time" | "author" | "cause" | "erased">,
  paint: Paint,
): string {
  const why = cause === undefined ? "" : ` ${paint("dim", oneLine(cause))}`;
  const gone = erased === undefined ? "" : ` ${paint("red", oneLine(`erased: ${erased.reason}`))}`;
  return `${paint("yellow", `@${version}`)} ${timeText(time)} ${paint("cyan", oneLine(author))}${why}${gone}`;
}

/** `2026-01-31T12:00:00.000Z`, or the number itself if it is beyond any date. */
export function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

/** The lines of a diff, each in the colour of its kind of change. */
export function diffLines(text: string, paint: Paint): readonly string[] {
  if (text === "") return [];
  const colours = { "+": "green", "-": "red", "~": "yellow" } as const;
  return text.split("\n").map((line) => paint(colours[line[0] as "+" | "-" | "~"], oneLine(line)));
}
