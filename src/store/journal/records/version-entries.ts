/** The entries that are written for a version. */

import type { CommitRecord } from "../../versions/commit.ts";
import { isCheckpointDue, replayCost } from "./checkpoint-policy.ts";
import { recordPlace, versionPlace } from "./entry-key.ts";
import type { KeyRow } from "./key-row.ts";
import { encodePlain } from "./plain-text.ts";
import { encodeRecord, startsAnew } from "./record-codec.ts";
import { sealBytes } from "./sealed-bytes.ts";

export interface VersionEntries {
  /** The place of its record. */
  readonly place: Buffer;
  readonly recordPlace: Buffer;
  readonly record: Buffer;
  readonly checkpoint: Buffer | undefined;
  readonly bytes: number;
}

/** Encodes a version and adds it to its key's row. */
export function entriesOf(record: CommitRecord, slot: number, row: KeyRow): VersionEntries {
  const { version, position, state } = record.snapshot;
  const place = versionPlace(row.id, version);
  const where = recordPlace(position, slot);
  const body = encodeRecord(record);
  const sealed = sealBytes(place, body);
  row.replayBytes += replayCost(body.length);
  let whole: Buffer | undefined;
  if (startsAnew(record.patches)) {
    // the record alone gives the state, which an empty entry says
    whole = Buffer.alloc(0);
    startReplay(row, version, body.length);
  } else if (isCheckpointDue(row)) {
    whole = encodePlain(state);
    startReplay(row, version, whole.length);
  }
  const checkpoint = whole && sealBytes(place, whole);
  const checkpointBytes = checkpoint === undefined ? 0 : place.length + checkpoint.length;
  const bytes = place.length + 2 * where.length + sealed.length + checkpointBytes;
  row.bytes += bytes;
  return { place, recordPlace: where, record: sealed, checkpoint, bytes };
}

function startReplay(row: KeyRow, checkpoint: number, checkpointBytes: number): void {
  row.checkpoint = checkpoint;
  row.checkpointBytes = checkpointBytes;
  row.replayBytes = 0;
}
