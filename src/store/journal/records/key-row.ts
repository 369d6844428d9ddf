/**
 * The row of a key: all that a commit has to know of the key. Updated with every commit, so that a commit reads nothing
 * else.
 */

import type { Mutable } from "../../../values/mutable.ts";
import type { KeyId } from "./entry-key.ts";

export interface KeyRow {
  readonly id: KeyId;
  newest: number;
  oldest: number;
  /** The size of its records and checkpoints. */
  bytes: number;
  /** The newest version that can be read without the versions before it. */
  checkpoint: number;
  /** The size of that version's state. */
  checkpointBytes: number;
  /** The cost of reading the newest version: the size of the patches since the checkpoint. */
  replayBytes: number;
  /** True when the newest version is a tombstone. */
  isErased: boolean;
}

const fields = ["id", "newest", "oldest", "bytes", "checkpoint", "checkpointBytes", "replayBytes"] as const;
const fieldBytes = 6;
const rowBytes = fields.length * fieldBytes;
/** So the row of a key that was erased can be told by its size alone. */
const erasedRowBytes = rowBytes + 1;

export function newKeyRow(id: KeyId): KeyRow {
  return { id, newest: 0, oldest: 1, bytes: 0, checkpoint: 0, checkpointBytes: 0, replayBytes: 0, isErased: false };
}

export function encodeKeyRow(row: KeyRow): Buffer {
  const bytes = Buffer.alloc(row.isErased ? erasedRowBytes : rowBytes);
  fields.forEach((field, i) => bytes.writeUIntBE(row[field], i * fieldBytes, fieldBytes));
  return bytes;
}

/** True for the row, by its length, of a key whose newest version is a tombstone. */
export function isErasedRow(length: number): boolean {
  return length === erasedRowBytes;
}

/** Returns `undefined` for bytes that aren't a row. */
export function decodeKeyRow(bytes: Buffer): KeyRow | undefined {
  const isErased = isErasedRow(bytes.length);
  if (bytes.length !== rowBytes && !isErased) return undefined;
  const row: KeyRow = { ...newKeyRow(0), isErased };
  for (let i = 0; i < fields.length; i++)
    (row as Mutable<KeyRow>)[fields[i] as (typeof fields)[number]] = bytes.readUIntBE(i * fieldBytes, fieldBytes);
  return row;
}
