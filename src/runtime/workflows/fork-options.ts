/** How a run is forked, and the check of what was given. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import type { ForkPoint } from "../../workflows/migration/fork-run.ts";
import { noSuchRun } from "./no-such-run.ts";
import type { RunOptions } from "./run-options.ts";
import type { StoredRuns } from "./stored-runs.ts";

/**
 * Where a fork of a run begins, and what is other than in that run.
 *
 * @since 0.1.0
 */
export interface ForkOptions {
  /** The fork's id. Default: a new one. */
  readonly id?: string;
  /** The version of `run/<id>` that it begins with. Default: the newest. */
  readonly at?: number;
  /** A step, or several, that are done again with all that comes after them, though they had finished. Default: none. */
  readonly before?: string | readonly string[];
  /** What stands in for the outputs of steps, or the answers of waits, by path; what comes after them is done again. Default: nothing. */
  readonly outputs?: Readonly<Record<string, unknown>>;
}

const schema = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.nonEmpty())),
  at: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  before: v.optional(v.union([v.string(), v.array(v.string())])),
  outputs: v.optional(v.record(v.string(), v.unknown())),
});

/**
 * What the options come to: the run in the version where the fork begins, and how the fork is started.
 *
 * @throws TroupeError (as a rejection) `invalid-options`, `no-such-run`, `no-such-version`.
 */
export async function forkPoint(
  run: string,
  options: ForkOptions,
  stored: Pick<StoredRuns, "newestVersion" | "at">,
): Promise<{ readonly fork: ForkPoint; readonly own: RunOptions }> {
  checkOptions("forkRun", schema, options);
  const { id, at, before = [], outputs = {} } = options;
  const newest = await stored.newestVersion(run);
  if (newest === undefined) throw noSuchRun(run);
  const { version, state } = at === undefined ? newest : await stored.at(run, at);
  const { tenant, session } = state;
  return {
    fork: { run, version, state, before: typeof before === "string" ? [before] : before, outputs },
    own: {
      ...(id === undefined ? {} : { id }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(session === undefined ? {} : { session }),
    },
  };
}
