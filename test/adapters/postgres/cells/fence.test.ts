/** Invariant 3 in the tables of cells: what an owner appends is fenced by the head of its own cell, whatever the heads of others are like. */

import { afterEach, describe, expect, it } from "vitest";
import { OwnedCells } from "../../../../src/adapters/postgres/cells/owned-cells.ts";
import { Database } from "../../../../src/adapters/postgres/database.ts";
import type { Taken } from "../../../../src/adapters/postgres/lease.ts";
import { placeOf } from "../../../../src/adapters/postgres/open-postgres.ts";
import { partInto } from "../../../../src/adapters/postgres/partition.ts";
import { prepareTables } from "../../../../src/adapters/postgres/schema.ts";
import type { System } from "../../../../src/runtime/system/system.ts";
import { newSchema, postgresJournals, sharedPostgres } from "../../../postgres/shared-postgres.ts";
import { recordOf } from "../../../store/support/requests.ts";

const url = await sharedPostgres();
const { open, query, clear } = postgresJournals(url);
afterEach(clear);

describe.skipIf(url === undefined)("the owner of a cell", () => {
  it("moves the head of its own cell alone, also where another one has the same epoch, session and position", async () => {
    const schema = newSchema();
    const database = await Database.at(url as string, 10_000);
    await prepareTables(database, schema, placeOf(url as string, schema));
    await partInto(database, schema, placeOf(url as string, schema), 3);
    await database.end();
    const one = await open({ schema, cell: 1 });
    const other = await open({ schema, cell: 2 });
    const heads = `select cell, epoch::int, session::int, position::int from "${schema}".head where cell > 0 order by cell`;
    expect((await query(heads)).slice(0, 2)).toEqual(
      [1, 2].map((cell) => ({ cell, epoch: 1, session: 1, position: 0 })),
    );
    await one.append([recordOf("run/a", 1, 1)]);
    expect((await query(heads)).map(({ position }) => position)).toEqual([1, 0, 0]);
    await other.append([recordOf("run/a", 1, 1)]);
    await other.append([recordOf("run/a", 2, 2)]);
    expect((await query(heads)).map(({ position }) => position)).toEqual([1, 2, 0]);
    expect(await one.keys("run/")).toEqual(["run/a"]);
    expect(await one.head("run/a")).toMatchObject({ version: 1 });
    expect(await other.head("run/a")).toMatchObject({ version: 2 });
  });
});

it("cells are given back one at a time", async () => {
  const closing: (() => void)[] = [];
  const never = { subscribe: () => undefined };
  const system = { events$: never, role$: never, close: () => new Promise<void>((resolve) => closing.push(resolve)) };
  const owned = new OwnedCells({
    take: async (cell) => ({ cell, epoch: 1 }) as Taken,
    start: async () => system as unknown as System,
    publish: () => undefined,
  });
  for (const cell of [1, 2, 3]) owned.take(cell);
  await new Promise(setImmediate);
  expect(owned.running).toEqual([1, 2, 3]);
  for (const cell of [3, 2]) owned.giveBack(cell);
  expect(owned.running).toEqual([1, 2]);
  closing.pop()?.();
  await new Promise(setImmediate);
  owned.giveBack(2);
  expect(owned.running).toEqual([1]);
});
