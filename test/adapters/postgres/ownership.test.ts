/** Who owns a journal in PostgreSQL: one process at a time, by a lease, and nothing is kept of what an owner of before sends. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { postgresJournal } from "../../../src/adapters/postgres/postgres-journal.ts";
import { isTroupeError } from "../../../src/errors/troupe-error.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import { failure } from "../../store/support/failure.ts";
import { recordOf } from "../../store/support/requests.ts";

const url = await sharedPostgres();
const { open, reopen, query, schemaOf } = postgresJournals(url);

/** As if the owner had not been heard of for as long as its lease is. */
async function endLease(schema: string): Promise<void> {
  await query(`update "${schema}".head set lease_until = '-infinity'`);
}

/** Another journal over the tables of a first one, which is the owner from then on. */
async function takenOver(journal: Journal): Promise<Journal> {
  const schema = schemaOf(journal);
  await endLease(schema);
  return open({ schema });
}

describe.skipIf(url === undefined)("the owner of a journal in PostgreSQL", () => {
  it("is named to others, with the end of its lease", async () => {
    const journal = await open();
    const schema = schemaOf(journal);
    const error = await failure(open({ schema }));
    expect(error).toMatchObject({ code: "journal-in-use", details: { pid: process.pid } });
    const { owner, until } = (error as { details: { owner: string; until: number } }).details;
    expect(String(error)).toContain(owner);
    expect(String(error)).toContain(new Date(until).toISOString());
    const [row] = await query(`select owner, lease_until > clock_timestamp() as holds from "${schema}".head`);
    expect(row).toEqual({ owner, holds: true });
  });

  it("hands over at once when it closes, to one that waits", async () => {
    const journal = await open();
    await journal.append([recordOf("a/1", 1, 1)]);
    const next = open({ schema: schemaOf(journal), wait: true });
    await journal.close();
    const owner = await next;
    expect(owner.position).toBe(1);
    await owner.append([recordOf("a/1", 2, 2)]);
  });

  it("is followed, when its lease has ended, by one that waits; that wait can be given up", async () => {
    const journal = await open();
    const schema = schemaOf(journal);
    const aborter = new AbortController();
    const given = open({ schema, wait: true, signal: aborter.signal });
    const patient = open({ schema, wait: true });
    aborter.abort(new Error("enough"));
    expect(await failure(given)).toMatchObject({ message: "enough" });
    await endLease(schema);
    expect((await patient).lost?.aborted).toBe(false);
  });

  it("keeps nothing of an append once another process has taken over, and says so", async () => {
    const first = await open();
    await first.append([recordOf("a/1", 1, 1)]);
    const second = await takenOver(first);
    const late = first.append([recordOf("a/1", 2, 2), recordOf("b/1", 1, 2)]);
    const error = await failure(Promise.resolve(late));
    expect(error).toMatchObject({ code: "ownership-lost", details: { epoch: 1 } });
    expect(first.lost?.reason).toBe(error);
    expect(() => first.head("a/1")).toThrow(error);
    expect(await failure((async () => first.keys(""))())).toBe(error);
    expect(() => first.append([recordOf("a/1", 2, 2)])).toThrow(error);
    expect(await second.keys("")).toEqual(["a/1"]);
    expect(await second.head("a/1")).toMatchObject({ version: 1 });
    await second.append([recordOf("a/1", 2, 2)]);
    expect(second.position).toBe(2);
    await first.close();
    expect(second.lost?.aborted, "closing the former owner takes nothing from the next").toBe(false);
    await second.append([recordOf("a/1", 3, 3)]);
  });

  it("keeps nothing of a trim, either", async () => {
    const first = await open();
    for (const n of [1, 2, 3]) await first.append([recordOf("a/1", n, n)]);
    const second = await takenOver(first);
    expect(await failure(Promise.resolve(first.trim("a/1", 3)))).toMatchObject({ code: "ownership-lost" });
    expect(await second.oldest("a/1")).toBe(1);
  });

  it("learns that it has lost the journal while it does nothing", async () => {
    const first = await open({ lease: 1_000 });
    const lost = new Promise((resolve) => first.lost?.addEventListener("abort", resolve));
    await takenOver(first);
    await lost;
    expect(first.lost?.reason).toMatchObject({ code: "ownership-lost" });
  });

  it("renews its lease while it does nothing", async () => {
    const journal = await open({ lease: 1_000 });
    const schema = schemaOf(journal);
    const leaseOf = async (): Promise<number> => {
      const [row] = await query(`select extract(epoch from lease_until)::float8 as until from "${schema}".head`);
      return row?.["until"] as number;
    };
    const before = await leaseOf();
    while ((await leaseOf()) < before + 2) expect(journal.lost?.aborted).toBe(false);
  });

  it("stops when the database has gone back behind what it has acknowledged, and names both positions", async () => {
    const journal = await open();
    const schema = schemaOf(journal);
    for (const n of [1, 2, 3]) await journal.append([recordOf("a/1", n, n)]);
    await query(`update "${schema}".head set position = 2; delete from "${schema}".versions where version = 3`);
    const error = await failure(Promise.resolve(journal.append([recordOf("a/1", 4, 4)])));
    expect(error).toMatchObject({ code: "ownership-lost" });
    expect(String(error)).toMatch(/at position 2\b.* position 3 was acknowledged/);
    expect(journal.lost?.aborted).toBe(true);
  });

  it("refuses a database that goes back while it waits for the journal, and names both positions", async () => {
    const journal = await open();
    const schema = schemaOf(journal);
    await journal.append([recordOf("a/1", 1, 7)]);
    const next = open({ schema, wait: true });
    // it has looked once when it has read the table for the second time
    const looks = async (): Promise<number> => {
      const [row] = await query(
        `select coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0)::int as looks from pg_stat_user_tables where schemaname = '${schema}' and relname = 'head'`,
      );
      return row?.["looks"] as number;
    };
    const before = await looks();
    while ((await looks()) < before + 4);
    await query(`update "${schema}".head set position = 3, lease_until = '-infinity'`);
    expect(String(await failure(next))).toMatch(/from position 7 .* to position 3\b/);
  });

  it("has three connections at most, however much it is asked for", async () => {
    const journal = await open();
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        await journal.append([recordOf(`a/${i}`, 1, i + 1)]);
        return Promise.all([journal.at(`a/${i}`, 9), journal.keys("a/", i), journal.committed(`none ${i}`)]);
      }),
    );
    const [row] = await query(
      `select count(*)::int as connections from pg_stat_activity where application_name = 'troupe' and query like '%${schemaOf(journal)}%'`,
    );
    expect(row?.["connections"]).toBeLessThanOrEqual(3);
  });

  it("is no other while one reads", async () => {
    const journal = await open();
    await journal.append([recordOf("a/1", 1, 1)]);
    const reader = await postgresJournal(url as string, { schema: schemaOf(journal), readOnly: true });
    await journal.append([recordOf("a/1", 2, 2)]);
    expect(await reader.head("a/1")).toMatchObject({ version: 2 });
    expect(await reader.heads(["z/1", "a/1"])).toMatchObject([undefined, { version: 2 }]);
    expect(() => reader.append([recordOf("a/1", 3, 3)])).toThrow(/reading only/);
    await reader.close();
    await journal.append([recordOf("a/1", 3, 3)]);
  });
});

describe.skipIf(url === undefined)("a journal in PostgreSQL", () => {
  it("takes keys, authors, causes and idempotency keys of any text, and lists keys by their code units", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc
        .array(
          fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
          { maxLength: 6 },
        )
        .map((units) => units.join("")),
      fc.constantFrom("\0", "\ud800", "\udc00\ud800", "a\0b", "\uffff", "🙂", "", "%_\\'\""),
    );
    let journal = await open();
    let position = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 5 }), text, text, async (ids, author, cause) => {
        const prefix = `any${position}/`;
        const keys = ids.map((id) => `${prefix}${id}`);
        position++;
        const idempotencyKey = `${position}${cause}`;
        const records = keys.map((key) => recordOf(key, 1, position, { author, cause, idempotencyKey }));
        await journal.append(records);
        journal = await reopen(journal);
        expect(await journal.keys(prefix)).toEqual(keys.toSorted());
        expect(await journal.heads(keys)).toEqual(records.map(({ snapshot }) => snapshot));
        expect((await journal.committed(idempotencyKey)).map(({ key }) => key)).toEqual(keys);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ["a URL of something else", () => postgresJournal("mysql://u:secret@h/d")],
    ["a path", () => postgresJournal("./state")],
    ["an unknown option", () => postgresJournal("postgres://h/d", { table: "x" } as never)],
    ["too short a lease", () => postgresJournal("postgres://h/d", { lease: 10 })],
    ["a schema of the system", () => postgresJournal("postgres://h/d", { schema: "pg_mine" })],
  ])("refuses %s", async (_what, make) => {
    const error = await failure(make());
    expect(error).toMatchObject({ code: "invalid-options" });
    expect(String(error)).not.toContain("secret");
  });

  it("says which database can't be reached, without its password", async () => {
    const error = await failure(postgresJournal("postgres://u:secret@127.0.0.1:1/d"));
    expect(error).toMatchObject({
      code: "journal-failed",
      message: expect.stringContaining("u@127.0.0.1:1/d") as string,
    });
    expect(String(error)).not.toContain("secret");
  });

  it("is refused where the database acknowledges what it may lose", async () => {
    const lax = new URL(url as string);
    lax.searchParams.set("options", "-c synchronous_commit=off");
    expect(await failure(postgresJournal(String(lax)))).toMatchObject({
      code: "journal-failed",
      message: expect.stringContaining("synchronous_commit is off") as string,
    });
  });

  it("isn't made where it is only to be read", async () => {
    const error = await failure(postgresJournal(url as string, { readOnly: true, schema: "none" }));
    expect(isTroupeError(error, "no-such-journal")).toBe(true);
  });

  it("is refused where its tables are of a later format", async () => {
    const journal = await open();
    const schema = schemaOf(journal);
    await journal.close();
    await query(`update "${schema}".head set format = 99`);
    for (const readOnly of [false, true])
      expect(await failure(postgresJournal(url as string, { schema, readOnly }))).toMatchObject({
        code: "journal-format",
        details: { format: 99 },
      });
  });

  it("has its tables made once by several processes at a time", async () => {
    const schema = `at_once_${process.pid}`;
    const first = await Promise.all(
      [1, 2, 3, 4].map(async () => open({ schema, wait: true }).then(async (journal) => journal.close())),
    );
    expect(first).toHaveLength(4);
  });
});
