/**
 * Ensures that a journal has one owner. The owner has the file `owner-<n>` with the highest n. To succeed an owner that
 * is gone, a process creates the file with the next number, which only one process can. Numbers only rise, so a process
 * that decided by outdated files notices it: its number is taken, or isn't the highest.
 */

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TroupeError } from "../../../../errors/troupe-error.ts";
import { notWritable } from "../journal-errors.ts";
import { identityOf, isSameFile } from "./file-identity.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const ownerName = /^owner-(\d+)$/;
const claimName = /^claim-(\d+)-\d+$/;

export interface Ownership {
  /** False once the directory was moved, removed or replaced, or another process has succeeded this one. */
  isInForce(): boolean;
  /** Gives the journal up, wherever its directory is now. */
  release(): void;
}

/** The file of an owner, open: so it is known again, and can be emptied, after its directory was moved. */
interface Claim {
  readonly path: string;
  readonly handle: number;
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
    const claimed = claim(directory, number);
    if (claimed === undefined) continue;
    try {
      if (lastOwner(directory)?.number === number) {
        removeRemains(directory, number);
        return ownership(claimed);
      }
      rmSync(claimed.path);
    } catch (error) {
      ftruncateSync(claimed.handle);
      closeSync(claimed.handle);
      throw error;
    }
    closeSync(claimed.handle);
  }
}

function ownership({ path, handle }: Claim): Ownership {
  const { dev, ino } = fstatSync(handle, { bigint: true });
  return {
    isInForce: () => isSameFile(identityOf(path), { dev, ino }),
    release() {
      // emptied, not removed, since the number has to stay; this works on a full disk too
      ftruncateSync(handle);
      closeSync(handle);
    },
  };
}

/** Removes the files of owners before this one, and those of processes that were killed while they claimed. */
function removeRemains(directory: string, number: number): void {
  for (const name of readdirSync(directory)) {
    const older = Number(ownerName.exec(name)?.[1] ?? number);
    const claimant = claimName.exec(name)?.[1];
    const isRemains = older < number || (claimant !== undefined && !isRunning({ pid: Number(claimant) }));
    if (isRemains) rmSync(join(directory, name), { force: true });
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
  } catch (error) {
    // a file that can't be read may well have an owner
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { number, claimed: undefined };
  }
}

function ownerNumbers(directory: string): readonly number[] {
  return readdirSync(directory).flatMap((name) => {
    const number = ownerName.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** Creates the file of a number atomically; returns `undefined` if it exists. */
function claim(directory: string, number: number): Claim | undefined {
  const draft = join(directory, `claim-${process.pid}-${number}`);
  const path = join(directory, `owner-${number}`);
  let handle: number | undefined;
  try {
    handle = openSync(draft, "w");
    writeFileSync(handle, JSON.stringify(ownIdentity()));
    linkSync(draft, path);
    return { path, handle };
  } catch (error) {
    if (handle !== undefined) closeSync(handle);
    const { code = "", message } = error as NodeJS.ErrnoException;
    // gone: another thread of this process made the same claim
    if (["EEXIST", "ENOENT"].includes(code)) return undefined;
    throw notWritable(directory, `who owns it can't be written down (${message})`, error);
  } finally {
    rmSync(draft, { force: true });
  }
}
