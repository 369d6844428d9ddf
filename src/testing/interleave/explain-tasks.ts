/** What the report of failing tasks says: what each did, what raced, who waits for what. */

import { isTroupeError } from "../../errors/troupe-error.ts";
import { whatRaced } from "../simulator/explain/races.ts";
import type { RunLog, Seen } from "../simulator/explain/run-log.ts";
import { timeline } from "../simulator/explain/timeline.ts";

type Call = Extract<Seen, { type: "asks" }>;

export function explainTasks({ seen }: Pick<RunLog, "seen">, thrown: unknown): string[] {
  const calls = new Map(seen.flatMap((event) => (event.type === "asks" ? [[event.id, event] as const] : [])));
  const waits = isTroupeError(thrown, "deadlock") ? waiting(seen, calls) : [];
  const table = timeline(told(seen, calls), textOf);
  const raced = waits.length > 0 ? undefined : whatRaced(seen, { committed: "wrote", why: () => "" });
  return [
    ...(table.length === 0 ? [] : ["What its shortest schedule does:", ...table]),
    ...(waits.length === 0 ? [] : ["Who waits for what:", ...waits]),
    ...(raced === undefined ? [] : [`What raced: ${raced}`]),
  ];
}

/** An event of a table of tasks. */
type Told = Seen & { readonly told?: string };

/** Calls and their answers, with the task whose they are. */
function told(seen: readonly Seen[], calls: ReadonlyMap<number, Call>): Told[] {
  return seen.flatMap((event): Told[] => {
    if (event.type === "asks" && event.from !== undefined)
      return [{ ...event, type: "begins", actor: event.from, told: `calls ${event.message}` }];
    if (event.type !== "asked") return [event];
    const call = calls.get(event.id);
    if (call?.from === undefined) return [];
    const { step, at } = event;
    const { from, message } = call;
    return [{ type: "begins", actor: from, message, from, step, at, told: `${message} answers` }];
  });
}

function textOf(event: Told): string | undefined {
  if (event.told !== undefined) return event.told;
  if (event.type === "begins") return "begins";
  if (event.type === "reads") return `reads ${event.key} v${event.version}`;
  return event.type === "commits" ? `writes ${event.key} v${event.version}` : undefined;
}

/** A line for each call that was not answered. */
function waiting(seen: readonly Seen[], calls: ReadonlyMap<number, Call>): string[] {
  const answered = new Set(seen.flatMap((event) => (event.type === "asked" ? [event.id] : [])));
  return [...calls.values()].flatMap(({ id, from, message, step, where }) =>
    answered.has(id)
      ? []
      : [`  ${from} waits since step ${step} for ${message}${where === undefined ? "" : ` (${where})`}`],
  );
}
