/** A disk that is full is an error to the committer; reads go on, and so do commits when there is room again. */

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { verifyJournal } from "../../../src/store/journal/lmdb/verify-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { failure } from "../support/failure.ts";
import { recordOf } from "../support/requests.ts";
import { temporaryJournals } from "../support/temporary-journals.ts";
import { settleAll } from "../support/turns.ts";

const { open, newDirectory } = temporaryJournals();

/** Calls `use` with a small file system; returns why not where none can be mounted. */
async function withSmallDisk(use: (directory: string) => Promise<void>): Promise<string | undefined> {
  const directory = newDirectory();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", directory], { stdio: "ignore" });
  } catch (error) {
    return `a small disk can't be mounted here: ${String(error)}`;
  }
  try {
    await use(directory);
    return undefined;
  } finally {
    // lazily: another process that looks at all that is mounted, as a browser does, has it busy for a moment
    execFileSync("umount", ["-l", directory]);
  }
}

async function append(journal: Journal, version: number, position: number): Promise<void> {
  const state = { text: "x".repeat(40_000), version };
  const snapshot = { key: "a/1", version, parent: version - 1, author: "test", time: 1, position, schema: 1, state };
  await journal.append([{ snapshot, patches: [{ op: "replace", path: [], value: state }] }]);
}

it("fails commits while it is full, serves reads, and takes commits when there is room again", async ({ skip }) => {
  vi.spyOn(console, "error").mockImplementation(() => undefined); // LMDB tells it there as well
  const obstacle = await withSmallDisk(async (directory) => {
    const path = join(directory, "journal");
    const filler = join(directory, "filler");
    const journal = await open(path);
    writeFileSync(filler, Buffer.alloc(1_000_000));
    let position = 0;
    const fill = async (version: number): Promise<readonly [kept: number, error: unknown]> =>
      append(journal, version, ++position).then(
        () => fill(version + 1),
        (reason: unknown) => [version - 1, reason],
      );
    const [full, error] = await fill(1);
    let kept = full;
    expect(error).toMatchObject({ code: "journal-failed", cause: expect.any(Error) as unknown });
    expect(kept).toBeGreaterThanOrEqual(12);
    // what came along with it, or built on it, fails too
    const both = [append(journal, kept + 1, ++position), append(journal, kept + 2, ++position)];
    for (const outcome of both) expect(await failure(outcome)).toMatchObject({ code: "journal-failed" });
    expect(await journal.head("a/1")).toMatchObject({ version: kept });
    expect(await journal.at("a/1", 2)).toMatchObject({ state: { version: 2 } });
    rmSync(filler);
    for (let i = 0; i < 5; i++) await append(journal, ++kept, ++position);
    await journal.close();
    expect(await verifyJournal(path)).toMatchObject({ versions: kept, damages: [] });
  });
  if (obstacle !== undefined) skip(obstacle);
});

it("stops a relaxed journal with what was lost, which is never the middle (invariant 11)", async ({ skip }) => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const obstacle = await withSmallDisk(async (directory) => {
    const path = join(directory, "journal");
    const journal = await open(path, { durability: "relaxed" });
    await journal.append([recordOf("b/1", 1, 1)]);
    await journal.at("b/1", 1); // is on disk now
    let acknowledged = 0;
    for (; acknowledged < 12; acknowledged++) await append(journal, acknowledged + 1, acknowledged + 2);
    await journal.at("a/1", 12); // as above
    const fill = async (): Promise<unknown> => {
      await append(journal, acknowledged + 1, acknowledged + 2);
      acknowledged++;
      await settleAll();
      return fill();
    };
    const error = await failure(fill());
    expect(error).toMatchObject({ code: "journal-failed", cause: expect.any(Error) as unknown });
    // an older version would pass for the newest; other keys are as they were
    for (const read of [
      async () => journal.head("a/1"),
      async () => journal.at("a/1", 1),
      async () => journal.keys(""),
      async () => journal.append([recordOf("b/1", 2, acknowledged + 2)]),
    ])
      expect(await failure(read())).toMatchObject({ code: "journal-failed" });
    expect(await journal.head("b/1")).toMatchObject({ version: 1 });
    await journal.close();
    const again = await open(path, { durability: "relaxed" });
    const kept = (await again.head("a/1"))?.version ?? 0;
    expect(kept).toBeGreaterThan(10);
    expect(kept).toBeLessThanOrEqual(acknowledged);
    expect(again.position).toBe(kept + 1);
    await again.close();
    expect(await verifyJournal(path)).toMatchObject({ versions: kept + 1, damages: [] });
  });
  if (obstacle !== undefined) skip(obstacle);
});
