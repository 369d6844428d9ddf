/** The threads: how each is, what is on it, and how those that are gone ended. */

import type { ShownError } from "../source/content.ts";
import type { SystemFigures } from "../source/inspected.ts";
import type { WatchedThread } from "../source/thread-watch.ts";
import { type ShownEvent, shownEvents } from "./events.ts";
import type { View } from "./view.ts";

/** A thread; `figures` are those of its actors, and absent for that of the process. */
export interface ShownThread extends WatchedThread {
  readonly figures?: SystemFigures["threads"][number];
}

export interface ThreadsData {
  readonly isLive: boolean;
  /** 0 is that of the process. */
  readonly threads: readonly ShownThread[];
  /** Those that died, the newest first, since the inspector was opened. */
  readonly deaths: readonly {
    readonly thread: number;
    readonly time: number;
    readonly error: ShownError;
    /** How many actors and agents it took along, and the first of them. */
    readonly actors: number;
    readonly took: readonly string[];
  }[];
  readonly events: readonly ShownEvent[];
}

const types: ReadonlySet<string> = new Set(["thread-opened", "thread-closed", "thread-died", "thread-not-opened"]);
const eventsShown = 50;
const mostDeaths = 50;
const mostTaken = 10;

interface Death {
  readonly thread: number;
  readonly error: unknown;
  readonly actors: readonly string[];
}

export const threads: View<ThreadsData> = () => async (at) => {
  const { live } = at.inspected;
  const figures = (await live?.stats())?.threads ?? [];
  const watched = await at.threads.look();
  const deaths = at.recent.events.list(Number.POSITIVE_INFINITY).filter(({ of }) => of.type === "thread-died");
  return {
    isLive: live !== undefined,
    threads: watched.map((one) => {
      const found = figures.find(({ thread }) => thread === one.thread);
      return found === undefined ? one : { ...one, figures: found };
    }),
    deaths: deaths.slice(0, mostDeaths).map(({ time, of }) => {
      const { thread, error, actors } = of as unknown as Death;
      const took = actors.slice(0, mostTaken);
      return { thread, time, error: at.content.error(error), actors: actors.length, took };
    }),
    events: shownEvents(at, eventsShown, ({ type }) => types.has(type)),
  };
};
