/** What damages a journal in PostgreSQL is found, and named. */

import { beforeAll, describe, expect, it } from "vitest";
import { verifyPostgresJournal } from "../../../src/adapters/postgres/verify-postgres-journal.ts";
import { postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import { failure } from "../../store/support/failure.ts";
import { recordOf } from "../../store/support/requests.ts";

const url = await sharedPostgres();
const { open, query, schemaOf } = postgresJournals(url);

describe.skipIf(url === undefined)("verifying a journal in PostgreSQL", () => {
  let schema = "";

  beforeAll(async () => {
    const journal = await open();
    schema = schemaOf(journal);
    for (let n = 1; n <= 40; n++) await journal.append([recordOf("a/1", n, n, { idempotencyKey: `once ${n}` })]);
    await journal.append([recordOf("b/1", 1, 41), recordOf("c/1", 1, 41)]);
    await journal.trim("a/1", 3);
  });

  /** What is found while the tables are so; they are put back afterwards. */
  async function found(damage: string): Promise<string[]> {
    const tables = ["head", "keys", "versions"];
    for (const table of tables)
      await query(`create table "${schema}".kept_${table} as select * from "${schema}".${table}`);
    await query(damage.replaceAll("$", `"${schema}".`));
    const { damages } = await verifyPostgresJournal(url as string, { schema });
    for (const table of tables)
      await query(
        `delete from "${schema}".${table}; insert into "${schema}".${table} select * from "${schema}".kept_${table}; drop table "${schema}".kept_${table}`,
      );
    return damages.map(({ key = "", version = "", what }) => `${key}@${version}: ${what}`);
  }

  it("finds nothing where all is whole", async () => {
    const report = await verifyPostgresJournal(url as string, { schema });
    expect(report).toMatchObject({ keys: 3, versions: 40, structureChecked: true, damages: [] });
    expect(report.bytes).toBeGreaterThan(0);
    expect(report.directory).toContain(schema);
  });

  it.each([
    [
      "a byte of a record",
      "update $versions set record = set_byte(record, 9, get_byte(record, 9) # 1) where version = 7",
      ["a/1@7: the checksum of its record is wrong"],
    ],
    [
      "a byte of a state that is kept whole",
      "update $versions set whole = set_byte(whole, 5, get_byte(whole, 5) # 1) where version = 3",
      ["a/1@3: the checksum of the state kept of it is wrong"],
    ],
    ["a version that is missing", "delete from $versions where version = 9", ["a/1@9: its record is missing"]],
    ["a newest version that is missing", "delete from $versions where version = 40", ["a/1@40: its record is missing"]],
    [
      "a version that was put back",
      "update $keys set oldest = 4 where oldest = 3",
      ["a/1@3: versions has an entry of a version that there isn't", "a/1@4: it has nothing to start from"],
    ],
    [
      "a version of no key",
      "update $versions set id = 99 where position = 41 and slot = 0",
      ["b/1@1: its record is missing", "@1: versions has an entry of no known key"],
    ],
    [
      "a record of another version",
      "update $versions v set record = o.record from $versions o where v.version = 11 and o.version = 12",
      ["a/1@11: the checksum of its record is wrong"],
    ],
    [
      "an idempotency key that is gone",
      "update $versions set once = null where version = 6",
      ["a/1@6: its idempotency key doesn't lead to it"],
    ],
    [
      "an idempotency key too many",
      "update $versions set once = '\\x0161' where position = 41 and slot = 1",
      ["c/1@1: its idempotency key doesn't lead to it"],
    ],
    ["a head that has gone back", "update $head set position = 39", ["a/1@40: its position, 40, is out of order"]],
    [
      "the row of a key",
      "update $keys set erased = true where newest = 40",
      ["a/1@: its entry doesn't agree with its newest version"],
    ],
  ])("finds %s", async (_what, damage, expected) => {
    expect(await found(damage)).toEqual(expect.arrayContaining(expected));
  });

  it("refuses what isn't there", async () => {
    expect(await failure(verifyPostgresJournal(url as string, { schema: "none" }))).toMatchObject({
      code: "no-such-journal",
    });
    expect(await failure(verifyPostgresJournal("postgres://127.0.0.1:1/x"))).toMatchObject({ code: "journal-failed" });
  });
});
