/**
 * One owner a journal. The owner has the file `owner-<n>` with the highest n; who wants to follow one that is gone makes the
 * file with the next number, which only one can. Numbers go up only, so who decides on what has changed meanwhile is found out:
 * its number is taken, or isn't the highest.
 */

import { linkSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TroupeError } from "../../../../errors/troupe-error.ts";
import { notWritable } from "../journal-errors.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const ownerName = /^owner-(\d+)$/;

export interface Ownership {
  /** Gives the journal back. */
  release(): void;
}

/**
 * Makes this process the owner of the journal in `directory`, which exists.
 *
 * @throws TroupeError `journal-in-use` that names the process that owns it; it may be this one; `journal-failed` where nothing
 * can be written.
 */
export function ownJournal(directory: string): Ownership {
  for (;;) {
    const last = lastOwner(directory);
    checkNotRunning(directory, last);
    const number = (last?.number ?? 0) + 1;
    if (!claim(directory, number)) continue;
    if (lastOwner(directory)?.number !== number) {
      rmSync(join(directory, `owner-${number}`));
      continue;
    }
    for (const older of ownerNumbers(directory)) {
      if (older < number) rmSync(join(directory, `owner-${older}`), { force: true });
    }
    // emptied, since the number has to stay, and a full disk takes nothing else
    return { release: () => truncateSync(join(directory, `owner-${number}`)) };
  }
}

/** The process that owns a journal now. */
export function ownerOf(directory: string): ProcessIdentity | undefined {
  const claimed = lastOwner(directory)?.claimed;
  return claimed !== undefined && isRunning(claimed) ? claimed : undefined;
}

function checkNotRunning(directory: string, last: ReturnType<typeof lastOwner>): void {
  if (last?.claimed === undefined || !isRunning(last.claimed)) return;
  const { pid } = last.claimed;
  const whose = pid === process.pid ? "this very process" : `process ${pid}`;
  throw new TroupeError(
    "journal-in-use",
    `The journal in ${directory} is in use by ${whose}. Close it there, or open it with readOnly to look on.`,
    { details: { directory, pid } },
  );
}

/** A file that says nothing has no owner: it gave the journal back, or was cut off with the machine, as files are linked whole. */
function lastOwner(
  directory: string,
): { readonly number: number; readonly claimed: ProcessIdentity | undefined } | undefined {
  const number = Math.max(0, ...ownerNumbers(directory));
  if (number === 0) return undefined;
  try {
    return { number, claimed: JSON.parse(readFileSync(join(directory, `owner-${number}`), "utf8")) as ProcessIdentity };
  } catch {
    return { number, claimed: undefined };
  }
}

function ownerNumbers(directory: string): readonly number[] {
  return readdirSync(directory).flatMap((name) => {
    const number = ownerName.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** Makes the file of a number as a whole or not at all; false when it is there. */
function claim(directory: string, number: number): boolean {
  const draft = join(directory, `claim-${process.pid}-${number}`);
  try {
    writeFileSync(draft, JSON.stringify(ownIdentity()));
    linkSync(draft, join(directory, `owner-${number}`));
    return true;
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    // gone: another thread of this process made the same claim
    if (["EEXIST", "ENOENT"].includes(code)) return false;
    throw notWritable(directory, `who owns it can't be written down (${message})`, error);
  } finally {
    rmSync(draft, { force: true });
  }
}
