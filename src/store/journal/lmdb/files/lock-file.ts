/**
 * LMDB's lock file, `<data file>-lock`: its table of readers, which all processes map. It is made here, before LMDB opens
 * it, with all its bytes written: LMDB would leave holes in it, and the first write to a hole ends the process on a full
 * disk. And it is made for the owner of the data file, also when another user looks on.
 *
 * Never opened here once it exists: closing it would drop the locks that this process has on it.
 */

import {
  accessSync,
  chownSync,
  constants,
  linkSync,
  lstatSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { freeBytesIn, notOpenable } from "../journal-errors.ts";

/** LMDB needs 8,272 for 126 readers; it takes what there is for more. */
const lockBytes = 16_384;
const blockBytes = 512;

/** Whether a process is in the table of readers, so that the owner leaves alone the pages that it reads. */
export type Registration = "registered" | "unregistered";

export function lockOf(file: string): string {
  return `${file}-lock`;
}

/**
 * Makes sure that LMDB can open the lock file of a data file that exists, and makes it if there is none. Where a reader may
 * not write, LMDB reads without it: `unregistered`.
 *
 * @throws TroupeError `journal-failed` where that can't be.
 */
export function prepareLock(file: string, options: { readonly readOnly: boolean }): Registration {
  const { readOnly } = options;
  const lock = lockOf(file);
  for (;;) {
    const stats = statSync(lock, { throwIfNoEntry: false });
    if (stats === undefined && lstatSync(lock, { throwIfNoEntry: false })?.isSymbolicLink())
      throw notOpenable(dirname(file), `${lock} is a link that leads nowhere`);
    const obstacle = obstacleTo(stats === undefined ? dirname(lock) : lock);
    if (obstacle !== undefined) {
      if (readOnly && (obstacle.code === "EACCES" || obstacle.code === "EROFS")) return "unregistered";
      throw notOpenable(dirname(file), `${lock} can't be written (${obstacle.message})`, obstacle);
    }
    if (stats !== undefined) {
      checkLock(lock, stats);
      return "registered";
    }
    makeLock(file, lock);
  }
}

function obstacleTo(path: string): NodeJS.ErrnoException | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function checkLock(lock: string, stats: Stats): void {
  const directory = dirname(lock);
  if (!stats.isFile()) throw notOpenable(directory, `${lock} is no file`);
  const isWhole = stats.size >= lockBytes / 2 && (stats.blocks ?? 0) * blockBytes >= stats.size;
  const freeBytes = freeBytesIn(directory);
  if (!isWhole && freeBytes !== undefined && freeBytes < 2 * lockBytes)
    throw notOpenable(directory, `the disk is full, and ${lock} needs room (${freeBytes} bytes are free there)`);
}

/** Makes the lock file as a whole: it is linked to its place once it is written. */
function makeLock(file: string, lock: string): void {
  const directory = dirname(lock);
  const draft = `${lock}-${process.pid}`;
  const { uid, gid, mode } = statSync(file);
  try {
    writeFileSync(draft, Buffer.alloc(lockBytes), { mode: mode & 0o666 });
    const made = statSync(draft);
    if (made.uid !== uid || made.gid !== gid) chownSync(draft, uid, gid);
    linkSync(draft, lock);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw notOpenable(directory, `${lock} can't be made for its owner (${message})`, cause);
  } finally {
    rmSync(draft, { force: true });
  }
}
