/** Commits as bytes: each record as a journal on disk keeps it, after its key and version. */

import type { CommitRecord } from "../../store/versions/commit.ts";
import { decodePlain, encodePlain } from "../../store/journal/records/plain-text.ts";
import { decodeRecord, encodeRecord, type Decoded } from "../../store/journal/records/record-codec.ts";
import { replay } from "../../store/journal/records/replay.ts";
import { type Snapshot, snapshotOf } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";

const lengthBytes = 4;

type Label = readonly [key: StateKey, version: number];

export function encodeCommit(records: readonly CommitRecord[]): Buffer {
  return framed(
    records.flatMap((record) => {
      const { key, version } = record.snapshot;
      return [encodePlain([key, version] satisfies Label), encodeRecord(record)];
    }),
  );
}

/** Joins commits that {@link encodeCommit} has made. */
export function joinCommits(commits: readonly Buffer[]): Buffer {
  return framed(commits);
}

/** The records of each commit, without their states. */
export function decodeCommits(bytes: Buffer): Decoded[][] {
  return unframed(bytes).map((commit) => {
    const frames = unframed(commit);
    const records: Decoded[] = [];
    for (let i = 0; i < frames.length; i += 2) {
      const [key, version] = decodePlain(frames[i] as Buffer) as Label;
      records.push(decodeRecord(key, version, frames[i + 1] as Buffer));
    }
    return records;
  });
}

/** @param head the newest version of a key before the commit. */
export function recordsOf(
  commit: readonly Decoded[],
  head: (key: StateKey) => Snapshot | undefined,
): readonly CommitRecord[] {
  const made = new Map<StateKey, Snapshot>();
  return commit.map(({ meta, patches }) => {
    const { key, version } = meta;
    const state = replay(key, version, (made.get(key) ?? head(key))?.state, patches);
    const snapshot = snapshotOf(meta, state);
    made.set(key, snapshot);
    return { snapshot, patches };
  });
}

function framed(frames: readonly Buffer[]): Buffer {
  const lengths = frames.map(({ length }) => {
    const bytes = Buffer.allocUnsafe(lengthBytes);
    bytes.writeUInt32LE(length);
    return bytes;
  });
  return Buffer.concat(frames.flatMap((frame, i) => [lengths[i] as Buffer, frame]));
}

function unframed(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + lengthBytes + bytes.readUInt32LE(at);
    frames.push(bytes.subarray(at + lengthBytes, end));
    at = end;
  }
  return frames;
}
