/** `troupe schedules`, over a journal in memory. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { type ScheduleState, scheduleState } from "../../../src/workflows/schedule/schedule-state.ts";
import type { ScheduleView } from "../../../src/workflows/schedule/schedule-view.ts";
import { fixedClock } from "../../store/support/fixed-clock.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder } = temporaryFiles();
mkdirSync(join(folder, "data"));

const start = Date.UTC(2026, 0, 31, 12);
const workflow = { module: "file:///report.mjs", name: "report", version: "1.0.0" };
const nightly: ScheduleState = {
  workflow,
  times: { cron: "0 2 * * *", timeZone: "Europe/Lisbon" },
  overlap: "skip",
  catchUp: "latest",
  tenant: "acme",
  decided: start,
  last: { outcome: "started", at: start, run: "nightly@2026-01-31T12:00:00Z" },
};
const once: ScheduleState = {
  ...nightly,
  times: { at: start },
  last: { outcome: "failed", at: start, why: "no\u001bday" },
};

let journal: Journal;
let modes: string[];

beforeEach(async () => {
  journal = memoryJournal();
  modes = [];
  const authority = new StoreAuthority({ journal, clock: fixedClock(start) });
  const client = new StoreClient(new AuthorityAccess(authority), { author: "test" });
  await client.put(scheduleState, "nightly", nightly);
  const { tenant: _, ...rest } = once;
  await client.put(scheduleState, "once", rest);
});

async function troupe(...args: readonly string[]) {
  const terminal = fakeTerminal(folder);
  const ports = fakePorts({
    openJournal: async (_, { readOnly }) => {
      modes.push(readOnly ? "read" : "write");
      return { ...journal, position: journal.position, time: journal.time };
    },
  });
  const code = await commandLine(["schedules", "--journal", "data", ...args], terminal, ports);
  return { code, out: terminal.printed, notes: terminal.notes };
}

it("lists them, with the time that is due next and what was decided last", async () => {
  expect(await troupe()).toEqual({
    code: 0,
    out: [
      'nightly report@1.0.0 "0 2 * * *" Europe/Lisbon next 2026-02-01T02:00:00.000Z; for acme; started nightly@2026-01-31T12:00:00Z',
      "once report@1.0.0 at 2026-01-31T12:00:00.000Z over; could not start that of 2026-01-31T12:00:00.000Z: no\\u001bday",
    ],
    notes: [],
  });
  expect(modes).toEqual(["read"]);
  const [first = ""] = (await troupe("--json")).out;
  expect(JSON.parse(first)).toMatchObject({ id: "nightly", next: start + 14 * 3_600_000, isMapped: true });
});

it("pauses one with the reason, and goes on with it; doing so again changes nothing", async () => {
  for (let time = 0; time < 2; time++)
    expect(await troupe("pause", "nightly", "--reason", "holidays")).toMatchObject({
      code: 0,
      out: [
        expect.stringMatching(
          /^nightly report@1\.0\.0 "0 2 \* \* \*" Europe\/Lisbon paused; since .*: holidays; for acme/,
        ),
      ],
    });
  for (let time = 0; time < 2; time++)
    expect(await troupe("resume", "nightly")).toMatchObject({ code: 0, out: [expect.stringContaining(" next 2")] });
  expect(modes).toContain("write");
});

it("asks one for a run now and for those of a past stretch, for the next system to start", async () => {
  expect((await troupe("trigger", "nightly")).out).toEqual([
    expect.stringMatching(/; is to start nightly#2\d{3}-\d\d-\d\dT[\d:.]+Z$/),
  ]);
  const asked = await troupe("backfill", "nightly", "--from", "2026-01-10", "--to", "2026-01-12T03:00:00Z");
  expect(asked.out).toEqual([
    expect.stringMatching(/; is to start those of 2026-01-10T02:00:00.000Z..2026-01-12T02:00:00.000Z$/),
  ]);
  const [view = ""] = (await troupe("trigger", "nightly", "--overlap", "allow", "--json")).out;
  expect((JSON.parse(view) as ScheduleView).requests).toMatchObject([
    { kind: "trigger" },
    { kind: "backfill", overlap: "queue" },
    { kind: "trigger", overlap: "allow" },
  ]);
});

it("removes one", async () => {
  expect(await troupe("remove", "nightly")).toMatchObject({ code: 0, out: ["nightly is removed"] });
  expect((await troupe()).out).toHaveLength(1);
});

it.each([
  [["pause", "nigthly"], 1, "troupe: there is no schedule nigthly; did you mean nightly?"],
  [["pause"], 2, "troupe: schedules: ID is missing"],
  [["stop", "nightly"], 2, "troupe: schedules: stop is none of list, pause, resume, trigger, backfill, remove"],
  [["--reason", "x"], 2, "troupe: schedules: --reason is for pause and remove, not for list"],
  [["pause", "nightly", "--to", "2026-01-01"], 2, "troupe: schedules: --to is for backfill, not for pause"],
  [["backfill", "nightly", "--from", "2026-01-01"], 2, "troupe: schedules: --to TIME is missing"],
  [
    ["trigger", "nightly", "--overlap", "all"],
    2,
    'troupe: schedules: --overlap must be one of skip, queue, allow, cancel, got "all"',
  ],
  [
    ["backfill", "nightly", "--from", "2026-01-10", "--to", "2026-01-10T01:00:00Z"],
    1,
    "troupe: schedules.backfill: from: no time of the schedule that has passed lies from 2026-01-10T00:00:00Z to 2026-01-10T01:00:00Z",
  ],
])("says what is wrong with %j", async (args, code, note) => {
  expect(await troupe(...args)).toEqual({ code, out: [], notes: [note] });
});
