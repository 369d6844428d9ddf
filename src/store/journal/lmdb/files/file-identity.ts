/** Tells whether two paths, or one path at two times, lead to the same file. */

import { type BigIntStats, statSync } from "node:fs";

/** A file by what its file system calls it. No other file has the same while this one exists or is open. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The file at a path now; `undefined` where there is none. @throws Error for a path that can't be looked at. */
export function identityOf(path: string): FileIdentity | undefined {
  const stats: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && { dev: stats.dev, ino: stats.ino };
}

export function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}
