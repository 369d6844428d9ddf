/**
 * Checks, before LMDB opens a data file, that it can. LMDB ends the process where opening fails half way: lmdb 3.5.6 frees
 * the environment's context and then uses it (`EnvWrap::openEnv`).
 */

import { closeSync, constants, ftruncateSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { notOpenable, openingFailed } from "../journal-errors.ts";
import { prepareLock, type Registration } from "./lock-file.ts";

/** How many handles LMDB opens at once, and two for what other threads open meanwhile. */
const handles = 6;
/** The first pages of a new file, with the largest pages that systems have. */
const newFileBytes = 128 * 1024;

/**
 * Makes the data file, empty, if there is none and it isn't `readOnly`.
 *
 * @throws TroupeError `journal-failed` for a file that LMDB can't open.
 */
export function prepareToOpen(file: string, options: { readonly readOnly: boolean }): Registration {
  const opened: number[] = [];
  try {
    if (!options.readOnly) makeFile(file);
    const flags = options.readOnly ? constants.O_RDONLY : constants.O_RDWR;
    for (let i = 0; i < handles; i++) opened.push(openSync(file, flags));
    if (!statSync(file).isFile()) throw notOpenable(dirname(file), `${file} is no file`);
    return prepareLock(file, options);
  } catch (cause) {
    throw openingFailed(dirname(file), cause);
  } finally {
    for (const handle of opened) closeSync(handle);
  }
}

/** Makes an empty file where there is room for what LMDB writes to it first. */
function makeFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  const handle = openNew(file);
  try {
    writeFileSync(handle, Buffer.alloc(newFileBytes));
    ftruncateSync(handle);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
}

/** The owner of a directory that was moved away may still make its draft, by the path, in the one that is there now. */
function openNew(file: string): number {
  try {
    return openSync(file, "wx", 0o664);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    rmSync(file);
    return openSync(file, "wx", 0o664);
  }
}
