/** What a page shows at a time, as JSON: a view is asked for by its name and a few parameters. */

import type { Inspected } from "../source/inspected.ts";
import type { Content } from "../source/content.ts";
import type { Recent } from "../source/recent.ts";
import type { RunIndex } from "../source/run-index.ts";
import type { SpanMemory } from "../source/span-memory.ts";
import type { ThreadWatch } from "../source/thread-watch.ts";
import type { Query } from "./query.ts";

/** What views are made from. */
export interface Looking {
  readonly inspected: Inspected;
  readonly content: Content;
  readonly recent: Recent;
  readonly runs: RunIndex;
  readonly spans: SpanMemory;
  readonly threads: ThreadWatch;
  readonly isReadOnly: boolean;
  /** The time of day in milliseconds. */
  now(): number;
}

/** Makes what is shown now. */
export type Look<T = unknown> = (at: Looking) => T | Promise<T>;

/** Reads the parameters. @throws TroupeError `invalid-options` for those that make no sense. */
export type View<T = unknown> = (query: Query) => Look<T>;
