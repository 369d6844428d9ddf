/** Plans the removal of all that a key has before a version, whatever its state: nothing of it is needed any more. */

import { isTroupeError } from "../../../errors/troupe-error.ts";
import type { StateKey } from "../../versions/state-key.ts";
import { placeOf, versionPlace } from "../records/entry-key.ts";
import type { KeyRow } from "../records/key-row.ts";
import type { Environment, TableName } from "./lmdb-environment.ts";
import { readRecord } from "./version-reader.ts";

/** A key of which all before a version is to be removed. */
export interface ErasedKey {
  readonly key: StateKey;
  readonly row: KeyRow;
  readonly before: number;
}

export interface ErasePlan {
  readonly removed: readonly (readonly [table: TableName, place: Buffer])[];
  readonly idempotencyKeys: ReadonlySet<string>;
}

/** @param row a row of the key; of any of its versions, as only its number is looked at. */
export function planErase(tables: Environment["tables"], key: StateKey, row: KeyRow, before: number): ErasePlan {
  const removed: (readonly [TableName, Buffer])[] = [];
  const idempotencyKeys = new Set<string>();
  const range = { start: versionPlace(row.id, 0), end: versionPlace(row.id, before) };
  for (const { key: place, value: where } of tables.versions.range(range)) {
    const idempotencyKey = idempotencyKeyOf(tables, key, row, placeOf(place).version);
    if (idempotencyKey !== undefined) idempotencyKeys.add(idempotencyKey);
    removed.push(["versions", Buffer.from(place)], ["records", Buffer.from(where)]);
  }
  for (const { key: place } of tables.checkpoints.range(range)) removed.push(["checkpoints", Buffer.from(place)]);
  return { removed, idempotencyKeys };
}

/** `undefined` also for a damaged record, which is removed all the same. */
function idempotencyKeyOf(
  tables: Environment["tables"],
  key: StateKey,
  row: KeyRow,
  version: number,
): string | undefined {
  try {
    return readRecord(tables, key, row, version).meta.idempotencyKey;
  } catch (error) {
    if (isTroupeError(error, "journal-corrupt")) return undefined;
    throw error;
  }
}
