/** `troupe migrate`, over a journal in memory. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { linkPackages } from "../package-links.ts";
import { finished, parcel, StoredRuns } from "../stored-runs.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();
mkdirSync(join(folder, "data"));
linkPackages(folder);
/** It is weighed before it is posted; and what was packed is not. */
write(
  "parcels.mjs",
  `import { defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";
const Value = v.object({ n: v.number() });
const doer = (name) => defineAgent("test:agents", { name, version: "1.0.0", input: Value, output: Value, execute: (input) => input, compensate: () => {} });
export const weighed = defineWorkflow("test:workflows", { name: "parcel", version: "2.0.0", input: Value, follows: ["1.0.0"] })
  .step("pack", doer("packer"), ({ input }) => input)
  .step("weigh", doer("scale"), { after: ["pack"], when: () => true }, ({ pack }) => pack)
  .step("post", doer("poster"), { after: ["pack", "weigh"] }, ({ pack }) => pack)
  .step("pay", doer("payer"), { after: ["post"] }, ({ post }) => post);
export const other = defineWorkflow("test:workflows", { name: "parcel", version: "3.0.0", input: Value })
  .step("pack", doer("packer"), ({ input }) => input);
`,
);

let journal: Journal;
let modes: string[];

/** One that is being packed, one that is being posted, and one that has come to its end. */
beforeEach(() => {
  journal = memoryJournal();
  modes = [];
  const runs = new StoredRuns(journal, Date.UTC(2026, 0, 31, 12));
  void runs.supervisor.switchCoordination("orchestrator");
  runs.run("early", parcel);
  runs.run("late", parcel, finished("pack"));
  runs.run("over", parcel, finished("pack"), finished("post"), finished("pay"));
});

async function troupe(command: string, ...args: readonly string[]) {
  const terminal = fakeTerminal(folder);
  const ports = fakePorts({
    openJournal: async (_, { readOnly }) => {
      modes.push(readOnly ? "read" : "write");
      return { ...journal, position: journal.position, time: journal.time };
    },
  });
  const code = await commandLine([command, ...args, "--journal", "data"], terminal, ports);
  return { code, out: terminal.printed, notes: terminal.notes };
}

const passed = `"post" has begun, and comes after "weigh", which is new: the run has passed it, and it has no otherwise`;

it("says what would become of each run, and changes nothing", async () => {
  const { code, out } = await troupe("migrate", "parcels.mjs#weighed", "--dry-run");
  expect(out).toEqual(["early 1.0.0 would go on: with weigh", `late 1.0.0 would be refused: ${passed}`]);
  expect(code).toBe(1);
  expect(modes).toEqual(["read"]);
  expect((await troupe("runs")).out.filter((line) => line.includes("parcel@2.0.0"))).toEqual([]);
});

it("migrates those that can go on, and says why the others can't", async () => {
  const { code, out } = await troupe("migrate", "parcels.mjs#weighed", "--json");
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
    { run: "early", from: "1.0.0", outcome: "ok", added: ["weigh"], removed: [], skipped: [], adapted: [] },
    { run: "late", from: "1.0.0", outcome: "refused", reasons: [passed] },
  ]);
  expect(code).toBe(1);
  expect((await troupe("show-run", "early")).out.join("\n")).toContain("the run went on with parcel@2.0.0, with weigh");
  expect((await troupe("migrate", "parcels.mjs#weighed", "--run", "early")).out).toEqual([
    "early 2.0.0 refused: it is a run of parcel@2.0.0, which is not migrated",
  ]);
});

it("takes those that are named", async () => {
  expect(await troupe("migrate", "parcels.mjs#weighed", "--run", "early", "--from", "1.0.0")).toMatchObject({
    code: 0,
    out: ["early 1.0.0 ok: with weigh"],
  });
  const { code, notes } = await troupe("migrate", "parcels.mjs#weighed", "--run", "earl");
  expect([code, ...notes]).toEqual([1, "troupe: there is no run earl in the store"]);
});

it("says what is wrong with what it was given", async () => {
  const said = async (...args: readonly string[]) => {
    const { code, notes } = await troupe("migrate", ...args);
    return [code, notes.join("\n")];
  };
  expect(await said("parcels.mjs")).toEqual([1, expect.stringContaining("exports several workflows; choose one")]);
  expect(await said("parcels.mjs#other")).toEqual([
    1,
    expect.stringContaining("migrate: parcel@3.0.0 has no follows: say in its follows which versions' runs may go on"),
  ]);
  expect(await said("parcels.mjs#weighed", "--from", "0.9.0")).toEqual([
    1,
    expect.stringContaining('parcel@2.0.0 follows 1.0.0, and not "0.9.0"'),
  ]);
  expect(await said()).toEqual([2, expect.stringContaining("MODULE is missing")]);
});
