/** Reads versions from the tables: from the nearest checkpoint before a version and the patches since. */

import type { CommitRecord } from "../../versions/commit.ts";
import type { Patch } from "../../versions/patch.ts";
import { sealDecoded } from "../../versions/seal.ts";
import { type Snapshot, snapshotOf } from "../../versions/snapshot.ts";
import type { StateKey } from "../../versions/state-key.ts";
import { placeOf, positionAt, versionPlace } from "../records/entry-key.ts";
import { corruptVersion } from "../records/corrupt-record.ts";
import type { KeyRow } from "../records/key-row.ts";
import type { Table } from "./lmdb-environment.ts";
import { decodePlain } from "../records/plain-text.ts";
import { replay } from "../records/replay.ts";
import { type Decoded, decodeRecord, startsAnew } from "../records/record-codec.ts";
import { unsealBytes } from "../records/sealed-bytes.ts";

/** A version whose state is known, from which later ones can be computed. */
export interface Base {
  readonly version: number;
  readonly state: unknown;
}

export interface VersionTables {
  readonly versions: Table;
  readonly records: Table;
  readonly checkpoints: Table;
}

/** The position of a key's newest version; Infinity if its place is missing. */
export function newestPosition({ versions }: Pick<VersionTables, "versions">, { id, newest }: KeyRow): number {
  const where = versions.get(versionPlace(id, newest));
  return where === undefined ? Number.POSITIVE_INFINITY : positionAt(where);
}

/** @throws TroupeError `journal-corrupt` that names the version, for a damaged record. */
export function readRecord(tables: VersionTables, key: StateKey, row: KeyRow, version: number): Decoded {
  const place = versionPlace(row.id, version);
  const where = tables.versions.get(place);
  const bytes = where && tables.records.glance(where);
  if (bytes === undefined) throw corruptVersion(key, version, "its record is missing");
  const body = unsealBytes(place, bytes);
  if (body === undefined) throw corruptVersion(key, version, "the checksum of its record is wrong");
  try {
    return decodeRecord(key, version, body);
  } catch (cause) {
    throw corruptVersion(key, version, "its record can't be decoded", cause);
  }
}

/**
 * One version, replayed from the nearest state before it.
 *
 * @throws TroupeError `journal-corrupt` for a damaged record on the way, or if no checkpoint before is whole.
 * @param near a version in memory. If it lies between the checkpoint and the wanted version, the replay starts from it,
 * and the result shares structure with it.
 */
export function readVersion(tables: VersionTables, key: StateKey, row: KeyRow, version: number, near?: Base): Snapshot {
  const { meta, patches } = readRecord(tables, key, row, version);
  if (startsAnew(patches)) return snapshotOf(meta, replay(key, version, undefined, patches));
  const base = baseOf(tables, key, row, version, near);
  if (base.version === version) return snapshotOf(meta, base.state);
  const before: Patch[] = [];
  for (let next = base.version + 1; next < version; next++) before.push(...readRecord(tables, key, row, next).patches);
  return snapshotOf(meta, replay(key, version, base.state, [...before, ...patches]));
}

/** The records of the versions from `lowest` to `highest`, which must exist. */
export function readRecords(
  tables: VersionTables,
  key: StateKey,
  row: KeyRow,
  lowest: number,
  highest: number,
  near?: Base,
): CommitRecord[] {
  if (lowest > highest) return [];
  const first = readVersion(tables, key, row, lowest, near);
  // the versions before the first that is kept are gone, so its state is given whole, and not as a change
  const { patches } =
    lowest === row.oldest && lowest > 1
      ? { patches: [{ op: "replace", path: [], value: first.state } as const] }
      : readRecord(tables, key, row, lowest);
  for (const patch of patches) if (patch.op !== "remove") sealDecoded(patch.value);
  const records: CommitRecord[] = [{ snapshot: first, patches }];
  let { state } = first;
  for (let version = lowest + 1; version <= highest; version++) {
    const next = readRecord(tables, key, row, version);
    state = replay(key, version, state, next.patches);
    records.push({ snapshot: snapshotOf(next.meta, state), patches: next.patches });
  }
  return records;
}

function baseOf(tables: VersionTables, key: StateKey, row: KeyRow, version: number, near: Base | undefined): Base {
  if (near?.version === version) return near;
  if (version >= row.checkpoint) {
    // most reads are of the newest version: its checkpoint is known, and need not be searched
    if (near !== undefined && near.version > row.checkpoint && near.version < version) return near;
    const place = versionPlace(row.id, row.checkpoint);
    const value = tables.checkpoints.get(place);
    const base = value && checkpointAt(place, value);
    if (base !== undefined) return base;
  }
  // a damaged checkpoint is passed over: replaying from the one before takes longer and gives the same state
  for (const { key: place, value } of tables.checkpoints.range({
    start: versionPlace(row.id, version),
    end: versionPlace(row.id, 0),
    reverse: true,
  })) {
    const { version: found } = placeOf(place);
    if (near !== undefined && near.version > found && near.version < version) return near;
    const base = checkpointAt(place, value);
    if (base !== undefined) return base;
  }
  throw corruptVersion(key, version, "no checkpoint before it is whole");
}

/** What a checkpoint holds; `undefined` for one that is damaged. An empty one says that its version's record alone gives the state. */
function checkpointAt(place: Buffer, value: Buffer): Base | undefined {
  const { version } = placeOf(place);
  const body = unsealBytes(place, value);
  if (body === undefined) return undefined;
  if (body.length === 0) return { version: version - 1, state: undefined };
  const state = decodePlain(body);
  sealDecoded(state);
  return { version, state };
}
