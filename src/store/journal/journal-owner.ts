/**
 * One owner a journal. The owner has the file `owner-<n>` with the highest n; who wants to follow one that is gone makes the
 * file with the next number, which only one can. Numbers go up only, so who decides on what has changed meanwhile is found out:
 * its number is taken, or isn't the highest.
 */

import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TroupeError } from "../../errors/troupe-error.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const ownerName = /^owner-(\d+)$/;

/** What an owner's file says: who it is, or that it gave the journal back. */
type Claim = ProcessIdentity | { readonly released: true };

export interface Ownership {
  /** Gives the journal back. */
  release(): void;
}

/**
 * Makes this process the owner of the journal in `directory`, which exists.
 *
 * @throws TroupeError `journal-in-use` that names the process that owns it; it may be this one.
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
    return { release: () => replace(directory, number, { released: true }) };
  }
}

/** The process that owns a journal now. */
export function ownerOf(directory: string): ProcessIdentity | undefined {
  const claimed = lastOwner(directory)?.claimed;
  return claimed !== undefined && "pid" in claimed && isRunning(claimed) ? claimed : undefined;
}

function checkNotRunning(directory: string, last: ReturnType<typeof lastOwner>): void {
  if (last?.claimed === undefined || !("pid" in last.claimed) || !isRunning(last.claimed)) return;
  const { pid } = last.claimed;
  const whose = pid === process.pid ? "this very process" : `process ${pid}`;
  throw new TroupeError(
    "journal-in-use",
    `The journal in ${directory} is in use by ${whose}. Close it there, or open it with readOnly to look on.`,
    { details: { directory, pid } },
  );
}

/** A file that can't be read says nothing: its owner was cut off with the machine, as a whole file is linked in one step. */
function lastOwner(directory: string): { readonly number: number; readonly claimed: Claim | undefined } | undefined {
  const number = Math.max(0, ...ownerNumbers(directory));
  if (number === 0) return undefined;
  try {
    return { number, claimed: JSON.parse(readFileSync(join(directory, `owner-${number}`), "utf8")) as Claim };
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
  writeFileSync(draft, JSON.stringify(ownIdentity()));
  try {
    linkSync(draft, join(directory, `owner-${number}`));
    return true;
  } catch (error) {
    // gone: another thread of this process made the same claim
    if (["EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function replace(directory: string, number: number, claimed: Claim): void {
  const draft = join(directory, `claim-${process.pid}-${number}`);
  writeFileSync(draft, JSON.stringify(claimed));
  renameSync(draft, join(directory, `owner-${number}`));
}
