/**
 * The files of a journal: `data-<n>.mdb`, of which the one with the highest n is the journal; LMDB's lock file; and the
 * owner's file.
 */

import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { TroupeError } from "../../../../errors/troupe-error.ts";

const dataName = /^data-(\d+)\.mdb$/;
const draftName = "draft.mdb";

/** Makes the directory if there is none. @throws TroupeError `no-such-journal` when something else has its name. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw noSuchJournal(directory, "it can't be made a directory", cause);
  }
  syncDirectory(dirname(directory));
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
  removeData(directory, draftName);
  return join(directory, draftName);
}

/** Puts the draft in force. The change is on disk when this returns, and is atomic even if the machine stops. */
export function promoteDraft(directory: string): string {
  const draft = join(directory, draftName);
  const numbers = dataNumbers(directory);
  const file = join(directory, `data-${Math.max(0, ...numbers) + 1}.mdb`);
  sync(draft, "r+");
  rmSync(`${draft}-lock`, { force: true });
  renameSync(draft, file);
  syncDirectory(directory);
  return file;
}

/** Removes the data files before the one in force. */
export function removeOlder(directory: string): void {
  const numbers = dataNumbers(directory);
  const newest = Math.max(0, ...numbers);
  for (const number of numbers) if (number < newest) removeData(directory, `data-${number}.mdb`);
}

/** @throws TroupeError `no-such-journal` when there is no directory. */
function dataNumbers(directory: string): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (cause) {
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

function removeData(directory: string, name: string): void {
  for (const file of [name, `${name}-lock`]) rmSync(join(directory, file), { force: true });
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
