/** Finds the two operations that raced: by the versions that an actor has read, and those that others committed. */

import type { Seen } from "./run-log.ts";
import { isOwnKey, nameOf } from "./names.ts";

type Read = Extract<Seen, { type: "reads" }>;
type Commit = Extract<Seen, { type: "commits" }>;

/** What an actor read and committed while it handled one message. */
interface Handling {
  readonly actor: string;
  readonly message: string;
  readonly reads: Read[];
  readonly commits: Commit[];
}

/** The reads that belong to commits: each commit begins with one. */
export function ownReads(seen: readonly Seen[]): ReadonlySet<Seen> {
  const own = new Set<Seen>();
  for (const [at, event] of seen.entries()) {
    if (event.type !== "commits" && event.type !== "conflicts") continue;
    const read = seen
      .slice(0, at)
      .findLast((one) => one.type === "reads" && one.actor === event.actor && one.key === event.key && !own.has(one));
    if (read !== undefined) own.add(read);
  }
  return own;
}

/** Words of a sentence on what raced. */
export interface Words {
  readonly committed: string;
  /** For which message it was, after a comma. */
  readonly why: (message: string) => string;
}

export const ofActors: Words = { committed: "committed", why: (message) => `, for "${message}"` };

/** A sentence on what raced; `undefined` where versions of states don't show it. */
export function whatRaced(seen: readonly Seen[], words: Words): string | undefined {
  const handlings = handlingsOf(seen);
  const commits = seen.filter((event): event is Commit => event.type === "commits");
  for (const handling of handlings.toReversed()) {
    const found =
      staleBase(handling, commits, words) ?? tornRead(handling, commits, words) ?? changed(handling, commits, words);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** It committed over a newer version than the one it had read. */
function staleBase(
  { actor, message, reads, commits: own }: Handling,
  commits: readonly Commit[],
  { committed, why }: Words,
): string | undefined {
  for (const commit of own) {
    const read = reads.find(
      ({ key, version, step }) => key === commit.key && version < commit.parent && step <= commit.step,
    );
    const between =
      read &&
      commits.find(({ key, version, actor: by }) => key === read.key && version === read.version + 1 && by !== actor);
    if (read === undefined || between === undefined) continue;
    return (
      `${nameOf(actor)} read ${read.key} at version ${read.version} in step ${read.step}${why(message)}, and ${committed} version ` +
      `${commit.version} in step ${commit.step}; between the two, ${nameOf(between.actor)} ${committed} version ${between.version}.`
    );
  }
  return undefined;
}

/** It read two versions that never were the newest at the same time. */
function tornRead(
  { actor, message, reads }: Handling,
  commits: readonly Commit[],
  { committed, why }: Words,
): string | undefined {
  const positionOf = (key: string, version: number): number | undefined =>
    commits.find((commit) => commit.key === key && commit.version === version)?.position;
  for (const older of reads)
    for (const newer of reads) {
      const until = positionOf(older.key, older.version + 1);
      const from = positionOf(newer.key, newer.version);
      if (older.key === newer.key || until === undefined || from === undefined || from < until) continue;
      const by = commits.find(({ key, version }) => key === older.key && version === older.version + 1);
      return (
        `${nameOf(actor)} read ${older.key} at version ${older.version} in step ${older.step} and ${newer.key} at version ${newer.version} in step ` +
        `${newer.step}${why(message)}, which never were the newest at once: ${nameOf(by?.actor)} had ${committed} version ${older.version + 1} of ${older.key}.`
      );
    }
  return undefined;
}

/** It read a key twice, and another actor committed in between. */
function changed(
  { actor, message, reads }: Handling,
  commits: readonly Commit[],
  { committed, why }: Words,
): string | undefined {
  for (const first of reads) {
    const second = reads.find(({ key, version }) => key === first.key && version > first.version);
    const between = commits.find(
      ({ key, version, actor: by }) => key === first.key && version === first.version + 1 && by !== actor,
    );
    if (second === undefined || between === undefined) continue;
    return (
      `${nameOf(actor)} read ${first.key} at version ${first.version} in step ${first.step} and at version ${second.version} in step ` +
      `${second.step}${why(message)}; between the two, ${nameOf(between.actor)} ${committed} version ${between.version}.`
    );
  }
  return undefined;
}

function handlingsOf(seen: readonly Seen[]): Handling[] {
  const own = ownReads(seen);
  const all: Handling[] = [];
  const open = new Map<string, Handling>();
  for (const event of seen) {
    if (event.type === "begins") {
      const handling = { actor: event.actor, message: event.message, reads: [], commits: [] };
      all.push(handling);
      open.set(event.actor, handling);
    } else if (event.type === "reads" && !own.has(event) && !isOwnKey(event.key))
      open.get(event.actor)?.reads.push(event);
    else if (event.type === "commits" && !isOwnKey(event.key)) open.get(event.actor)?.commits.push(event);
  }
  return all;
}
