/**
 * Invariant 11 where a compaction is in the middle: each system call fails once, the disk is full at each page, the directory is
 * moved away, another owner takes over. Nothing acknowledged is lost, the program ends by itself, and it leaves nothing behind.
 * `npm run test:crash` does it with each system call and each page, about 1,200 times. Wants `npm run build` first, and `strace`,
 * and the right to mount.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import type { Journal } from "../../src/store/journal/journal.ts";
import { lmdbJournal } from "../../src/store/journal/lmdb/lmdb-journal.ts";
import { verifyJournal } from "../../src/store/journal/lmdb/verify-journal.ts";
import { seededRandom } from "../../src/testing/simulator/schedules/seeded-random.ts";
import { recordOf } from "../store/support/requests.ts";
import {
  complaints,
  type FaultyRun,
  losses,
  missing,
  needTracing,
  program,
  remains,
  runFaulty,
  type Said,
  saidIn,
  sitesOf,
  withDirectory,
} from "./failing-calls.ts";

const kills = Number(process.env["TROUPE_KILLS"] ?? 1);
/** There are fewer than 400 calls and pages, of which `npm run test:crash` takes each. */
const faults = 2 * kills;
/** Where only the moment differs. */
const moments = Math.ceil(kills / 5);
const random = seededRandom(Number(process.env["TROUPE_SEED"] ?? 1));

/** So many of them, or all there are. */
function some<T>(values: readonly T[], count: number): readonly T[] {
  const left = [...values];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random.below(left.length), 1)[0] as T);
}

/** Runs the program without a fault of its own; `onLine` hears what it says as it says it. */
async function run(directory: string, durability: string, onLine: (said: Said) => void = () => undefined) {
  const child = spawn(process.execPath, [program, directory, durability], { stdio: ["ignore", "pipe", "pipe"] });
  const gone = once(child, "exit");
  const said: Said[] = [];
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => (stderr += String(text)));
  for await (const line of createInterface({ input: child.stdout })) {
    for (const one of saidIn(line)) {
      said.push(one);
      onLine(one);
    }
  }
  const [code, signal] = (await gone) as [number | null, NodeJS.Signals | null];
  return { said, end: signal ?? code ?? "nothing", stderr } satisfies FaultyRun;
}

describe.each(["sync", "relaxed"] as const)("a compaction (%s)", { timeout: 60_000 + 10_000 * kills }, (durability) => {
  it("loses nothing whichever system call fails", async ({ skip }) => {
    needTracing(skip);
    const sites = await withDirectory((directory) => sitesOf(directory, durability));
    expect(sites.length).toBeGreaterThan(200);
    for (const site of some(sites, faults)) {
      await withDirectory(async (directory) => {
        const faulty = runFaulty(directory, durability, site);
        const wrong = site.isUnbearable
          ? await losses(directory, durability, faulty.said)
          : await complaints(directory, durability, faulty);
        expect(wrong, `${site.call} number ${site.number}: ${site.text}`).toEqual([]);
      });
    }
  });

  it("loses nothing wherever the disk is full", async ({ skip }) => {
    // from where nothing can be opened to where all goes well
    const sizes = Array.from({ length: 150 }, (_, i) => 16 + 4 * i);
    for (const size of some(sizes, faults)) {
      await withDirectory(async (directory) => {
        const disk = dirname(directory);
        try {
          execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", disk], { stdio: "ignore" });
        } catch (error) {
          missing(`a small disk can't be mounted here: ${String(error)}`, skip);
        }
        try {
          const full = await run(directory, durability);
          execFileSync("mount", ["-o", "remount,size=16m", disk]);
          expect(await complaints(directory, durability, full), `${size} KiB`).toEqual([]);
          if (size === sizes.at(-1)) expect(full.said.filter(({ failed }) => failed !== undefined)).toEqual([]);
        } finally {
          execFileSync("umount", [disk]);
        }
      });
    }
  });

  it.each(["moved away", "removed"])("leaves the next owner alone once its directory was %s", async (how) => {
    for (let i = 0; i < moments; i++) {
      await withDirectory(async (directory) => {
        const moment = 1 + random.below(10);
        const moved = `${directory}-old`;
        let lines = 0;
        let succession: Promise<Journal> | undefined;
        const { said, end, stderr } = await run(directory, durability, () => {
          if (++lines !== moment) return;
          renameSync(directory, moved);
          if (how === "removed") rmSync(moved, { recursive: true });
          succession = lmdbJournal(directory).then(async (next) => {
            for (let version = 1; version <= 5; version++) await next.append([recordOf("next/1", version, version)]);
            return next;
          });
          succession.catch(() => undefined); // awaited once the program has ended
        });
        expect([end, said.at(-1)], stderr).toEqual([0, { ended: true }]);
        expect(said.filter(({ code }) => code !== undefined && code !== "journal-stopped")).toEqual([]);
        if (how === "moved away") expect(await losses(moved, durability, said)).toEqual([]);
        const next = await succession;
        if (next === undefined) throw new Error(`it said only ${lines} lines`);
        await next.compact();
        await next.append([recordOf("next/1", 6, 6)]);
        await next.close();
        expect(await verifyJournal(directory)).toMatchObject({ keys: 1, versions: 6, damages: [] });
        expect(remains(directory)).toEqual([]);
      });
    }
  });

  it("acknowledges nothing once another owner has taken over", async () => {
    for (let i = 0; i < moments; i++) {
      await withDirectory(async (directory) => {
        const moment = 1 + random.below(10);
        let lines = 0;
        const { said, end, stderr } = await run(directory, durability, () => {
          if (++lines === moment) renameSync(join(directory, "owner-1"), join(directory, "owner-2"));
        });
        expect([end, said.at(-1)], stderr).toEqual([0, { ended: true }]);
        expect(said.filter(({ code }) => code !== undefined && code !== "journal-stopped")).toEqual([]);
        expect(await losses(directory, durability, said)).toEqual([]);
        expect(remains(directory)).toEqual([]); // the next owner has cleared up
      });
    }
  });
});

it("a journal takes no commits once the disk refused a meta page, still answers, and closes", async ({ skip }) => {
  needTracing(skip);
  const sites = await withDirectory((directory) => sitesOf(directory, "sync"));
  // of a commit: those of opening are on the thread that opens
  const [metaPage] = sites.filter(
    ({ call, number, text }) => call === "pwrite64" && number > 20 && /, 128, \d+\)/.test(text),
  );
  if (metaPage === undefined) throw new Error("no meta page was written");
  await withDirectory(async (directory) => {
    const faulty = runFaulty(directory, "sync", metaPage);
    expect(await complaints(directory, "sync", faulty)).toEqual([]);
    const failures = faulty.said.filter(({ failed }) => failed !== undefined);
    expect(failures.length).toBeGreaterThan(0);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["journal-failed"]));
  });
});
