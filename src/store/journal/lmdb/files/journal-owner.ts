/**
 * Ensures that a journal has one owner. The owner has the file `owner-<n>` with the highest n. To succeed an owner that
 * is gone, a process creates the file with the next number, which only one process can. Numbers only rise, so a process
 * that decided by outdated files notices it: its number is taken, or isn't the highest.
 */

import { linkSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TroupeError } from "../../../../errors/troupe-error.ts";
import { notWritable } from "../journal-errors.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const ownerName = /^owner-(\d+)$/;

export interface Ownership {
  /** Gives the journal up. */
  release(): void;
}

/**
 * Makes this process the owner of the journal in `directory`, which exists.
 *
 * @throws TroupeError `journal-in-use`, which names the owner (it may be this process); `journal-failed` if nothing can
 * be written.
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
    // emptied, not removed, since the number has to stay; this works on a full disk too
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

/**
 * The newest claim. A file without a claim means that its owner gave the journal up, or that the machine stopped before
 * the claim was on disk: claims are linked as whole files.
 */
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

/** Creates the file of a number atomically; returns false if it exists. */
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
