/** A run as a table: a row for each step in which actors did something, a column for each actor. */

import { messageOf } from "../../../errors/caught.ts";
import { nameOf, threadOf } from "./names.ts";
import type { Seen } from "./run-log.ts";
import { told } from "./told.ts";

interface Row {
  readonly step: number;
  readonly at: number;
  /** Undefined for a fault. */
  readonly actor: string | undefined;
  text: string;
}

/** More rows are too many to look through: the last ones are shown. */
const mostRows = 14;
const mostColumns = 4;
const widest = 40;

/** The lines of the table; none if no actor did anything. What has no text is not in it. */
export function timeline<Event extends Seen>(
  seen: readonly Event[],
  textOf: (event: Event) => string | undefined,
): string[] {
  const rows = rowsOf(seen, textOf);
  const actors = [...new Set(rows.flatMap(({ actor }) => (actor === undefined ? [] : [actor])))];
  if (actors.length === 0) return [];
  const shown = rows.slice(-mostRows);
  const left = rows.length - shown.length;
  const columns = actors.length <= mostColumns ? actors : undefined;
  const header = ["step", "ms", ...(columns?.map(titleOf) ?? ["actor", ""])];
  const cells = shown.map(({ step, at, actor, text }) => {
    const when = [String(step), String(Math.round(at * 10) / 10)];
    if (columns === undefined) return [...when, actor === undefined ? "" : titleOf(actor), text];
    return [...when, ...columns.map((one) => (one === (actor ?? columns[0]) ? text : ""))];
  });
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, at) => (at < 2 ? cell.padStart(widths[at] as number) : cell.padEnd(widths[at] as number))).join("  ")}`.trimEnd();
  return [line(header), ...(left > 0 ? [`  … ${left} earlier`] : []), ...cells.map(line)];
}

function rowsOf<Event extends Seen>(seen: readonly Event[], textOf: (event: Event) => string | undefined): Row[] {
  const rows: Row[] = [];
  for (const event of told(seen)) {
    const text = textOf(event);
    if (text === undefined) continue;
    const { step, at } = event;
    const actor = "actor" in event ? event.actor : undefined;
    const last = rows.at(-1);
    if (event.type === "ends" && !("thrown" in event) && last?.step === step && last.actor === actor) {
      last.text = last.text.replace(/^begins /, "handles "); // in one step, so that its end is no news
      if (last.text.startsWith("handles ")) continue;
    }
    const both = `${last?.text}, ${text}`;
    if (last !== undefined && last.step === step && last.actor === actor && both.length <= widest) last.text = both;
    else rows.push({ step, at, actor, text });
  }
  return rows;
}

/** What an actor did, in words. */
export function deedOf(event: Seen): string | undefined {
  switch (event.type) {
    case "begins":
      return `begins ${event.message} from ${nameOf(event.from)}`;
    case "ends":
      return "thrown" in event ? `throws ${firstLine(messageOf(event.thrown))}` : `ends ${event.message}`;
    case "reads":
      return `reads ${event.key} v${event.version}`;
    case "commits":
      return `commits ${event.key} v${event.version}`;
    case "conflicts":
      return `loses to ${event.key} v${event.version}`;
    case "fault":
      return `(${event.what})`;
    case "asks":
    case "asked":
      return undefined;
  }
}

function titleOf(actor: string): string {
  const thread = threadOf(actor);
  return thread === undefined ? nameOf(actor) : `${nameOf(actor)}, thread ${thread}`;
}

function firstLine(text: string): string {
  const [line = ""] = text.split("\n");
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line;
}
