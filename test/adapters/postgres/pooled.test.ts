/** The journal in PostgreSQL behind a pooler that gives each transaction another connection. */

import { afterAll, describe, expect, it } from "vitest";
import { commits } from "../../crash/commits.ts";
import { newPooler } from "../../postgres/pooler.ts";
import { newSchema, postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import { failure } from "../../store/support/failure.ts";
import { testJournalContract } from "../../store/support/journal-contract.ts";
import { recordOf } from "../../store/support/requests.ts";
import { standby } from "./standby.ts";
import { checkKept, writers } from "../../store/support/writers.ts";

const kills = Number(process.env["TROUPE_KILLS"] ?? 5);
const server = await sharedPostgres();
const pooler = server === undefined ? undefined : await newPooler(server);
afterAll(async () => pooler?.close()); // after the journals are closed: what is registered first is called last
const { open, reopen, query, schemaOf } = postgresJournals(pooler?.url);
const direct = postgresJournals(server);

describe.skipIf(pooler === undefined)("a journal in PostgreSQL behind pgbouncer in transaction mode", () => {
  testJournalContract(() => open(), reopen);

  it("is fenced", async () => {
    const first = await open();
    await first.append([recordOf("a/1", 1, 1)]);
    await query(`update "${schemaOf(first)}".head set lease_until = '-infinity'`);
    const second = await open({ schema: schemaOf(first) });
    expect(await failure(Promise.resolve(first.append([recordOf("a/1", 2, 2)])))).toMatchObject({
      code: "ownership-lost",
    });
    expect(await second.head("a/1")).toMatchObject({ version: 1 });
  });

  it(`keeps what 64 writers were told, when the pooler's connections are killed ${kills} times`, async () => {
    const journal = await open();
    const running = writers(journal, 64);
    for (let i = 0; i < kills; i++) {
      await running.further(50 + 37 * (i % 5));
      await direct.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like '%${schemaOf(journal)}%' and pid <> pg_backend_pid()`,
      );
    }
    await running.further(100);
    await running.stop();
    expect(running.rejected).toEqual([]);
    await checkKept(journal, running);
  });

  it("loses nothing when owners are killed", async () => {
    const schema = newSchema();
    const rounds = Math.ceil(kills / 5);
    const url = pooler?.url as string;
    const { acknowledged } = await standby(commits(), {
      url,
      schema,
      lease: 2_000,
      rounds,
      leaves: "killed",
      acks: 40,
    });
    expect(acknowledged).toBeGreaterThan(40 * rounds);
    await query(`drop schema "${schema}" cascade`);
  });
});
