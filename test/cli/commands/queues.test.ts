/** `troupe queues`, and what `troupe runs` says of runs that wait in one, over a journal in memory. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { newRun, type RunState, runState } from "../../../src/workflows/history/run-state.ts";
import { queueState } from "../../../src/workflows/queue/queue-state.ts";
import { fixedClock } from "../../store/support/fixed-clock.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder } = temporaryFiles();
mkdirSync(join(folder, "data"));

async function troupe(...args: readonly string[]) {
  const journal = memoryJournal();
  const store = new StoreClient(
    new AuthorityAccess(new StoreAuthority({ journal, clock: fixedClock(Date.UTC(2026, 0, 31, 12)) })),
    { author: "test" },
  );
  await store.put(queueState, "orders", {
    perKey: { concurrency: 1, waiting: 7 },
    all: { rate: { runs: 100, period: 60_000 } },
    released: { a: { at: 5, key: "acme" } },
  });
  await store.put(queueState, "empty", {});
  const run = (key: string, since: number, rest: Partial<RunState>): RunState => ({
    ...{ ...newRun, status: "running", workflow: { module: "m", name: "sale", version: "1.0.0" } },
    ...{ queue: { name: "orders", key, since }, length: 1, ...rest },
  });
  await store.put(runState, "a", run("acme", 1, {}));
  await store.put(runState, "b", run("acme", 3, { isQueued: true }));
  await store.put(runState, "c", run("acme", 2, { isQueued: true }));
  await store.put(runState, "d", run("", 4, { isQueued: true }));
  await store.put(runState, "e", run("acme", 5, { status: "completed" }));
  const terminal = fakeTerminal(folder);
  const ports = fakePorts({
    openJournal: async () => ({ ...journal, position: journal.position, time: journal.time }),
  });
  const code = await commandLine([...args, "--journal", "data"], terminal, ports);
  const stored = async (name: string): Promise<unknown> => (await store.snapshot(queueState, name))?.state;
  return { code, out: terminal.printed, noted: terminal.notes, stored };
}

it("lists queues with their limits, and with the runs of each key", async () => {
  const { code, out } = await troupe("queues");
  expect(code).toBe(0);
  expect(out).toEqual([
    "empty 0 wait, 0 go on",
    "orders 3 wait, 1 go on; in all 100 in 1 min; of a key 1 at a time, 7 may wait; acme: 2 wait, 1 go on; without a key: 1 wait, 0 go on",
  ]);
  const { out: json } = await troupe("queues", "--json");
  expect(JSON.parse(json[1] ?? "")).toMatchObject({ name: "orders", waiting: 3, released: 1, perKey: { waiting: 7 } });
});

it("shows one, by its name", async () => {
  expect((await troupe("queues", "show", "empty")).out).toEqual(["empty 0 wait, 0 go on"]);
  const { code, noted } = await troupe("queues", "show", "ordes");
  expect(code).toBe(1);
  expect(noted.join("\n")).toContain("there is no queue ordes; did you mean orders?");
});

it("sets what one allows, and keeps when its runs were released where that counts", async () => {
  const { code, out, stored } = await troupe("queues", "set", "orders", '{"all":{"concurrency":20}}', "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out[0] ?? "")).toMatchObject({ name: "orders", all: { concurrency: 20 }, waiting: 3 });
  expect(await stored("orders")).toEqual({ all: { concurrency: 20 } });
  const rated = await troupe("queues", "set", "orders", '{"perKey":{"rate":{"runs":2,"period":60000}}}');
  expect(await rated.stored("orders")).toMatchObject({ released: { a: { at: 5, key: "acme" } } });
  const made = await troupe("queues", "set", "new", "{}");
  expect(made.out).toEqual(["new 0 wait, 0 go on"]);
  expect(await made.stored("new")).toEqual({});
});

it.each([
  [["set", "orders", "20"], "Expected Object"],
  [["set", "orders", '{"all":{"concurrency":0}}'], "all.concurrency"],
  [["set", "orders", "all: 20"], "LIMITS is what the queue allows as JSON"],
  [["frob"], "frob is none of list, show, set"],
])("refuses %j", async (args, says) => {
  const { code, noted } = await troupe("queues", ...args);
  expect(code).toBe(2);
  expect(noted.join("\n")).toContain(says);
});

it("shows the position of a run that waits, whatever else is listed", async () => {
  const { out } = await troupe("runs", "--limit", "3");
  expect(out.map((line) => / waits in .*$/.exec(line)?.[0])).toEqual([
    undefined, // it has completed
    " waits in the queue orders, as number 1",
    " waits in the queue orders for acme, as number 1",
  ]);
  const [, b] = (await troupe("runs", "--json")).out.toReversed().map((line) => JSON.parse(line) as { queue: unknown });
  expect(b?.queue).toEqual({ name: "orders", key: "acme", priority: 0, position: 2 });
});
