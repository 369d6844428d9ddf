/** The actors: the trees of supervisors, and those without one. */

import type { FoundActor, FoundChild } from "../source/inspected.ts";
import { type ShownEvent, shownEvents } from "./events.ts";
import type { View } from "./view.ts";

export interface ActorsData {
  readonly isLive: boolean;
  readonly isReadOnly: boolean;
  readonly trees: readonly FoundChild[];
  readonly count: number;
  readonly actors: readonly FoundActor[];
  /** What became of actors lately. */
  readonly events: readonly ShownEvent[];
}

const types: ReadonlySet<string> = new Set([
  ...["actor-failed", "supervisor-decided", "actor-restarted", "actor-left-behind"],
  ...["supervisor-escalated", "decider-failed"],
]);
const eventsShown = 50;

export const actors: View<ActorsData> = (query) => {
  const text = query.text("text")?.toLowerCase() ?? "";
  const offset = query.whole("offset", { otherwise: 0 });
  const limit = query.whole("limit", { least: 1, most: 500, otherwise: 200 });
  return (at) => {
    const { live } = at.inspected;
    const all = live?.actors() ?? [];
    const selected = all.filter(({ name, definition }) => `${name} ${definition}`.toLowerCase().includes(text));
    return {
      isLive: live !== undefined,
      isReadOnly: at.isReadOnly,
      trees: live?.trees() ?? [],
      count: selected.length,
      actors: selected.slice(offset, offset + limit),
      events: shownEvents(at, eventsShown, ({ type }) => types.has(type)),
    };
  };
};
