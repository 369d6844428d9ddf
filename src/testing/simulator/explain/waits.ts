/** Who waits for whom, where a run has come to a standstill. */

import { nameOf } from "./names.ts";
import type { Seen } from "./run-log.ts";

type Ask = Extract<Seen, { type: "asks" }>;

/** An ask that took so many virtual milliseconds was a standstill, though a timeout ended it. */
const long = 1_000;

/** A line for each ask that was open at the end, or given up there after a long time. */
export function whoWaits(seen: readonly Seen[]): string[] {
  const end = seen.at(-1)?.at ?? 0;
  return waitsOf(seen, end).map(({ from, to, message, step, where }) => {
    const handled = from === undefined ? undefined : handledBy(seen, from);
    const who = `${nameOf(from)}${handled === undefined ? "" : `, which handles "${handled}",`}`;
    return `  ${who} waits since step ${step} for ${nameOf(to)} to answer "${message}"${where === undefined ? "" : ` (${where})`}`;
  });
}

function waitsOf(seen: readonly Seen[], end: number): Ask[] {
  const open = new Map<string, Ask>();
  const givenUp: Ask[] = [];
  for (const event of seen) {
    if (event.type === "asks") open.set(`${event.host} ${event.id}`, event);
    if (event.type !== "asked") continue;
    const ask = open.get(`${event.host} ${event.id}`);
    open.delete(`${event.host} ${event.id}`);
    if (ask !== undefined && event.at - ask.at >= long && end - event.at < long) givenUp.push(ask);
  }
  return [...givenUp, ...open.values()];
}

/** The message that an actor began last. */
function handledBy(seen: readonly Seen[], actor: string): string | undefined {
  const last = seen.findLast((event) => event.type === "begins" && event.actor === actor);
  return last?.type === "begins" ? last.message : undefined;
}
