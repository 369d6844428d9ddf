/** A look at what has changed of late costs as much as has changed, however many keys there are: a start looks so for its unfinished runs. */

import { describe, expect, it } from "vitest";
import { postgresJournal } from "../../../src/adapters/postgres/postgres-journal.ts";
import { keysSince } from "../../../src/adapters/postgres/version-reads.ts";
import { stateKeyBytes } from "../../../src/store/journal/records/entry-key.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import { formerOwner, formerTables } from "./former-tables.ts";
import { verifyPostgresJournal } from "../../../src/adapters/postgres/verify-postgres-journal.ts";
import { failure } from "../../store/support/failure.ts";
import { recordOf } from "../../store/support/requests.ts";

const url = await sharedPostgres();
const { open, reopen, query, schemaOf } = postgresJournals(url);

/** A part of a plan, with what was done for it. */
interface Part {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Part[];
}

/** How many rows of tables were read. */
function rowsRead(part: Part): number {
  const { "Actual Rows": found, "Rows Removed by Filter": left = 0, "Actual Loops": loops } = part;
  const own = part["Relation Name"] === undefined ? 0 : (found + left) * loops;
  return (part.Plans ?? []).reduce((sum, inner) => sum + rowsRead(inner), own);
}

/** A journal of so many keys, each of one version at a position of its own. */
async function filled(runs: number): Promise<Journal> {
  const journal = await open();
  const schema = schemaOf(journal);
  await query(`insert into "${schema}".versions
    select n, 1, n, 0, null, 'no record', null from generate_series(1, ${runs}) n`);
  await query(`insert into "${schema}".keys
    select convert_to('run/' || n, 'UTF8'), n, 1, 1, n, 1, 0, 0, false from generate_series(1, ${runs}) n`);
  await query(`update "${schema}".head set position = ${runs}, next_id = ${runs + 1}`);
  await query(`analyze "${schema}".versions, "${schema}".keys`); // as PostgreSQL does by itself, later
  return reopen(journal);
}

async function readSince(journal: Journal, since: number): Promise<number> {
  const explained = `explain (analyze, format json) ${keysSince(`"${schemaOf(journal)}"`)}`;
  const rows = await query(explained, [stateKeyBytes("run/"), stateKeyBytes("run0"), since, 0]);
  const [row] = rows as unknown as readonly [{ readonly "QUERY PLAN": readonly [{ readonly Plan: Part }] }];
  return rowsRead(row["QUERY PLAN"][0].Plan);
}

describe.skipIf(url === undefined)("keys that have changed since a position", () => {
  it("are found by as many rows over 100,000 keys as over 1,000", async () => {
    const few = await filled(1_000);
    const many = await filled(100_000);
    expect(await readSince(many, many.position - 10)).toBe(20); // of each a version, and the row of its key
    expect(await readSince(few, few.position - 10)).toBe(20);
    expect(await many.keys("run/", many.position - 2)).toEqual(["run/100000", "run/99999"]);
  });

  it("are each named once, in order, and neither of another family nor erased", async () => {
    const journal = await open();
    await journal.append([recordOf("run/b", 1, 1)]);
    await journal.append([recordOf("run/c", 1, 2), recordOf("run/a", 1, 2), recordOf("other/a", 1, 2)]);
    await journal.append([recordOf("run/a", 2, 3)]);
    await journal.append([recordOf("run/d", 1, 4)]);
    await journal.append([recordOf("run/d", 2, 5, { erased: { forgotten: false } as never })]);
    expect(await journal.keys("run/", 1)).toEqual(["run/a", "run/c"]);
    expect(await journal.keys("run/", 3)).toEqual([]);
    await journal.trim("run/a", 2);
    expect(await journal.keys("run/", 2)).toEqual(["run/a"]);
  });
});

describe.skipIf(url === undefined).each([1, 2] as const)("a journal whose tables are of format %i", (format) => {
  /** Has the tables as that format had them. */
  async function ofFormer(): Promise<{ readonly journal: Journal; readonly schema: string }> {
    const journal = await open();
    for (let run = 0; run < 10; run++)
      await journal.append([recordOf(`run/${run}`, 1, run + 1, { idempotencyKey: `once ${run}` })]);
    const schema = schemaOf(journal);
    await journal.close();
    await query(formerTables(schema, format));
    return { journal, schema };
  }

  it("is brought to the newest format by the next owner, with all it has", async () => {
    const { journal, schema } = await ofFormer();
    const next = await reopen(journal);
    expect(await query(`select format, cell from "${schema}".head`)).toEqual([{ format: 3, cell: 0 }]);
    expect(await query(`select 1 as there from pg_indexes where schemaname = $1 and indexname = 'versions_position'`, [schema])).toHaveLength(1); // prettier-ignore
    expect(next.position).toBe(10);
    expect(await next.keys("run/", 8)).toEqual(["run/8", "run/9"]);
    await next.append([recordOf("run/0", 2, 11)]);
    expect(await next.keys("run/", 10)).toEqual(["run/0"]);
    expect(await next.committed("once 3")).toMatchObject([{ key: "run/3", version: 1 }]);
    expect((await verifyPostgresJournal(url as string, { schema })).damages).toEqual([]);
  });

  it("isn't changed by one that only reads, which says what to do", async () => {
    const { schema } = await ofFormer();
    const error = await failure(postgresJournal(url as string, { schema, readOnly: true }));
    expect(error).toMatchObject({ code: "journal-format", details: { format, expected: 3 } });
    expect(String(error)).toContain("A system of this version that opens the journal brings them to it");
    expect(await query(`select format from "${schema}".head`)).toEqual([{ format }]);
  });

  it("is brought there under an owner that is an older version, which goes on", async () => {
    const { schema } = await ofFormer();
    const { take, append } = formerOwner(schema);
    const [taken] = await query(take, ["an older version"]);
    const { epoch, session, position, next_id } = taken as Record<string, number>;
    const waiting = open({ schema, wait: true });
    while ((await query(`select format from "${schema}".head`))[0]?.["format"] === format);
    const none = Array.from({ length: 20 }, () => "{}");
    const kept = await query(append, [epoch, session, position, 11, 5, next_id, 10_000, Buffer.alloc(0), ...none]);
    expect(kept).toEqual([{ kept: 1 }]);
    await query(`update "${schema}".head set owner = null, pid = null, lease_until = '-infinity' where epoch = $1`, [
      epoch,
    ]);
    expect((await waiting).position).toBe(11);
  });
});
