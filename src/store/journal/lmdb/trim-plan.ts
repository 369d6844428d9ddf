/** Plans the removal of all versions of a key before a given one. */

import type { StateKey } from "../../versions/state-key.ts";
import { versionPlace } from "../records/entry-key.ts";
import type { KeyRow } from "../records/key-row.ts";
import type { Environment, TableName } from "./lmdb-environment.ts";
import { encodePlain } from "../records/plain-text.ts";
import { sealBytes } from "../records/sealed-bytes.ts";
import { readRecord, readVersion } from "./version-reader.ts";

interface TrimPlan {
  readonly removed: readonly (readonly [table: TableName, place: Buffer])[];
  /** The checkpoint of the first version that stays: it is kept whole, as its predecessors go. */
  readonly place: Buffer;
  readonly checkpoint: Buffer;
  readonly row: KeyRow;
  /** The idempotency keys of the removed versions. */
  readonly idempotencyKeys: readonly (readonly [idempotencyKey: string, version: number])[];
}

/** @param first the version that becomes the oldest; it must exist. */
export function planTrim(tables: Environment["tables"], key: StateKey, row: KeyRow, first: number): TrimPlan {
  const removed: (readonly [TableName, Buffer])[] = [];
  const idempotencyKeys: (readonly [string, number])[] = [];
  let { bytes } = row;
  const remove = (table: TableName, place: Buffer): void => {
    const entry = tables[table].get(place);
    if (entry === undefined) return;
    bytes -= place.length + entry.length;
    removed.push([table, place]);
  };
  for (let version = row.oldest; version < first; version++) {
    const { idempotencyKey } = readRecord(tables, key, row, version).meta;
    if (idempotencyKey !== undefined) idempotencyKeys.push([idempotencyKey, version]);
    const place = versionPlace(row.id, version);
    const where = tables.versions.get(place);
    if (where !== undefined) remove("records", where);
    remove("versions", place);
    remove("checkpoints", place);
  }
  const place = versionPlace(row.id, first);
  const state = encodePlain(readVersion(tables, key, row, first).state);
  const checkpoint = sealBytes(place, state);
  const before = tables.checkpoints.get(place);
  bytes += checkpoint.length - (before?.length ?? -place.length);
  const isNewest = row.checkpoint <= first;
  return {
    removed,
    place,
    checkpoint,
    row: { ...row, oldest: first, bytes, ...(isNewest ? { checkpoint: first, checkpointBytes: state.length } : {}) },
    idempotencyKeys,
  };
}
