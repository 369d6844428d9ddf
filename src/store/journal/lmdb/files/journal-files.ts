/**
 * The files of a journal: `data-<n>.mdb`, of which the one with the highest n is the journal; LMDB's lock file; and the
 * owner's file.
 */

import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { TroupeError } from "../../../../errors/troupe-error.ts";
import { notOpenable } from "../journal-errors.ts";
import { lockOf } from "./lock-file.ts";
import { isRunning } from "./process-identity.ts";

const dataName = /^data-(\d+)\.mdb$/;
const lockDraftName = /\.mdb-lock-(\d+)$/;
const dataOrLockName = /^data-(\d+)\.mdb(?:-lock)?$/;
const draftName = "draft.mdb";

/**
 * Makes the directory, and those above it, where there are none.
 *
 * @throws TroupeError `no-such-journal` where there can't be one; `journal-failed` where it can't be made now.
 */
export function makeDirectory(directory: string): void {
  try {
    if (!isDirectory(directory)) makeWithParents(directory);
    syncDirectory(dirname(directory));
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (!["ENOENT", "ENOTDIR", "EEXIST"].includes(code)) throw notOpenable(directory, message, cause);
    throw noSuchJournal(directory, "it can't be made a directory", cause);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** As `recursive` of `mkdir` does, which never returns in a directory that takes none, such as `/proc` (Node.js 20). */
function makeWithParents(directory: string): void {
  const parent = dirname(directory);
  try {
    return makeOne(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === directory) throw error;
  }
  if (statSync(parent, { throwIfNoEntry: false }) === undefined) {
    makeWithParents(parent);
    syncDirectory(dirname(parent));
  }
  makeOne(directory); // fails again in a directory that takes none
}

/** Another process or thread may make it at the same time. */
function makeOne(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !isDirectory(directory)) throw error;
  }
}

/** The data file in force; `undefined` if there is none yet. @throws TroupeError `no-such-journal`. */
export function dataFileOf(directory: string): string | undefined {
  const newest = Math.max(0, ...dataNumbers(directory));
  return newest === 0 ? undefined : join(directory, `data-${newest}.mdb`);
}

/**
 * The path at which a data file is made before it is put in force. Removes the remains of an earlier attempt that was
 * interrupted.
 */
export function draftFile(directory: string): string {
  removeDraft(directory);
  return join(directory, draftName);
}

/** Removes the draft and its lock file, if there are any. */
export function removeDraft(directory: string): void {
  for (const file of [draftName, lockOf(draftName)]) rmSync(join(directory, file), { force: true });
}

/** The path that the next data file gets. */
export function nextDataFile(directory: string): string {
  return join(directory, `data-${Math.max(0, ...dataNumbers(directory)) + 1}.mdb`);
}

/**
 * Puts the draft in force as `file`, with its lock file, which goes first: no reader finds the one without the other. The
 * change is on disk when this returns, and is atomic even if the machine stops. When it throws, the draft is in force, or
 * isn't: whether `file` is there says so.
 */
export function promoteDraft(directory: string, file: string): void {
  const draft = join(directory, draftName);
  sync(draft, "r+");
  renameSync(lockOf(draft), lockOf(file));
  renameSync(draft, file);
  syncDirectory(directory);
}

/**
 * Removes the data files before the one in force, lock files without a data file, and lock files that a process which is
 * gone was about to make.
 */
export function removeOlder(directory: string): void {
  const newest = Math.max(0, ...dataNumbers(directory));
  for (const name of readdirSync(directory)) {
    const number = Number(dataOrLockName.exec(name)?.[1] ?? newest);
    const maker = lockDraftName.exec(name)?.[1];
    const isRemains = number !== newest || (maker !== undefined && !isRunning({ pid: Number(maker) }));
    if (isRemains) rmSync(join(directory, name), { force: true });
  }
}

/** @throws TroupeError `no-such-journal` when there is no directory. */
function dataNumbers(directory: string): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (!["ENOENT", "ENOTDIR"].includes(code)) throw notOpenable(directory, message, cause);
    throw noSuchJournal(directory, "there is no such directory", cause);
  }
  return names.flatMap((name) => {
    const number = dataName.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

export function noSuchJournal(directory: string, what: string, cause?: unknown): TroupeError {
  return new TroupeError("no-such-journal", `There is no journal in ${directory}: ${what}. Check the path.`, {
    details: { directory },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Flushes the directory, so that a renamed file's name is durable. Windows can't do that and doesn't need it. */
function syncDirectory(directory: string): void {
  if (process.platform === "win32" || !statSync(directory).isDirectory()) return;
  sync(directory, "r");
}

function sync(path: string, flags: "r" | "r+"): void {
  const handle = openSync(path, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
