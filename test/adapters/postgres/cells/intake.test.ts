/** The rows that a process takes up, and those that it can't start, over a table that is played. */

import { expect, it } from "vitest";
import { Intake } from "../../../../src/adapters/postgres/cells/intake.ts";
import type { RunPlace, Submission, Submissions } from "../../../../src/adapters/postgres/cells/submissions.ts";
import type { PayloadCodec } from "../../../../src/contracts/payload-codec.ts";
import type { System } from "../../../../src/runtime/system/system.ts";
import type { WorkflowDefinition } from "../../../../src/workflows/definition/workflow-definition.ts";

const known = { name: "known", version: "1.0.0" };
const unknown = { name: "unknown", version: "1.0.0" };

function played() {
  const rows: Submission[] = [];
  const owned = new Set([1]);
  const told: string[] = [];
  const started: string[] = [];
  const database = { isThere: true };
  const submissions = {
    async of(cells: readonly (readonly [number, number])[]) {
      return cells.flatMap(([cell, most]) => rows.filter((row) => row.cell === cell).slice(0, most));
    },
    async remove(places: readonly RunPlace[]) {
      if (!database.isThere) throw new Error("it can't be reached");
      for (const { run } of places)
        rows.splice(
          rows.findIndex((row) => row.run === run),
          1,
        );
    },
  };
  const system = { runOnce: async (_: unknown, __: unknown, { id }: { id: string }) => void started.push(id) };
  const intake = new Intake({
    submissions: submissions as unknown as Submissions,
    workflows: [known as WorkflowDefinition],
    codec: { decode: (value: unknown) => value } as PayloadCodec,
    systemOf: (cell) => (owned.has(cell) ? (system as unknown as System) : undefined),
    onLeft: ({ run }) => told.push(run),
  });
  const add = (run: string, workflow: typeof known): void =>
    void rows.push({ cell: 1, run, request: { workflow, input: 1, options: {} } });
  /** Looks, and lets what it has begun end. */
  const look = async (): Promise<boolean> => {
    const isMore = await intake.look([...owned]);
    await new Promise(setImmediate);
    await intake.settled();
    return isMore;
  };
  return { rows, owned, told, started, database, add, look };
}

it("rows that can't be started hold up none after them, and are told of once each", async () => {
  const { told, started, add, look } = played();
  for (let i = 0; i < 150; i++) add(`left ${i}`, unknown);
  for (let i = 0; i < 150; i++) add(`run ${i}`, known);
  let looks = 0;
  while (await look()) looks++;
  for (let i = 0; i < 3; i++) expect(await look(), "what is left is no reason to look again at once").toBe(false);
  expect(looks).toBeLessThan(6);
  expect(started).toEqual(Array.from({ length: 150 }, (_, i) => `run ${i}`));
  expect(told).toEqual(Array.from({ length: 150 }, (_, i) => `left ${i}`));
});

it("a row that is gone, and comes again, is told of again, as nothing is kept of it; so is one of a cell that was elsewhere", async () => {
  const { rows, owned, told, add, look } = played();
  add("left", unknown);
  await look();
  await look();
  expect(told).toEqual(["left"]);
  const [row] = rows.splice(0);
  await look();
  rows.push(row as Submission);
  await look();
  expect(told).toEqual(["left", "left"]);
  owned.clear();
  await look();
  owned.add(1);
  await look();
  expect(told).toEqual(["left", "left", "left"]);
});

it("as many are passed over as is said, and no more is kept", async () => {
  const { told, started, add, look } = played();
  for (let i = 0; i < 1_300; i++) add(`left ${i}`, unknown);
  add("after them", known);
  for (let i = 0; i < 20; i++) await look();
  expect(told).toHaveLength(1_100);
  expect(started).toEqual([]);
});

it("a run that has started, and whose row can't be removed yet, is not told of as left, and loses its row later", async () => {
  const { rows, told, started, database, add, look } = played();
  add("run", known);
  database.isThere = false;
  await look();
  await look();
  expect(rows).toHaveLength(1);
  database.isThere = true;
  await look();
  expect(rows).toEqual([]);
  expect(new Set(started)).toEqual(new Set(["run"])); // under its id, a run that is started again is the same one
  expect(told).toEqual([]);
});
