/**
 * The row of a key: all that a commit has to know of the key. Updated with every commit, so that a commit reads nothing
 * else.
 */

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
}

const fields = ["id", "newest", "oldest", "bytes", "checkpoint", "checkpointBytes", "replayBytes"] as const;
const fieldBytes = 6;
const rowBytes = fields.length * fieldBytes;

export function newKeyRow(id: KeyId): KeyRow {
  return { id, newest: 0, oldest: 1, bytes: 0, checkpoint: 0, checkpointBytes: 0, replayBytes: 0 };
}

export function encodeKeyRow(row: KeyRow): Buffer {
  const bytes = Buffer.allocUnsafe(rowBytes);
  fields.forEach((field, i) => bytes.writeUIntBE(row[field], i * fieldBytes, fieldBytes));
  return bytes;
}

/** Returns `undefined` for bytes that aren't a row. */
export function decodeKeyRow(bytes: Buffer): KeyRow | undefined {
  if (bytes.length !== rowBytes) return undefined;
  const [id = 0, newest = 0, oldest = 0, size = 0, checkpoint = 0, checkpointBytes = 0, replayBytes = 0] = fields.map(
    (_, i) => bytes.readUIntBE(i * fieldBytes, fieldBytes),
  );
  return { id, newest, oldest, bytes: size, checkpoint, checkpointBytes, replayBytes };
}
