/** Tells whether two paths, or one path at two times, lead to the same file. */

import { type BigIntStats, statSync } from "node:fs";

/** A file by what its file system calls it. No other file has the same while this one exists or is open. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A file as it was looked at, or a directory, which changes with its entries. */
export interface FileLook extends FileIdentity {
  /** When it changed last, in nanoseconds by the clock of its file system. */
  readonly changed: bigint;
}

/** Two changes that are so many nanoseconds apart have different times: some file systems count them in steps of two seconds. */
const coarse = 2_500_000_000n;
/** The same where times have parts of seconds: these come in steps of a hundredth of a second at most. */
const fine = 100_000_000n;

/** The file at a path now; `undefined` where there is none. @throws Error for a path that can't be looked at. */
export function identityOf(path: string): FileLook | undefined {
  const stats: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && { dev: stats.dev, ino: stats.ino, changed: stats.mtimeNs };
}

export function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}

/** Whether a file has been there, unchanged, since an earlier look, which was a settled one. */
export function isUnchanged(now: FileLook | undefined, before: FileLook | undefined): boolean {
  return isSameFile(now, before) && now?.changed === before?.changed;
}

/** Whether whatever changes a directory from now on will have another time. A file that was just written tells how late it is. */
export function isSettled(directory: FileLook, written: FileLook): boolean {
  return written.changed - directory.changed > (directory.changed % 1_000_000_000n === 0n ? coarse : fine);
}
