/**
 * Decides when a version's whole state is kept besides its patches. If too seldom, reading a version takes a long
 * replay; if too often, the history takes a whole state for nearly every version.
 */

import type { KeyRow } from "./key-row.ts";

/**
 * A checkpoint is due when the patches to replay exceed this many times the state's size, so that checkpoints of larger
 * states are rarer.
 */
const replayFactor = 4;
/** Smaller patches count as this many bytes, since decoding one takes time as well. */
const minPatchBytes = 64;
/** Smaller states count as this many bytes: compared with the page that a read touches, they cost nothing. */
const minStateBytes = 256;
/** The most versions that a read replays, whatever their size. */
const maxReplayed = 512;

/** How much a record of this size adds to {@link KeyRow.replayBytes}. */
export function replayCost(recordBytes: number): number {
  return Math.max(minPatchBytes, recordBytes);
}

/**
 * True when the newest version of a key should be kept whole. Takes the last checkpoint's size for the state's, which
 * saves measuring it.
 */
export function isCheckpointDue(row: KeyRow): boolean {
  return (
    row.replayBytes > replayFactor * Math.max(minStateBytes, row.checkpointBytes) ||
    row.newest - row.checkpoint >= maxReplayed
  );
}
