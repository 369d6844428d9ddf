/** `troupe erase` and `troupe forget`, over a journal in memory. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { beforeEach, describe, expect, it } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { TimeTravelClient } from "../../../src/store/travel/time-travel-client.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import { fixedClock } from "../../store/support/fixed-clock.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { failed, finished, notUndone, parcel, StoredRuns } from "../stored-runs.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder } = temporaryFiles();
mkdirSync(join(folder, "data"));
const account = defineState({ name: "account", version: 3, schema: v.unknown() });
const long = Date.UTC(2026, 0, 1);

let journal: Journal;
let compactions: number;

beforeEach(() => {
  journal = memoryJournal();
  compactions = 0;
});

/** Without a command line: what it needs is the journal. */
function store(): TimeTravelClient {
  const authority = new StoreAuthority({ journal, clock: fixedClock(long) });
  return new TimeTravelClient(new AuthorityAccess(authority), { author: "system" });
}

async function troupe(command: string, ...rest: readonly string[]) {
  const terminal = fakeTerminal(folder);
  const ports = fakePorts({
    openJournal: async () => ({
      ...journal,
      position: journal.position,
      time: journal.time,
      compact: () => void compactions++,
    }),
  });
  const code = await commandLine([command, "--journal", "data", ...rest], terminal, ports);
  return { code, out: terminal.printed, notes: terminal.notes };
}

describe("troupe erase", () => {
  beforeEach(async () => {
    await store().put(account, "ada", { name: "Ada" });
    await store().put(account, "ada", { name: "Ada Lovelace" });
    await store().fork(account, "ada", 1, "copy");
  });

  it("erases a key, compacts, and names the forks that hold it still; the history shows the tombstone", async () => {
    expect(await troupe("erase", "account/ada", "--reason", "request\u001b[31m 7")).toEqual({
      code: 0,
      out: [
        "account/ada is erased, in version 3",
        "account/copy was forked from it, and holds it still: erase it too, or give --forks",
      ],
      notes: [],
    });
    expect(compactions).toBe(1);
    const { out } = await troupe("history", "account/ada");
    expect(out).toEqual([expect.stringMatching(/^@3 \S+ command-line erased: request\S*\[31m 7$/)]);
    expect(out[0]).not.toContain("\u001b");
    expect(
      (await troupe("history", "account/ada", "--json")).out.map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ version: 3, erased: { reason: "request\u001b[31m 7" } }]);
    expect((await troupe("keys")).out).toEqual([expect.stringContaining("account/copy @1..1")]);
  });

  it("erases the forks too, on demand, and leaves compacting to a later one", async () => {
    const { out } = await troupe("erase", "account/ada", "--reason", "request 7", "--forks", "--no-compact", "--json");
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      { key: "account/ada", version: 3, erasedForks: ["account/copy"], remainingForks: [], compacted: false },
    ]);
    expect(compactions).toBe(0);
    expect((await troupe("keys")).out).toEqual([]);
  });

  it.each([["show"], ["show", "--at", "1"], ["diff", "1", "2"], ["blame"], ["revert", "1"]])(
    "has %s say who erased it, when and why",
    async (command, ...rest) => {
      await troupe("erase", "account/ada", "--reason", "request 7");
      const { code, notes } = await troupe(command, "account/ada", ...rest);
      expect(code).toBe(1);
      expect(notes.join()).toMatch(/account\/ada was erased by command-line on 20\S+, in version 3: request 7\./);
    },
  );

  it("exports nothing of it", async () => {
    await troupe("erase", "account/ada", "--reason", "request 7");
    const { out } = await troupe("export", "account/ada");
    expect(out).toHaveLength(2);
    expect(out.join()).not.toContain("Ada");
  });

  it.each([
    [["account/ada"], 2, "--reason TEXT is missing"],
    [["mail/account/ada", "--reason", "x"], 2, "mail/account/ada is Troupe's own"],
    [["account/adam", "--reason", "x"], 1, "did you mean account/ada?"],
    [["run/7", "--reason", "x"], 1, "there is no run 7"],
  ])("refuses %j", async (args, code, message) => {
    const { code: exit, notes } = await troupe("erase", ...args);
    expect([exit, notes.join("\n")]).toEqual([code, expect.stringContaining(message)]);
  });

  it("forgets a run that has ended", async () => {
    const runs = new StoredRuns(journal, long);
    runs.run("7", parcel, finished("pack"), finished("post"), finished("pay"));
    runs.run("8", parcel, finished("pack"));
    expect(await troupe("erase", "run/7", "--reason", "request 7")).toMatchObject({
      code: 0,
      out: ["the run 7 is forgotten"],
    });
    expect(await journal.oldest("run/7")).toBeUndefined();
    const { code, notes } = await troupe("erase", "run/8", "--reason", "request 7");
    expect([code, notes.join()]).toEqual([1, expect.stringContaining("the run 8 has not ended: it is running")]);
  });
});

describe("troupe forget", () => {
  it("forgets the runs that ended longer ago, but none that waits for a person", async () => {
    const old = new StoredRuns(journal, long);
    for (const id of ["1", "2"]) old.run(id, parcel, finished("pack"), finished("post"), finished("pay"));
    old.run("open", parcel, finished("pack"));
    old.run(
      "stuck",
      parcel,
      finished("pack"),
      failed("post", "no"),
      { type: "pass" },
      failed("post", "no", 2),
      notUndone("pack", "no"),
      { type: "pass" },
      notUndone("pack", "no", 2),
    );
    new StoredRuns(journal, Date.now()).run("new", parcel, finished("pack"), finished("post"), finished("pay"));
    expect(await troupe("forget", "--older-than", "30d")).toEqual({
      code: 0,
      out: ["2 runs are forgotten"],
      notes: [],
    });
    expect(await journal.keys("run/")).toEqual(["run/new", "run/open", "run/stuck"]);
    expect(compactions).toBe(1);
    expect((await troupe("forget", "--older-than", "30d", "--json")).out).toEqual(['{"forgotten":0}']);
    expect(compactions).toBe(1);
  });

  it.each(["", "30", "d", "1.5h", "-1d", "30 d"])("refuses the age %j", async (age) => {
    const { code, notes } = await troupe("forget", "--older-than", age);
    expect([code, notes.join()]).toEqual([2, expect.stringContaining("--older-than")]);
  });
});
