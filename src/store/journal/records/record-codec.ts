/** Encodes a version as bytes: its meta, and the patches from the version before. */

import type { CommitRecord } from "../../versions/commit.ts";
import type { Patch, PatchPath } from "../../versions/patch.ts";
import type { SnapshotMeta } from "../../versions/snapshot.ts";
import type { StateKey } from "../../versions/state-key.ts";
import { decodePlain, encodePlain } from "./plain-text.ts";

/** A record without its state, which is computed by replaying patches. */
export interface Decoded {
  readonly meta: SnapshotMeta;
  readonly patches: readonly Patch[];
}

type PatchRow = readonly [op: number, path: PatchPath, value?: unknown];
type RecordRow = readonly [
  author: string,
  time: number,
  position: number,
  patches: readonly PatchRow[],
  /** All other fields of the meta. A missing schema means version 1. */
  more?: Readonly<Record<string, unknown>>,
];

const ops = ["remove", "add", "replace"] as const;

export function encodeRecord({ snapshot, patches }: CommitRecord): Buffer {
  const {
    state: _,
    key: _key,
    version: _version,
    parent: _parent,
    author,
    time,
    position,
    schema,
    ...others
  } = snapshot;
  const more = schema === 1 ? others : { schema, ...others };
  const rows = patches.map(patchRow);
  return encodePlain(
    Object.keys(more).length === 0 ? [author, time, position, rows] : [author, time, position, rows, more],
  );
}

/** The counterpart of {@link encodeRecord}. The result isn't frozen. */
export function decodeRecord(key: StateKey, version: number, bytes: Buffer): Decoded {
  const [author, time, position, rows, more] = decodePlain(bytes) as RecordRow;
  return {
    meta: { key, version, parent: version - 1, author, time, position, schema: 1, ...more },
    patches: rows.map(patchOf),
  };
}

/** True when the patches give the whole state, independently of the state before. */
export function startsAnew(patches: readonly Patch[]): boolean {
  const [first] = patches;
  return first?.op === "replace" && first.path.length === 0;
}

function patchRow({ op, path, value }: Patch): PatchRow {
  return op === "remove" ? [ops.indexOf(op), path] : [ops.indexOf(op), path, value];
}

function patchOf([op, path, value]: PatchRow): Patch {
  const name = ops[op];
  if (name === undefined) throw new Error(`unknown patch ${op}`);
  return name === "remove" ? { op: name, path } : { op: name, path, value };
}
