/** A thread of its own that plays a race under the seeds that it is told. */

import { type Helper, nodeHelper } from "../../runtime/threads/node-helper.ts";
import { threadFiles } from "../../runtime/threads/thread-files.ts";
import type { PartAnswer, PartOrder } from "./race-thread.ts";
import type { Overrides } from "./search-race.ts";

export function raceHelper(): Helper<PartOrder, PartAnswer> {
  return nodeHelper(entryOfThread());
}

/** What such a thread is told of how a race is searched, besides the seeds. */
export function partOverrides({ strategy, maxSteps }: Overrides): Overrides {
  return { ...(strategy && { strategy }), ...(maxSteps !== undefined && { maxSteps }) };
}

/** The file of the thread's code: beside this file in the sources, and in the package beside the other files that threads load. */
function entryOfThread(): string {
  const [, ending] = /\/race-helper(\.[jt]s)$/.exec(import.meta.url) ?? [];
  return ending === undefined
    ? new URL("./race-thread.js", threadFiles().bootstrap).href
    : new URL(`./race-thread${ending}`, import.meta.url).href;
}
