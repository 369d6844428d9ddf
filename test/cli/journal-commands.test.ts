/** The commands that look into a journal, over one in memory. */

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { commandLine } from "../../src/cli/command-line.ts";
import { AuthorityAccess } from "../../src/store/authority/authority-access.ts";
import { runCause } from "../../src/store/versions/cause.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import { corruptVersion } from "../../src/store/journal/records/corrupt-record.ts";
import { lmdbJournal } from "../../src/store/journal/lmdb/lmdb-journal.ts";
import { memoryJournal } from "../../src/store/journal/memory-journal.ts";
import type { JournalReport } from "../../src/store/journal/lmdb/journal-report.ts";
import { verifyJournal } from "../../src/store/journal/lmdb/verify-journal.ts";
import { defineState } from "../../src/store/versions/define-state.ts";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../src/store/client/store-client.ts";
import { fixedClock } from "../store/support/fixed-clock.ts";
import { fakePorts } from "./fake-ports.ts";
import { fakeTerminal, type FakeTerminalOptions } from "./fake-terminal.ts";
import { temporaryFiles } from "./temporary-files.ts";

const { folder, write } = temporaryFiles();
mkdirSync(join(folder, "data"));
const account = defineState({ name: "account", version: 1, schema: v.unknown() });
const start = Date.UTC(2026, 0, 31, 12);

let journal: Journal;
let opened: { path: string; readOnly: boolean }[];
let closed: number;

/** `account/ada` with four versions a second apart, and two keys with one. */
beforeEach(async () => {
  opened = [];
  closed = 0;
  journal = memoryJournal();
  const clock = fixedClock(start);
  const authority = new StoreAuthority({ journal, clock });
  const access = new AuthorityAccess(authority);
  const commit = async (id: string, state: unknown, author: string, run?: string): Promise<void> => {
    await new StoreClient(access, { author, ...(run === undefined ? {} : { cause: runCause(run) }) }).put(
      account,
      id,
      state,
    );
    clock.time += 1_000;
  };
  await commit("ada", { score: 680, tags: [] }, "system");
  await commit("ada", { score: 750, tags: [] }, "credit-score", "7");
  await commit("ada", { score: 750, tags: ["vip"], cents: 5n }, "bob");
  await commit("ada", { score: 700, tags: ["vip"], cents: 5n }, "credit-score", "8");
  await commit("bob", "text", "system");
  await commit("e\u001b[31mvil", "\u009b31m", "a\u0007b");
});

async function troupe(args: readonly string[], options?: FakeTerminalOptions) {
  const terminal = fakeTerminal(folder, options);
  const [command = "", ...rest] = args;
  const ports = fakePorts({
    openJournal: async (path, { readOnly }) => {
      opened.push({ path, readOnly });
      return { ...journal, position: journal.position, close: () => void closed++ };
    },
  });
  const code = await commandLine([command, "--journal", "data", ...rest], terminal, ports);
  expect(closed, "what was opened is closed").toBe(opened.length);
  return { code, out: terminal.printed, notes: terminal.notes };
}

const json = (lines: readonly string[]): unknown[] => lines.map((line) => JSON.parse(line) as unknown);

describe("troupe keys", () => {
  it("tells of a key that is damaged, and lists the others", async () => {
    const whole = journal;
    journal = {
      ...whole,
      head(key) {
        if (key === "account/ada") throw corruptVersion(key, 3, "the checksum of its record is wrong");
        return whole.head(key);
      },
    };
    const { code, out, notes } = await troupe(["keys"]);
    expect(code).toBe(1);
    expect(notes).toEqual([expect.stringMatching(/^troupe: Version 3 of account\/ada can't be read/)]);
    expect(out).toHaveLength(2);
  });

  it("lists keys with versions and bytes", async () => {
    expect(await troupe(["keys", "account/a"])).toMatchObject({
      code: 0,
      out: [expect.stringMatching(/^account\/ada @1\.\.4 \d+ bytes$/)],
    });
    expect((await troupe(["keys"])).out).toHaveLength(3);
    expect(json((await troupe(["keys", "--json", "account/b"])).out)).toEqual([
      { key: "account/bob", oldest: 1, newest: 1, bytes: expect.any(Number) as number },
    ]);
    expect(await troupe(["keys", "nothing/"])).toEqual({ code: 0, out: [], notes: [] });
  });
});

describe("troupe history", () => {
  it("lists versions, newest first", async () => {
    expect(await troupe(["history", "account/ada"])).toEqual({
      code: 0,
      out: [
        "@4 2026-01-31T12:00:03.000Z credit-score run/8",
        "@3 2026-01-31T12:00:02.000Z bob",
        "@2 2026-01-31T12:00:01.000Z credit-score run/7",
        "@1 2026-01-31T12:00:00.000Z system",
      ],
      notes: [],
    });
  });

  it.each<[readonly string[], readonly number[]]>([
    [
      ["--limit", "2"],
      [4, 3],
    ],
    [
      ["--oldest-first", "--limit", "3"],
      [1, 2, 3],
    ],
    [
      ["--author", "credit-score"],
      [4, 2],
    ],
    [["--author", "credit-score", "--limit", "1"], [4]],
    [["--run", "7"], [2]],
    [
      ["--since", "2026-01-31T12:00:02Z"],
      [4, 3],
    ],
    [["--since", "2026-01-31T13:00:02+01:00", "--until", String(start + 2_500)], [3]],
    [["--until", "2026-01-31"], []],
    [
      ["--from", "2", "--to", "3"],
      [3, 2],
    ],
  ])("takes %j", async (args, versions) => {
    const { out } = await troupe(["history", "account/ada", "--json", ...args]);
    expect(json(out).map((meta) => (meta as { version: number }).version)).toEqual(versions);
  });

  it("has the metadata as JSON", async () => {
    expect(json((await troupe(["history", "account/ada", "--json", "--run", "7"])).out)).toEqual([
      {
        key: "account/ada",
        version: 2,
        parent: 1,
        author: "credit-score",
        cause: "run/7",
        time: start + 1_000,
        position: 2,
        schema: 1,
      },
    ]);
  });

  it("paints where there are colours", async () => {
    const { out } = await troupe(["history", "account/bob"], { colours: true });
    expect(out).toEqual(["\u001b[33m@1\u001b[39m 2026-01-31T12:00:04.000Z \u001b[36msystem\u001b[39m"]);
  });

  it("opens the journal beside who owns it", async () => {
    await troupe(["history", "account/bob"]);
    expect(opened).toEqual([{ path: join(folder, "data"), readOnly: true }]);
  });
});

describe("troupe show", () => {
  it("shows the newest version, or another by number or time", async () => {
    expect((await troupe(["show", "account/ada"])).out).toEqual([
      "account/ada @4 2026-01-31T12:00:03.000Z credit-score run/8",
      "{ score: 700, tags: [ 'vip' ], cents: 5n }",
    ]);
    expect((await troupe(["show", "account/ada", "--at", "1"])).out[1]).toBe("{ score: 680, tags: [] }");
    for (const time of ["2026-01-31T12:00:01.500Z", `ms:${start + 1_500}`]) {
      expect((await troupe(["show", "account/ada", "--at", time])).out[0]).toContain(" @2 ");
    }
  });

  it("takes the times that it shows, although commits have fractions of a millisecond", async () => {
    const clock = fixedClock(start + 60_000.75);
    const client = new StoreClient(new AuthorityAccess(new StoreAuthority({ journal, clock })), { author: "me" });
    await client.put(account, "bob", "later");
    const { out } = await troupe(["show", "account/bob"]);
    expect(out).toEqual(["account/bob @2 2026-01-31T12:01:00.000Z me", "'later'"]);
    expect((await troupe(["show", "account/bob", "--at", "2026-01-31T12:01:00.000Z"])).out).toEqual(out);
    for (const bound of ["--since", "--until"]) {
      const found = await troupe(["history", "account/bob", bound, "2026-01-31T12:01:00.000Z"]);
      expect(found.out[0]).toContain("@2 ");
    }
  });

  it("shows it as JSON", async () => {
    expect(json((await troupe(["show", "account/ada", "--json"])).out)).toMatchObject([
      { key: "account/ada", version: 4, author: "credit-score", state: { score: 700, tags: ["vip"], cents: "5" } },
    ]);
  });

  it("lets no name, author or state reach the terminal's controls", async () => {
    for (const args of [
      ["show", "account/e\u001b[31mvil"],
      ["history", "account/e\u001b[31mvil"],
      ["keys"],
      ["blame", "account/e\u001b[31mvil"],
    ]) {
      const { code, out } = await troupe(args);
      expect(code).toBe(0);
      expect(out.join("\n")).not.toMatch(/(?!\n)\p{Cc}/u);
    }
  });

  it("says that there is no such version", async () => {
    expect(await troupe(["show", "account/ada", "--at", "9"])).toEqual({
      code: 1,
      out: [],
      notes: ["troupe: account/ada has versions 1 to 4, and none 9. Ask for one of those."],
    });
  });
});

describe("troupe diff", () => {
  it("compares the last two versions, or any", async () => {
    expect((await troupe(["diff", "account/ada"])).out).toEqual(["~ /score 750 → 700"]);
    expect((await troupe(["diff", "account/ada", "1", "3"])).out).toEqual([
      "~ /score 680 → 750",
      '+ /tags/0 "vip"',
      "+ /cents 5n",
    ]);
    expect((await troupe(["diff", "account/ada", "3", "1"])).out).toEqual([
      "- /cents 5n",
      "~ /score 750 → 680",
      '- /tags/0 "vip"',
    ]);
    expect((await troupe(["diff", "account/ada", "2"])).out).toHaveLength(3);
    expect((await troupe(["diff", "account/bob"])).out).toEqual([]);
  });

  it("is a JSON Patch as JSON, and painted where there are colours", async () => {
    expect(json((await troupe(["diff", "account/ada", "--json"])).out)).toEqual([
      { key: "account/ada", from: 3, to: 4, patch: [{ op: "replace", path: "/score", value: 700 }] },
    ]);
    expect((await troupe(["diff", "account/ada", "2", "3"], { colours: true })).out).toEqual([
      '\u001b[32m+ /tags/0 "vip"\u001b[39m',
      "\u001b[32m+ /cents 5n\u001b[39m",
    ]);
  });
});

describe("troupe bisect", () => {
  it.each<[readonly string[], number | undefined]>([
    [["--path", "/cents", "--exists"], 3],
    [["--path", "/cents", "--equals", "5"], 3],
    [["--path", "/tags", "--equals", '["vip"]'], 3],
    [["--path", "/score", "--above", "690"], 2],
    [["--path", "/score", "--below", "9999", "--from", "2"], 2],
    [["--path", "/score", "--equals", "750", "--to", "3"], 2],
    [["--path", "/tags/0", "--above", '"a"'], 3],
    [["--path", "/tags/0", "--above", "1"], undefined],
    [["--path", "/score", "--equals", "1"], undefined],
    [["--module", "held.mjs#byState"], 3],
    [["--module", "held.mjs"], 4],
  ])("takes %j", async (args, version) => {
    write(
      "held.mjs",
      `export const byState = async ({ cents }) => cents === 5n; export default (_, { version }) => version > 3;
       export const broken = () => { throw new Error("out of order"); }; export const nothing = 1;`,
    );
    const { code, out, notes } = await troupe(["bisect", "account/ada", "--json", ...args]);
    expect(json(out)).toMatchObject(version === undefined ? [] : [{ version }]);
    expect(code).toBe(version === undefined ? 1 : 0);
    if (version === undefined) expect(notes).toEqual(["it holds for none of the versions 1 to 4"]);
  });

  it("shows what the version changed", async () => {
    expect((await troupe(["bisect", "account/ada", "--path", "/cents", "--exists"])).out).toEqual([
      "@3 2026-01-31T12:00:02.000Z bob",
      '+ /tags/0 "vip"',
      "+ /cents 5n",
    ]);
    expect((await troupe(["bisect", "account/ada", "--path", "/score", "--exists"])).out).toHaveLength(1);
  });

  it.each([
    [["--module", "held.mjs#broken"], "held.mjs: broken threw at version 3: out of order"],
    [["--module", "held.mjs#nothing"], "held.mjs: its export nothing is no function of a state."],
    [["--module", "gone.mjs"], "gone.mjs: there is no such file"],
    [["--path", "/score", "--exists", "--to", "9"], "account/ada has versions 1 to 4, and none 9."],
  ])("says what is wrong with %j", async (args, message) => {
    const { code, notes } = await troupe(["bisect", "account/ada", ...args]);
    expect(code).toBe(1);
    expect(notes.join("\n")).toContain(message);
  });
});

describe("troupe blame", () => {
  it("tells who set each field, or what is at a path", async () => {
    expect((await troupe(["blame", "account/ada"])).out).toEqual([
      "/score 700 @4 2026-01-31T12:00:03.000Z credit-score run/8",
      '/tags ["vip"] @3 2026-01-31T12:00:02.000Z bob',
      "/cents 5n @3 2026-01-31T12:00:02.000Z bob",
    ]);
    expect((await troupe(["blame", "account/ada", "/tags/0"])).out).toHaveLength(1);
    expect((await troupe(["blame", "account/bob"])).out).toEqual(['/ "text" @1 2026-01-31T12:00:04.000Z system']);
    expect(json((await troupe(["blame", "account/ada", "/score", "--json"])).out)).toEqual([
      {
        key: "account/ada",
        path: "/score",
        value: 700,
        version: 4,
        author: "credit-score",
        run: "8",
        cause: "run/8",
        time: start + 3_000,
        exact: true,
      },
    ]);
  });

  it("says when it may have been earlier, and that there is no such path", async () => {
    void journal.trim("account/ada", 4);
    expect((await troupe(["blame", "account/ada", "/tags"])).out[0]).toMatch(/@4 .* or before$/);
    const { code, notes } = await troupe(["blame", "account/ada", "/nothing"]);
    expect([code, notes[0]]).toEqual([1, expect.stringContaining("account/ada has nothing at /nothing")]);
  });
});

describe("troupe revert", () => {
  it("appends a version, and owns the journal for it", async () => {
    expect(await troupe(["revert", "account/ada", "1"])).toEqual({
      code: 0,
      out: ["account/ada is at version 5, which is as version 1 was"],
      notes: [],
    });
    expect(opened.at(-1)).toEqual({ path: join(folder, "data"), readOnly: false });
    expect(await journal.head("account/ada")).toMatchObject({
      version: 5,
      author: "command-line",
      cause: "revert account/ada@1",
      state: { score: 680, tags: [] },
    });
    expect(json((await troupe(["revert", "account/ada", "2", "--json"])).out)).toEqual([
      { key: "account/ada", version: 6, revertedTo: 2 },
    ]);
  });

  it("leaves what an older schema wrote to the program that has the upcasters", async () => {
    const newer = defineState({ name: "account", version: 2, schema: v.unknown(), upcasters: { 1: (old) => old } });
    const store = new StoreClient(new AuthorityAccess(new StoreAuthority({ journal, clock: fixedClock(start) })), {
      author: "new",
    });
    await store.put(newer, "ada", { points: 7 });
    const refused = await troupe(["revert", "account/ada", "1"]);
    expect(refused).toMatchObject({ code: 1, out: [] });
    expect(refused.notes.join("\n")).toContain("account/ada@1 is of version 1 of its schema, and the newest of 2");
    // a command that only reads sees both
    const shown = await Promise.all(
      [["show"], ["history"], ["diff", "1", "5"], ["blame"]].map(([command = "", ...rest]) =>
        troupe([command, "account/ada", ...rest]),
      ),
    );
    expect(shown.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await troupe(["revert", "account/ada", "5"])).toMatchObject({ code: 0 });
  });

  it("changes nothing for a version that there isn't", async () => {
    const { code } = await troupe(["revert", "account/ada", "9"]);
    expect(code).toBe(1);
    expect(await journal.head("account/ada")).toMatchObject({ version: 4 });
  });
});

describe("troupe export and import", () => {
  it("carry a history from one journal to another, through a file or a pipe", async () => {
    expect(await troupe(["export", "account/ada", "--output", "ada.jsonl"])).toEqual({ code: 0, out: [], notes: [] });
    const lines = (await troupe(["export", "account/ada"])).out;
    expect(readFileSync(join(folder, "ada.jsonl"), "utf8")).toBe(`${lines.join("\n")}\n`);
    expect(readdirSync(folder)).not.toContain("ada.jsonl.part");
    journal = memoryJournal();
    expect(await troupe(["import", "--input", "ada.jsonl"])).toEqual({
      code: 0,
      out: ["account/ada: 4 versions imported"],
      notes: [],
    });
    expect((await troupe(["export", "account/ada"])).out).toEqual(lines);
    journal = memoryJournal();
    const piped = await troupe(["import", "--json"], { input: [Buffer.from(`${lines.join("\n")}\n`)] });
    expect(json(piped.out)).toEqual([{ key: "account/ada", versions: 4 }]);
  });

  it("leave a key that is there", async () => {
    const lines = (await troupe(["export", "account/ada"])).out;
    const { code, notes } = await troupe(["import"], { input: [lines.join("\n")] });
    expect([code, notes[0]]).toEqual([1, expect.stringContaining("account/ada is there already, up to version 4.")]);
  });

  it("name the file and the line", async () => {
    const lines = (await troupe(["export", "account/ada"])).out;
    journal = memoryJournal();
    write("bad.jsonl", [...lines.slice(0, 3), "{", lines[4]].join("\n"));
    const { code, notes } = await troupe(["import", "--input", "bad.jsonl"]);
    expect([code, notes[0]]).toEqual([
      1,
      expect.stringMatching(/^troupe: bad\.jsonl:4: is not JSON .* Nothing was imported\.$/),
    ]);
    expect(await journal.keys("")).toEqual([]);
    expect((await troupe(["import"], { input: ["{"] })).notes[0]).toMatch(/^troupe: stdin:1: /);
    expect((await troupe(["import"], { input: [Buffer.from([0xff])] })).notes[0]).toBe(
      "troupe: stdin: is not UTF-8 text",
    );
    expect((await troupe(["import", "--input", "gone.jsonl"])).notes[0]).toBe(
      "troupe: gone.jsonl: there is no such file",
    );
    expect((await troupe(["import", "--input", "data"])).notes[0]).toBe("troupe: data: is a directory, not a file");
  });

  it("say what can't be written", async () => {
    const { code, notes } = await troupe(["export", "account/ada", "--output", "no/such/folder/ada.jsonl"]);
    expect([code, notes[0]]).toEqual([
      1,
      expect.stringMatching(/^troupe: no\/such\/folder\/ada\.jsonl: can't be written: /),
    ]);
  });
});

describe("a key that isn't there", () => {
  it.each(["history", "show", "diff", "blame", "export"])("is told by %s, with those like it", async (command) => {
    expect(await troupe([command, "account/add"])).toEqual({
      code: 1,
      out: [],
      notes: ["troupe: there is no key account/add; did you mean account/ada?"],
    });
  });

  it("is told without any where none is like it", async () => {
    expect((await troupe(["revert", "nothing/like/this", "1"])).notes).toEqual([
      "troupe: there is no key nothing/like/this; troupe keys lists those there are",
    ]);
  });
});

describe("a journal that isn't there", () => {
  it.each([
    ["gone", /^troupe: There is no journal in .*gone: there is no such directory/],
    ["data", /^troupe: There is no journal in .*data: it has no data file/],
    ["file.txt", /^troupe: There is no journal in .*file\.txt: /],
  ])("is told and not made: %s", async (path, message) => {
    write("file.txt", "");
    const listed = (): unknown => readdirSync(folder, { recursive: true });
    const before = listed();
    for (const args of [["keys"], ["history", "a/1"], ["revert", "a/1", "1"], ["import"], ["verify"]]) {
      const terminal = fakeTerminal(folder);
      const ports = fakePorts({ openJournal: lmdbJournal, verifyJournal });
      expect(await commandLine([...args, "--journal", path], terminal, ports)).toBe(1);
      expect(terminal.notes).toEqual([expect.stringMatching(message)]);
    }
    expect(listed()).toEqual(before);
  });

  it("is made by an import that may", async () => {
    const lines = (await troupe(["export", "account/bob"])).out;
    const made = memoryJournal();
    const terminal = fakeTerminal(folder, { input: [lines.join("\n")] });
    const ports = fakePorts({ openJournal: async () => made });
    expect(await commandLine(["import", "--create", "--journal", "new"], terminal, ports)).toBe(0);
    expect(await made.keys("")).toEqual(["account/bob"]);
  });
});

it("import --create makes nothing when its input isn't there", async () => {
  const terminal = fakeTerminal(folder);
  const ports = fakePorts({ openJournal: lmdbJournal });
  expect(await commandLine(["import", "--create", "--journal", "made", "--input", "no.jsonl"], terminal, ports)).toBe(
    1,
  );
  expect(terminal.notes).toEqual(["troupe: no.jsonl: there is no such file"]);
  expect(readdirSync(folder)).not.toContain("made");
});

describe("troupe verify", () => {
  const whole = { directory: folder, keys: 2, versions: 7, bytes: 812, structureChecked: true, damages: [] };
  const damages = [
    { key: "a/1", version: 3, what: "its\u001b checksum is wrong" },
    { page: 9, what: "it is no page (page 9)" },
  ];

  it("says that all is whole, or what isn't", async () => {
    const verified = async (report: JournalReport, ...args: string[]) => {
      const terminal = fakeTerminal(folder);
      const ports = fakePorts({ verifyJournal: async () => report });
      const code = await commandLine(["verify", "--journal", "data", ...args], terminal, ports);
      return [code, ...terminal.printed];
    };
    expect(await verified(whole)).toEqual([0, "2 keys, 7 whole versions, 812 bytes", "all is whole"]);
    expect(await verified({ ...whole, structureChecked: false, damages })).toEqual([
      1,
      String.raw`damaged a/1@3: its\u001b checksum is wrong`,
      "damaged it is no page (page 9)",
      "2 keys, 7 whole versions, 812 bytes",
      "in use: the structure of its file was not checked",
    ]);
    expect(await verified({ ...whole, damages }, "--json")).toEqual([1, JSON.stringify({ ...whole, damages })]);
    expect(await verified(whole, "--json")).toEqual([0, JSON.stringify(whole)]);
  });
});

it("stops when it is interrupted", async () => {
  const terminal = fakeTerminal(folder);
  const ports = fakePorts({ openJournal: async () => journal });
  terminal.print = async () => terminal.interrupt();
  expect(await commandLine(["history", "account/ada", "--journal", "data"], terminal, ports)).toBe(1);
  const waiting = fakeTerminal(folder);
  const never = commandLine(
    ["keys", "--journal", "data"],
    waiting,
    fakePorts({ openJournal: () => new Promise(() => undefined) }),
  );
  waiting.interrupt();
  expect(await never).toBe(1);
});
