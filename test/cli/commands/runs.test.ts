/** `troupe runs`, over a journal in memory. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { commandLine } from "../../../src/cli/command-line.ts";
import type { RunOverview } from "../../../src/cli/output/run-overview.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { corruptVersion } from "../../../src/store/journal/records/corrupt-record.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { defineFamily } from "../../../src/store/versions/define-state.ts";
import { refusedRun } from "../../../src/workflows/history/refused-run.ts";
import { runState } from "../../../src/workflows/history/run-state.ts";
import { fixedClock } from "../../store/support/fixed-clock.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal, type FakeTerminalOptions } from "../fake-terminal.ts";
import { failed, finished, letter, notUndone, parcel, StoredRuns } from "../stored-runs.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder } = temporaryFiles();
mkdirSync(join(folder, "data"));
const start = Date.UTC(2026, 0, 31, 12);

let journal: Journal;
let stored: StoredRuns;
let opened: boolean[];

beforeEach(() => {
  journal = memoryJournal();
  stored = new StoredRuns(journal, start);
  opened = [];
});

async function troupe(args: readonly string[], options?: FakeTerminalOptions) {
  const terminal = fakeTerminal(folder, options);
  const ports = fakePorts({
    openJournal: async (_, { readOnly }) => {
      opened.push(readOnly);
      return { ...journal, position: journal.position, time: journal.time };
    },
  });
  const code = await commandLine(["runs", "--journal", "data", ...args], terminal, ports);
  return { code, out: terminal.printed, notes: terminal.notes };
}

const listed = async (...args: string[]): Promise<RunOverview[]> =>
  (await troupe(["--json", ...args])).out.map((line) => JSON.parse(line) as RunOverview);
const idsOf = async (...args: string[]): Promise<string[]> => (await listed(...args)).map(({ run }) => run);

describe("troupe runs", () => {
  it("says how a run stands, and when it was started and changed", async () => {
    stored.run("7", parcel, finished("pack"));
    expect(await troupe([])).toEqual({
      code: 0,
      out: ["7 parcel@1.0.0 running 1/3 2026-01-31T12:00:00.000Z..2026-01-31T12:00:01.000Z post is in flight"],
      notes: [],
    });
    expect(await listed()).toEqual([
      {
        run: "7",
        workflow: "parcel@1.0.0",
        status: "running",
        coordination: "orchestrator",
        steps: { total: 3, finished: 1, undone: 0 },
        started: start,
        changed: start + 1_000,
        inFlight: [{ step: "post", agent: "poster@1.0.0", attempt: 1, isCompensation: false }],
        waits: [],
      },
    ]);
  });

  it.each<[string, () => void, string]>([
    [
      "has ended well",
      () => stored.run("r", parcel, finished("pack"), finished("post"), finished("pay")),
      "r parcel@1.0.0 completed 3/3 2026-01-31T12:00:00.000Z..2026-01-31T12:00:03.000Z",
    ],
    [
      "waits for the time to try a step again",
      () => stored.run("r", parcel, failed("pack", "no\u001b[31m\npaper")),
      "running 0/3 2026-01-31T12:00:00.000Z..2026-01-31T12:00:01.000Z " +
        "pack is tried again at 2026-01-31T12:01:01.000Z, attempt 2, after: no\\u001b[31m paper",
    ],
    [
      "waits for a breaker",
      () => stored.run("r", parcel, failed("pack", "it is open", undefined, "breaker-open")),
      "pack is tried again at 2026-01-31T12:01:01.000Z, attempt 2, by the breaker of packer@1.0.0",
    ],
    [
      "tries a step again",
      () => {
        stored.run("r", parcel, failed("pack", "no paper"));
        stored.pass();
      },
      "pack is in flight, attempt 2",
    ],
    [
      "undoes what it did, as a step failed",
      () => stored.run("r", parcel, finished("pack"), failed("post", "shut"), ...again("post", "shut")),
      "compensating 1/3 2026-01-31T12:00:00.000Z..2026-01-31T12:01:04.000Z post failed: shut; undoing pack is in flight",
    ],
    [
      "undoes what it did, as it was cancelled",
      () => stored.run("r", parcel, finished("pack"), finished("post"), cancelled("too late"), failed("pay", "gone")),
      "cancelled: too late; undoing post is in flight",
    ],
    [
      "has undone a part",
      () =>
        stored.run("r", parcel, ...[finished("pack"), finished("post"), cancelled(), failed("pay", "gone")], {
          type: "compensation-finished",
          step: "post",
        }),
      "compensating 2/3 2026-01-31T12:00:00.000Z..2026-01-31T12:00:05.000Z cancelled; 1 undone; undoing pack is in flight",
    ],
    [
      "waits for the time to try again to undo a step",
      () =>
        stored.run("r", parcel, finished("pack"), cancelled(), failed("post", "gone"), notUndone("pack", "taped shut")),
      "cancelled; undoing pack is tried again at 2026-01-31T12:01:04.000Z, attempt 2, after: taped shut",
    ],
    [
      "was cancelled",
      () => stored.run("r", parcel, cancelled("enough"), failed("pack", "gone")),
      "r parcel@1.0.0 cancelled 0/3 2026-01-31T12:00:00.000Z..2026-01-31T12:00:02.000Z cancelled: enough",
    ],
    [
      "has failed past its point of no return",
      () => stored.run("r", letter, finished("post"), failed("pay", "no stamp"), ...again("pay", "no stamp")),
      "r letter@2.0.0 compensation-failed 1/2 2026-01-31T12:00:00.000Z..2026-01-31T12:01:04.000Z " +
        "pay failed: no stamp; post is its point of no return; waits for a person: troupe resolve",
    ],
  ])("says of a run that it %s", async (_, happen, line) => {
    happen();
    const { out } = await troupe([]);
    expect(out).toHaveLength(1);
    expect(out[0]?.endsWith(line), out[0]).toBe(true);
  });

  it("says of a run that it waits for a person, and what became of it", async () => {
    stuck("r");
    expect((await troupe([])).out[0]).toMatch(
      / cancelled; pack could not be undone: torn; waits for a person: troupe retry-compensation or resolve$/,
    );
    expect(await listed()).toMatchObject([
      {
        status: "compensation-failed",
        cancelled: {},
        uncompensated: { step: "pack", message: "torn", isPivot: false },
        waits: [{ for: "person", can: ["retry-compensation", "resolve"] }],
      },
    ]);
    void stored.supervisor.resolve("r", "thrown\taway");
    expect((await troupe([])).out[0]).toMatch(/ resolved 1\/3 .* could not be undone: torn; resolved: thrown away$/);
  });

  it("says of a run that it was refused, until it has gone on after all", async () => {
    stored.run("7", parcel, finished("pack"));
    stored.run("8", parcel);
    const authority = new StoreAuthority({ journal, clock: fixedClock(start) });
    const store = new StoreClient(new AuthorityAccess(authority), { author: "test" });
    const { length } = await store.read(runState, "7");
    const message = "the workflow has changed since";
    await store.put(refusedRun, "7", { length, code: "workflow-changed", message });
    await store.put(refusedRun, "8", { length: 1, message: "that was long ago" });
    expect((await troupe(["--status", "refused"])).out).toEqual([
      expect.stringMatching(/^7 parcel@1.0.0 refused 1\/3 .* can't go on: the workflow has changed since; post is in/),
    ]);
    expect(await listed("--status", "refused")).toMatchObject([
      { run: "7", status: "refused", refused: { code: "workflow-changed", message } },
    ]);
    expect(await idsOf("--status", "running")).toEqual(["8"]);
    expect((await idsOf("--open")).toSorted()).toEqual(["7", "8"]);
  });

  it("cuts long messages short, except in JSON", async () => {
    stored.run("r", letter, failed("post", "x".repeat(500)));
    expect((await troupe([])).out[0]).toMatch(/after: x{99}…$/);
    expect((await listed())[0]?.waits).toMatchObject([{ for: "time", after: { message: "x".repeat(500) } }]);
  });

  it("lists what changed last first, and so many at most", async () => {
    for (const id of ["c", "a", "e", "b", "d"]) stored.run(id, parcel, finished("pack"));
    void stored.supervisor.propose("a", finished("post"));
    expect(await idsOf()).toEqual(["a", "d", "b", "e", "c"]);
    for (const limit of [1, 2, 4, 9])
      expect(await idsOf("--limit", String(limit))).toEqual(["a", "d", "b", "e", "c"].slice(0, limit));
  });

  it.each<[readonly string[], readonly string[]]>([
    [["--open"], ["open", "undoing"]],
    [["--status", "completed"], ["done"]],
    [
      ["--status", "completed", "--status", "compensation-failed"],
      ["done", "stuck"],
    ],
    [["--workflow", "letter"], ["open"]],
    [["--workflow", "letter@2.0.0"], ["open"]],
    [["--workflow", "letter@1.0.0"], []],
    [["--workflow", "lett"], []],
    [["--workflow", "parcel", "--open"], ["undoing"]],
    [["--open", "--limit", "1"], ["undoing"]],
  ])("takes %j", async (args, ids) => {
    stored.run("done", parcel, finished("pack"), finished("post"), finished("pay"));
    stored.run("open", letter);
    stored.run("undoing", parcel, finished("pack"), cancelled());
    stuck("stuck");
    expect((await idsOf(...args)).toSorted()).toEqual([...ids]);
  });

  it("takes --tenant, and says for whom a run is", async () => {
    stored.run("none", parcel);
    for (const tenant of ["acme", "umbra"]) void stored.supervisor.start(`of ${tenant}`, parcel, { n: 1 }, { tenant });
    expect(await idsOf("--tenant", "acme")).toEqual(["of acme"]);
    expect(await idsOf("--tenant", "nobody-s")).toEqual([]);
    expect((await listed("--tenant", "umbra"))[0]?.tenant).toBe("umbra");
    expect((await troupe(["--tenant", "umbra"])).out[0]).toMatch(/Z for umbra; pack is in flight$/);
  });

  it("tells of a run that is damaged, and lists the others", async () => {
    stored.run("bad", parcel);
    stored.run("good", parcel);
    const whole = journal;
    journal = {
      ...whole,
      head(key) {
        if (key === "run/bad") throw corruptVersion(key, 1, "the checksum of its record is wrong");
        return whole.head(key);
      },
    };
    expect(await troupe([])).toEqual({
      code: 1,
      out: [expect.stringMatching(/^good /)],
      notes: [expect.stringMatching(/^troupe: Version 1 of run\/bad can't be read/)],
    });
  });

  it.each([
    [{ km: 5 }, "status"],
    [{ status: "running" }, "workflow"],
    [7, "the root"],
  ])(
    "tells of a key that holds %j, as an earlier version let applications write it, and lists the others",
    async (state, where) => {
      stored.run("good", parcel);
      const jogging = defineFamily({ name: "run", version: 1, schema: v.unknown(), initial: () => null });
      const authority = new StoreAuthority({ journal, clock: fixedClock() });
      await new StoreClient(new AuthorityAccess(authority), { author: "jogger" }).put(jogging, "monday", state);
      expect(await troupe([])).toEqual({
        code: 1,
        out: [expect.stringMatching(/^good /)],
        notes: [expect.stringMatching(`^troupe: run/monday@1, written by jogger, is no run: at ${where}, `)],
      });
    },
  );

  it("doesn't know when a run was started whose first versions were dropped", async () => {
    stored.run("r", parcel, finished("pack"));
    void journal.trim("run/r", 2);
    expect((await troupe([])).out[0]).toMatch(/ running 1\/3 \.\.2026-01-31T12:00:01\.000Z /);
    expect((await listed())[0]).not.toHaveProperty("started");
  });

  it("reads the head and the first version of each, however long its history is", async () => {
    stored.run("r", parcel, finished("pack"), failed("post", "shut"), ...again("post", "shut"));
    const read: string[] = [];
    const whole = journal;
    const noting =
      <A extends unknown[], R>(name: string, method: (key: string, ...rest: A) => R) =>
      (key: string, ...rest: A): R => {
        read.push(`${name} ${[key, ...rest].join(" ")}`);
        return method(key, ...rest);
      };
    journal = {
      ...whole,
      at: noting("at", whole.at.bind(whole)),
      records: noting("records", whole.records.bind(whole)),
    };
    await troupe([]);
    expect(read).toEqual(["at run/r 1"]);
  });

  it("paints the status, opens the journal beside who owns it, and lets no id reach the terminal's controls", async () => {
    stored.run("e\u001b[31mvil", parcel);
    const { out } = await troupe([], { colours: true });
    expect(out[0]).toContain("\u001b[1me\\u001b[31mvil\u001b[22m parcel@1.0.0 \u001b[36mrunning\u001b[39m 0/3 ");
    expect(opened).toEqual([true]);
  });

  it.each([
    [["--status", "odd"], /^troupe: runs: --status must be one of running, compensating, .*, got "odd"$/],
    [["--open", "--status", "failed"], /^troupe: runs: --open is a choice of statuses itself/],
    [["--limit", "0"], /^troupe: runs: --limit must be a whole number from 1, got "0"$/],
    [["r"], /^troupe: runs: what is "r"\?$/],
  ])("refuses %j", async (args, complaint) => {
    expect(await troupe(args)).toEqual({ code: 2, out: [], notes: [expect.stringMatching(complaint)] });
  });

  it("stops when it is interrupted", async () => {
    stored.run("a", parcel);
    stored.run("b", parcel);
    const terminal = fakeTerminal(folder);
    const printed: string[] = [];
    terminal.print = async (line) => {
      printed.push(line);
      terminal.interrupt();
    };
    const ports = fakePorts({ openJournal: async () => journal });
    expect(await commandLine(["runs", "--journal", "data"], terminal, ports)).toBe(1);
    expect(printed).toHaveLength(1);
  });
});

const cancelled = (reason?: string) => ({ type: "cancel", ...(reason === undefined ? {} : { reason }) }) as const;

/** A minute later, the second attempt fails, too. */
const again = (step: string, message: string) => [{ type: "pass" } as const, failed(step, message, 2)];

/** A run that could not be undone. */
function stuck(id: string): void {
  const torn = [notUndone("pack", "torn"), { type: "pass" }, notUndone("pack", "torn", 2)] as const;
  stored.run(id, parcel, finished("pack"), cancelled(), failed("post", "gone"), ...torn);
}
