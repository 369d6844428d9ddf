/** Events of the system, as a page shows them. */

import { isError } from "../../errors/foreign-value.ts";
import type { Shown, ShownError } from "../source/content.ts";
import type { Noted } from "../source/inspected.ts";
import type { Looking } from "./view.ts";

export interface ShownEvent {
  readonly number: number;
  readonly time: number;
  readonly type: string;
  /** What else there is to say, but for the error. */
  readonly about: Readonly<Record<string, Shown["json"]>>;
  readonly error?: ShownError;
}

/** How many characters of a field are shown: a thread may take thousands of actors along. */
const longest = 500;

/** The newest first, of those that are wanted. */
export function shownEvents(
  { recent, content }: Looking,
  limit: number,
  isWanted: (event: Noted) => boolean = () => true,
): ShownEvent[] {
  const wanted = recent.events.list(Number.POSITIVE_INFINITY).filter(({ of }) => isWanted(of));
  return wanted.slice(0, limit).map(({ number, time, of }) => {
    const { type, time: _, ...rest } = of;
    const fields = Object.entries(rest);
    const error = errorIn(rest);
    return {
      number,
      time,
      type,
      about: Object.fromEntries(
        fields.flatMap(([name, value]) => (name === "error" || name === "failure" ? [] : [[name, fieldText(value)]])),
      ),
      ...(error === undefined ? {} : { error: content.error(error) }),
    };
  });
}

function errorIn(event: { readonly error?: unknown; readonly failure?: unknown }): unknown {
  if (event.error !== undefined) return event.error;
  let failure = event.failure as { readonly error?: unknown; readonly failure?: unknown } | undefined;
  while (failure !== undefined && failure.error === undefined) failure = failure.failure as typeof failure;
  return failure?.error;
}

function fieldText(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value));
  const text = typeof value === "string" ? value : isError(value) ? "an error" : (JSON.stringify(value) ?? "none");
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
