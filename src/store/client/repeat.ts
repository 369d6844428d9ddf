/**
 * Tells whether a change is what was committed before: over the versions that the original commit was computed from, it comes
 * to the same states. Over the newest versions it need not: there the original has been applied already.
 */

import { isDeepStrictEqual } from "node:util";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { isWrite, type KeyChange } from "../versions/commit.ts";
import type { Position, Snapshot, SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import type { Change, Subject } from "./change.ts";

/** A commit that was made before: the versions that it wrote. */
export interface Original {
  readonly position: Position;
  readonly written: readonly SnapshotMeta[];
}

/**
 * - `same`: with the version that each subject of the change had right after the original.
 * - `dropped`: can't be told, as retention has dropped a version that the original was computed from.
 */
export type Comparison =
  | { readonly verdict: "same"; readonly snapshots: readonly Snapshot[] }
  | { readonly verdict: "different" }
  | { readonly verdict: "dropped" };

const different: Comparison = { verdict: "different" };
const dropped: Comparison = { verdict: "dropped" };

/** @param access where versions are read; versions that were read before may come from a memory. */
export async function compareTo(
  access: Pick<StoreAccess, "at" | "extent">,
  change: Change,
  { position, written }: Original,
): Promise<Comparison> {
  const { subjects } = change;
  if (!written.every(({ key }) => subjects.some((subject) => subject.key === key))) return different;
  const bases: (Snapshot | undefined)[] = [];
  const after: Snapshot[] = [];
  for (const { key } of subjects) {
    const meta = written.find((version) => version.key === key);
    const base = await baseOf(access, key, meta, position);
    const next = meta === undefined ? base : await access.at(key, meta.version);
    if (base === undefined && meta?.parent !== 0) return (await isTrimmed(access, key)) ? dropped : different;
    if (next === undefined) return dropped;
    bases.push(base);
    after.push(next);
  }
  const changes = changesOver(change, bases);
  if (changes === undefined) return different;
  const isSame = changes.every((next, i) => {
    const isWritten = written.some(({ key }) => key === next.key);
    if (!isWrite(next) || !isWritten) return isWrite(next) === isWritten;
    return isEqual(subjects[i] as Subject, next.state, after[i] as Snapshot);
  });
  return isSame ? { verdict: "same", snapshots: after } : different;
}

function baseOf(
  access: Pick<StoreAccess, "at">,
  key: StateKey,
  meta: SnapshotMeta | undefined,
  position: Position,
): Promise<Snapshot | undefined> | undefined {
  if (meta === undefined) return access.at(key, { position });
  return meta.parent === 0 ? undefined : access.at(key, meta.parent);
}

async function isTrimmed(access: Pick<StoreAccess, "extent">, key: StateKey): Promise<boolean> {
  const extent = await access.extent(key);
  return extent !== undefined && extent.oldest > 1;
}

/**
 * `undefined` when the recipe fails over them, or comes to no valid state: the original did not, so it is another change.
 *
 * @throws whatever else keeps the change from being computed, such as `no-upcaster`: that says nothing about whether it is the same.
 */
function changesOver(change: Change, bases: readonly (Snapshot | undefined)[]): readonly KeyChange[] | undefined {
  try {
    return change.next(bases);
  } catch (error) {
    if (isTroupeError(error, "recipe-failed") || isTroupeError(error, "invalid-state")) return undefined;
    throw error;
  }
}

function isEqual({ definition }: Subject, state: unknown, after: Snapshot): boolean {
  return isDeepStrictEqual(definition.upcast(after).state, state);
}
