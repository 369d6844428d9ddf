/**
 * Invariant 11 where a compaction is in the middle: each system call fails once, the disk is full at each page, the directory is
 * moved away, another owner takes over. Nothing acknowledged is lost, the program ends by itself, and it leaves nothing behind.
 * `npm run test:crash` does it more often. Wants `npm run build` first, and `strace`, and the right to mount.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/testing/simulator/seeded-random.ts";
import {
  complaints,
  type FaultyRun,
  losses,
  obstacleToTracing,
  program,
  runFaulty,
  type Said,
  saidIn,
  sitesOf,
  withDirectory,
} from "./failing-calls.ts";

const kills = Number(process.env["TROUPE_KILLS"] ?? 2);
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
    const obstacle = obstacleToTracing();
    if (obstacle !== undefined) skip(`strace can't run here: ${obstacle}`);
    const sites = await withDirectory((directory) => sitesOf(directory, durability));
    expect(sites.length).toBeGreaterThan(200);
    for (const site of some(sites, kills)) {
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
    const sizes = Array.from({ length: 400 }, (_, i) => 16 + 4 * i);
    for (const size of some(sizes, kills)) {
      await withDirectory(async (directory) => {
        const disk = dirname(directory);
        try {
          execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", disk], { stdio: "ignore" });
        } catch (error) {
          skip(`a small disk can't be mounted here: ${String(error)}`);
        }
        try {
          const full = await run(directory, durability);
          execFileSync("mount", ["-o", "remount,size=16m", disk]);
          expect(await complaints(directory, durability, full), `${size} KiB`).toEqual([]);
        } finally {
          execFileSync("umount", [disk]);
        }
      });
    }
  });

  it.each(["moved away", "removed"])("acknowledges nothing once its directory was %s", async (how) => {
    for (let i = 0; i < kills; i++) {
      await withDirectory(async (directory) => {
        const moment = 1 + random.below(10);
        const moved = `${directory}-old`;
        let lines = 0;
        const { said, end, stderr } = await run(directory, durability, () => {
          if (++lines !== moment) return;
          renameSync(directory, moved);
          if (how === "removed") rmSync(moved, { recursive: true });
          mkdirSync(directory);
        });
        expect([end, said.at(-1)], stderr).toEqual([0, { ended: true }]);
        // a copy may just have been begun
        expect(readdirSync(directory).filter((name) => !name.startsWith("draft."))).toEqual([]);
        if (how === "moved away") expect(await losses(moved, durability, said)).toEqual([]);
        expect(said.filter(({ code }) => code !== undefined && code !== "journal-stopped")).toEqual([]);
      });
    }
  });

  it("acknowledges nothing once another owner has taken over", async () => {
    for (let i = 0; i < kills; i++) {
      await withDirectory(async (directory) => {
        const moment = 1 + random.below(10);
        let lines = 0;
        const { said, end, stderr } = await run(directory, durability, () => {
          if (++lines === moment) renameSync(join(directory, "owner-1"), join(directory, "owner-2"));
        });
        expect([end, said.at(-1)], stderr).toEqual([0, { ended: true }]);
        expect(said.filter(({ code }) => code !== undefined && code !== "journal-stopped")).toEqual([]);
        expect(await losses(directory, durability, said)).toEqual([]);
        // the next owner clears up
        expect(readdirSync(directory).filter((name) => name.startsWith("draft."))).toEqual([]);
      });
    }
  });
});

it("a journal takes no commits once the disk refused a meta page, still answers, and closes", async ({ skip }) => {
  const obstacle = obstacleToTracing();
  if (obstacle !== undefined) skip(`strace can't run here: ${obstacle}`);
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
