/**
 * When a version's whole state is kept besides its patches. Too seldom, and reading a version replays long; too often,
 * and history costs what it costs elsewhere: the whole state again and again.
 */

import type { KeyRow } from "./records/key-row.ts";

/** A checkpoint is due when what is replayed exceeds this many times the state: so checkpoints grow in size and get rare. */
const replayFactor = 4;
/** Small patches count as much: decoding one takes its time. */
const minPatchBytes = 64;
/** Small states count as much: beside the page that a read touches, they cost nothing. */
const minStateBytes = 256;
/** And no read replays more versions than this, whatever their size. */
const maxReplayed = 512;

/** What a record of this size adds to {@link KeyRow.replayBytes}. */
export function replayCost(recordBytes: number): number {
  return Math.max(minPatchBytes, recordBytes);
}

/** True when the newest version of a key should be kept whole. Costs nothing: the size of the state is that of the last one. */
export function isCheckpointDue(row: KeyRow): boolean {
  return (
    row.replayBytes > replayFactor * Math.max(minStateBytes, row.checkpointBytes) ||
    row.newest - row.checkpoint >= maxReplayed
  );
}
