/** Files that LMDB can't open are an error, whatever the reason, in a process that lives on. Wants `npm run build` first. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lmdbJournal } from "../../../../src/store/journal/lmdb/lmdb-journal.ts";
import { verifyJournal } from "../../../../src/store/journal/lmdb/verify-journal.ts";
import { failure } from "../../support/failure.ts";
import { recordOf } from "../../support/requests.ts";
import { temporaryJournals } from "../../support/temporary-journals.ts";

const { open, newDirectory } = temporaryJournals();

/** A journal with one version, closed. */
async function closedJournal(): Promise<string> {
  const directory = newDirectory();
  const journal = await open(directory);
  await journal.append([recordOf("a/1", 1, 1)]);
  await journal.close();
  return directory;
}

/** What is in the way, and how it comes there. */
const obstacles: readonly (readonly [string, (lock: string, data: string) => void])[] = [
  [
    "a directory in place of the lock file",
    (lock) => {
      rmSync(lock);
      mkdirSync(lock);
    },
  ],
  [
    "a lock file that leads nowhere",
    (lock) => {
      rmSync(lock);
      symlinkSync("/nowhere/lock", lock);
    },
  ],
  [
    "a directory in place of the data file",
    (_, data) => {
      rmSync(data);
      mkdirSync(data);
    },
  ],
];

describe.each(obstacles)("%s", (_, put) => {
  it("is told to its owner, to a reader and to verify, and nothing is left of the attempt", async () => {
    const directory = await closedJournal();
    put(join(directory, "data-1.mdb-lock"), join(directory, "data-1.mdb"));
    const names = readdirSync(directory).filter((name) => !name.startsWith("owner-"));
    for (const attempt of [
      lmdbJournal(directory),
      lmdbJournal(directory, { readOnly: true }),
      verifyJournal(directory),
    ])
      expect(await failure(attempt)).toMatchObject({ code: "journal-failed", details: { directory } });
    expect(readdirSync(directory).filter((name) => !name.startsWith("owner-"))).toEqual(names);
    // it isn't owned by the attempt
    rmSync(join(directory, "data-1.mdb-lock"), { recursive: true, force: true });
    if (names.includes("data-1.mdb")) rmSync(join(directory, "data-1.mdb"), { recursive: true, force: true });
    await (await open(directory)).close();
  });
});

const program = `
import { closeSync, openSync } from "node:fs";
import { lmdbJournal, verifyJournal } from "troupe";
const [what, directory, spare] = process.argv.slice(1);
const begin = () => (what === "verify" ? verifyJournal(directory) : lmdbJournal(directory, { readOnly: what === "read" }));
const attempt = () => begin().then((opened) => opened.close?.().then(() => "opened") ?? "opened", (error) => error.code ?? String(error));
const outcomes = [await attempt()];
for (let left = 0; left < Number(spare); left++) {
  const taken = [];
  try {
    for (;;) taken.push(openSync("/dev/null"));
  } catch {}
  for (let i = 0; i < left; i++) closeSync(taken.pop());
  outcomes.push(await attempt());
  for (const handle of taken) closeSync(handle);
}
console.log(outcomes.join(" "));`;

interface Elsewhere {
  readonly uid?: number;
  /** Opens again with so many handles left, from none up. */
  readonly spareHandles?: number;
}

/** Opens a journal in a process of its own, and closes it; returns what came of it, or how the process ended. */
function openElsewhere(
  what: "own" | "read" | "verify",
  directory: string,
  { uid, spareHandles = 0 }: Elsewhere,
): string {
  const command = `ulimit -n 128; exec "$0" --input-type=module -e "$1" "$2" "$3" "$4"`;
  const { stdout, signal, status, stderr } = spawnSync(
    "sh",
    ["-c", command, process.execPath, program, what, directory, String(spareHandles)],
    { encoding: "utf8", ...(uid === undefined ? {} : { uid, gid: uid }) },
  );
  return stdout.trim() || `${signal ?? status} ${stderr}`;
}

describe("another user", () => {
  const uid = 65_534;

  it("may look on where it may read, and is told where it may not write", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root can be another user");
    const directory = await closedJournal();
    chmodSync(directory, 0o755);
    const as = (what: "own" | "read" | "verify"): string => openElsewhere(what, directory, { uid });
    expect([as("read"), as("verify"), as("own")]).toEqual(["opened", "opened", "journal-failed"]);
    chmodSync(directory, 0o777); // its files are still root's
    expect([as("read"), as("own")]).toEqual(["opened", "journal-failed"]);
    const owner = await open(directory);
    expect([as("read"), as("verify"), as("own")]).toEqual(["journal-failed", "journal-failed", "journal-in-use"]);
    await owner.append([recordOf("a/1", 2, 2)]);
    await owner.close();
    rmSync(join(directory, "data-1.mdb-lock"));
    // it can't make the lock file as root's
    expect([as("read"), as("own")]).toEqual(["journal-failed", "journal-failed"]);
    await (await open(directory)).close();
  });
});

describe("a process with few handles left", () => {
  it.each(["own", "read", "verify"] as const)("is told so, and lives (%s)", async (what) => {
    const directory = await closedJournal();
    const outcomes = openElsewhere(what, directory, { spareHandles: 14 }).split(" ");
    expect(outcomes).toHaveLength(15);
    const enough = outcomes.indexOf("opened", 1);
    expect(outcomes).toEqual(outcomes.map((_, i) => (i === 0 || i >= enough ? "opened" : "journal-failed")));
    expect(enough).toBeGreaterThan(1);
    await (await open(directory)).close();
  });
});
