/**
 * Runs `fixtures/compacting.mjs` under `strace`, with one system call failing in each run: first once without a fault, to
 * see which calls there are, then once for each of them.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lmdbJournal } from "../../src/store/journal/lmdb/lmdb-journal.ts";
import { verifyJournal } from "../../src/store/journal/lmdb/verify-journal.ts";
import type { Durability } from "../../src/store/journal/lmdb/durability.ts";

/** A system call of the program on the journal's files. */
export interface Site {
  readonly call: string;
  /** Which one it is of those of the same name on the same thread, from 1. */
  readonly number: number;
  /** What `strace` printed of it. */
  readonly text: string;
  /**
   * True for those whose failure lmdb 3.5.6 doesn't bear, so that the process ends: those that it makes while it opens a file
   * (see `src/store/journal/lmdb/files/openable.ts`), and writes of pages (see `files/room.ts`). What a full disk, missing
   * rights or handles make of them is found out before; other failures can't be.
   */
  readonly isUnbearable: boolean;
}

/** What the program said, and how it ended. */
export interface FaultyRun {
  readonly said: readonly Said[];
  /** Its signal or its exit code. */
  readonly end: string | number;
  readonly stderr: string;
}

export interface Said {
  readonly acknowledged?: number;
  readonly flushed?: number;
  readonly compacted?: true;
  readonly failed?: string;
  readonly code?: string;
  readonly message?: string;
  readonly ended?: true;
}

/** A program on a journal's directory, which ends by itself. */
export const program = fileURLToPath(new URL("./fixtures/compacting.mjs", import.meta.url));
/** How each call may fail. */
const errors: Readonly<Record<string, string>> = {
  openat: "EMFILE",
  mkdir: "EACCES",
  link: "EIO",
  rename: "EIO",
  unlink: "EIO",
  write: "ENOSPC",
  writev: "ENOSPC",
  pwrite64: "ENOSPC",
  pread64: "EIO",
  read: "EIO",
  ftruncate: "EIO",
  fsync: "EIO",
  fdatasync: "EIO",
  getdents64: "EIO",
  statx: "EIO",
  newfstatat: "EIO",
  fstat: "EIO",
  statfs: "EIO",
  access: "EACCES",
  lseek: "EIO",
  fcntl: "ENOLCK",
  mmap: "ENOMEM",
};
/** One thread of the pool, so that numbers are the same in each run. */
const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };

/** Leaves a test out, with the reason, where `strace` can't run. In `npm run test:crash`, which is there for this, it fails. */
export function needTracing(skip: (note: string) => never): void {
  const { error, stderr, status } = spawnSync("strace", ["-f", "-o", "/dev/null", "true"], { encoding: "utf8" });
  if (status !== 0)
    missing(`strace can't run here: ${error?.message ?? stderr}. Install it (apt-get install strace)`, skip);
}

/** What a test can't do without isn't here. */
export function missing(what: string, skip: (note: string) => never): never {
  if (process.env["TROUPE_KILLS"] === undefined) return skip(what);
  throw new Error(what);
}

/** Calls `use` with a directory for a journal, which is removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T> | T): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), "troupe-faulty-"));
  try {
    return await use(join(parent, "journal"));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** Restricts a trace to the journal's files, so that the numbers of calls don't depend on what else the process does. */
function onFilesOf(directory: string): readonly string[] {
  const files = ["draft.mdb", "draft.mdb-lock", "owner-1"];
  for (const number of [1, 2, 3]) files.push(`data-${number}.mdb`, `data-${number}.mdb-lock`);
  return [directory, ...files.map((file) => join(directory, file))].flatMap((path) => ["-P", path]);
}

/** All calls that the program makes on the journal's files. */
export function sitesOf(directory: string, durability: Durability): readonly Site[] {
  const trace = `${directory}-trace`;
  strace(directory, durability, ["-o", trace, "-e", `trace=${Object.keys(errors).join(",")}`]);
  const counts = new Map<string, number>();
  let isOpening = false;
  const sites: readonly Site[] = readFileSync(trace, "utf8")
    .split("\n")
    .flatMap((text) => {
      const [, thread = "", call = ""] = /^(\d+)\s+(\w+)\(/.exec(text) ?? [];
      if (call === "") return [];
      if (call === "openat" && text.includes("O_RDWR|O_CREAT")) isOpening = true;
      const name = `${thread} ${call}`;
      const number = (counts.get(name) ?? 0) + 1;
      counts.set(name, number);
      const isPage = /^(writev|pwrite64)$/.test(call) && !text.includes(", 128, ");
      const site = { call, number, text, isUnbearable: isOpening || isPage };
      if (text.includes("F_RDLCK")) isOpening = false;
      return [site];
    });
  // a call fails on each thread that has one of that number
  const unbearable = new Set(sites.filter((site) => site.isUnbearable).map(nameOf));
  return sites.map((site) => ({ ...site, isUnbearable: unbearable.has(nameOf(site)) }));
}

function nameOf({ call, number }: Site): string {
  return `${call} ${number}`;
}

/** Runs the program with one call failing; `undefined` for none. */
export function runFaulty(directory: string, durability: Durability, fault?: Site): FaultyRun {
  const inject =
    fault === undefined
      ? []
      : ["-e", `inject=${fault.call}:error=${errors[fault.call]}:when=${fault.number}`, "-e", `trace=${fault.call}`];
  const { stdout, stderr, signal, status } = strace(directory, durability, ["-o", "/dev/null", ...inject]);
  return { said: saidIn(stdout), end: signal ?? status ?? "nothing", stderr };
}

/** The lines that the program wrote. */
export function saidIn(stdout: string): readonly Said[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Said);
}

function strace(directory: string, durability: Durability, options: readonly string[]) {
  const command = ["-f", "-qq", ...onFilesOf(directory), ...options, process.execPath, program, directory, durability];
  return spawnSync("strace", command, { env, encoding: "utf8", timeout: 60_000, killSignal: "SIGABRT" });
}

/** What is wrong with how a run ended and with what it left behind; nothing if all is well. */
export async function complaints(
  directory: string,
  durability: Durability,
  { said, end, stderr }: FaultyRun,
): Promise<readonly string[]> {
  const hasEnded = end === 0 && said.at(-1)?.ended === true;
  const wrong = hasEnded ? [] : [`it ended with ${end}: ${stderr}`];
  for (const { failed, code = "no code", message } of said) {
    if (failed !== undefined && !/^(journal-\w+|no-such-journal)$/.test(code))
      wrong.push(`${failed} failed with ${code}: ${message}`);
  }
  return [...wrong, ...(await losses(directory, durability, said)), ...(hasEnded ? remains(directory) : [])];
}

/** What was acknowledged and isn't there. In relaxed mode that counts only once it was flushed. */
export async function losses(
  directory: string,
  durability: Durability,
  said: readonly Said[],
): Promise<readonly string[]> {
  const safe = said.map(
    ({ acknowledged, flushed }) => (durability === "sync" ? acknowledged : undefined) ?? flushed ?? 0,
  );
  const journal = await lmdbJournal(directory);
  const kept = (await journal.head("a/1"))?.version ?? 0;
  await journal.close();
  const least = Math.max(0, ...safe);
  const lost = kept < least ? [`version ${least} was acknowledged, and ${kept} is the newest`] : [];
  const { damages } = await verifyJournal(directory);
  return [...lost, ...damages.map(({ what }) => `damaged: ${what}`)];
}

/** Files that belong to no journal. */
export function remains(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const left = readdirSync(directory).filter((name) => !/^(data-\d+\.mdb(-lock)?|owner-\d+)$/.test(name));
  return left.map((name) => `${name} was left behind`);
}
