/** Finds hosts whose hearts stand still. Pure: the counters and the time are passed in. */

import type { HostId } from "../../actors/address.ts";

/** What was seen at the last look. */
export interface StallWatch {
  /** When that was. */
  readonly at: number;
  readonly hearts: ReadonlyMap<HostId, Seen>;
}

interface Seen {
  readonly beats: number;
  /** For how many milliseconds it has certainly stood still. It may have been longer. */
  readonly stillFor: number;
}

export interface StallTerms {
  /** A host may stand still for so many milliseconds. */
  readonly stallTimeout: number;
  /** Milliseconds between two beats, and between two looks. */
  readonly interval: number;
}

export interface Stall {
  readonly host: HostId;
  /** Milliseconds since the last beat, at least. */
  readonly stillFor: number;
}

/**
 * Compares the counters with those of the last look. A host that works for `stallTimeout` without a beat is not yet stalled; a
 * host that stands still for longer is found within three intervals. A host that has not beaten yet is still starting, and is
 * never stalled.
 *
 * A look that comes late proves little: the watching thread may have been blocked, or the whole process suspended, and the hosts
 * with it. So no look counts for more than two intervals, and a host that was only held up has time to beat again.
 */
export function lookAtHearts(
  last: StallWatch | undefined,
  counters: ReadonlyMap<HostId, number>,
  now: number,
  { stallTimeout, interval }: StallTerms,
): readonly [StallWatch, readonly Stall[]] {
  const passed = last === undefined ? 0 : Math.min(Math.max(0, now - last.at), 2 * interval);
  const hearts = new Map<HostId, Seen>();
  const stalls: Stall[] = [];
  for (const [host, beats] of counters) {
    const before = last?.hearts.get(host);
    const stillFor = beats !== 0 && before?.beats === beats ? before.stillFor + passed : 0;
    hearts.set(host, { beats, stillFor });
    // an idle host's last beat may be an interval old when its work begins
    if (stillFor >= stallTimeout + interval) stalls.push({ host, stillFor });
  }
  return [{ at: now, hearts }, stalls];
}
