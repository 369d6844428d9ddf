/** Finds the commit that last set a value: walks a history backwards while the value stays the same. */

import { isDeepStrictEqual } from "node:util";
import { TroupeError } from "../../errors/troupe-error.ts";
import { runOf } from "../versions/cause.ts";
import { erasedVersion } from "../versions/tombstone.ts";
import type { Snapshot } from "../versions/snapshot.ts";
import { partsOf, valueAt } from "./json-pointer.ts";

/**
 * The version that last set a value, with its commit's facts.
 *
 * @since 0.1.0
 */
export interface Blame {
  /** A JSON pointer (RFC 6901). */
  readonly path: string;
  /** The value in the newest version. */
  readonly value: unknown;
  readonly version: number;
  readonly author: string;
  /** The id of the run that it was set for; absent if it was set for none. */
  readonly run?: string;
  readonly cause?: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /**
   * False when the value is unchanged since the oldest version kept and that isn't version 1: the value may be older.
   */
  readonly exact: boolean;
}

interface Wanted {
  readonly path: string;
  readonly parts: readonly string[];
  readonly value: unknown;
  /** The earliest version found so far from which the value stays the same up to the newest. */
  since: Snapshot;
}

/**
 * Finds the version that last set each value, by comparing values. If a value was changed and changed back, the latter
 * change counts; setting a value to what it was doesn't count. Elements of an array are identified by their index.
 *
 * Guarantees: reads no page after the one that settles the last path.
 *
 * @param pages the key's history, newest first.
 * @param paths picks the JSON pointers, once the newest version is read.
 * @throws TroupeError `erased` when the newest version is a tombstone; `no-such-path` for a path at which the newest version has nothing; `invalid-options` for no
 * pointer.
 */
export async function blame(
  pages: AsyncIterable<readonly Snapshot[]>,
  paths: (newest: Snapshot) => readonly string[],
): Promise<readonly Blame[]> {
  let wanted: readonly Wanted[] | undefined;
  let open: readonly Wanted[] = [];
  let oldest = 0;
  for await (const page of pages) {
    for (const snapshot of page) {
      if (snapshot.erased !== undefined) {
        if (wanted === undefined) throw erasedVersion(snapshot, "What was there before");
        return wanted.map((one) => blameOf(one, true)); // it was set right after, as in a version 1
      }
      wanted ??= open = paths(snapshot).map((path) => find(snapshot, path));
      for (const one of open) if (hasSame(snapshot, one)) one.since = snapshot;
      open = open.filter(({ since }) => since === snapshot);
      oldest = snapshot.version;
      if (open.length === 0) return wanted.map((one) => blameOf(one, true));
    }
  }
  return (wanted ?? []).map((one) => blameOf(one, oldest === 1 || !open.includes(one)));
}

function find(newest: Snapshot, path: string): Wanted {
  const parts = partsOf(path);
  const found = valueAt(newest.state, parts);
  if (found !== undefined) return { path, parts, value: found.value, since: newest };
  const { key, version } = newest;
  throw new TroupeError(
    "no-such-path",
    `${key} has nothing at ${path} in its newest version, ${version}. Ask for a path that is there; diff and history tell when one went.`,
    { details: { key, path, version } },
  );
}

function hasSame({ state }: Snapshot, { parts, value }: Wanted): boolean {
  const found = valueAt(state, parts);
  return found !== undefined && (Object.is(found.value, value) || isDeepStrictEqual(found.value, value));
}

function blameOf({ path, value, since }: Wanted, exact: boolean): Blame {
  const { version, author, cause, time } = since;
  const run = runOf(cause);
  return {
    path,
    value,
    version,
    author,
    ...(run === undefined ? {} : { run }),
    ...(cause === undefined ? {} : { cause }),
    time,
    exact,
  };
}
