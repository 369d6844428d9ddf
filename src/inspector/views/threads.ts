/** The threads: what is on each, and what became of those that are gone. */

import type { SystemFigures } from "../source/inspected.ts";
import { type ShownEvent, shownEvents } from "./events.ts";
import type { View } from "./view.ts";

export interface ThreadsData {
  readonly isLive: boolean;
  readonly threads: SystemFigures["threads"];
  readonly events: readonly ShownEvent[];
}

const types: ReadonlySet<string> = new Set(["thread-opened", "thread-closed", "thread-died", "thread-not-opened"]);
const eventsShown = 50;

export const threads: View<ThreadsData> = () => async (at) => {
  const { live } = at.inspected;
  return {
    isLive: live !== undefined,
    threads: (await live?.stats())?.threads ?? [],
    events: shownEvents(at, eventsShown, ({ type }) => types.has(type)),
  };
};
