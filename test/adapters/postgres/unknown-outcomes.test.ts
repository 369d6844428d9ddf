/**
 * A connection that breaks amid a commit leaves it open whether that is kept. The journal finds out before it answers: what is acknowledged
 * is there once, what is refused is not, and only where the journal was lost first the outcome is said to be unknown.
 */

import { describe, expect, it } from "vitest";
import { postgresJournal, type PostgresJournalOptions } from "../../../src/adapters/postgres/postgres-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { newServer } from "../../../examples/credit/cells/postgres-server.ts";
import { newSchema, postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import { failure } from "../../store/support/failure.ts";
import { recordOf } from "../../store/support/requests.ts";
import { type Proxy, proxyTo } from "../proxy.ts";
import { checkKept, writers } from "../../store/support/writers.ts";

/** How often connections are killed; the server is stopped a tenth as often. `npm run test:postgres` does it more often. */
const kills = Number(process.env["TROUPE_KILLS"] ?? 10);

const url = await sharedPostgres();
const { open, query } = postgresJournals(url);

/** A journal whose connections go through a proxy. */
async function throughProxy(
  options: PostgresJournalOptions = {},
): Promise<{ journal: Journal; schema: string; proxy: Proxy }> {
  const schema = newSchema();
  const proxy = await proxyTo(url as string);
  const journal = await postgresJournal(proxy.url, { schema, lease: 3_000, ...options });
  await journal.append([recordOf("a/1", 1, 1)]);
  return { journal, schema, proxy };
}

async function takeOver(schema: string): Promise<Journal> {
  await query(`update "${schema}".head set lease_until = '-infinity'`);
  return open({ schema });
}

function swallowed(): { readonly seen: Promise<void>; readonly saw: () => void } {
  let saw = (): void => undefined;
  const seen = new Promise<void>((resolve) => (saw = resolve));
  return { seen, saw };
}

/** Silences a connection when the client sends an append on it: before that arrives, or after. */
function silence(proxy: Proxy, when: "before it arrives" | "before it is answered"): Promise<void> {
  const { seen, saw } = swallowed();
  let isAppend = false;
  proxy.filter((bytes, from) => {
    if (from === "client" && bytes.includes(".append(")) {
      isAppend = true;
      if (when === "before it arrives") saw();
      return when !== "before it arrives";
    }
    if (from === "server" && isAppend) {
      isAppend = false;
      saw();
      return false;
    }
    return true;
  });
  return seen;
}

describe.skipIf(url === undefined)("a commit whose answer doesn't come", () => {
  it.each(["before it arrives", "before it is answered"] as const)("%s, is kept once", async (when) => {
    const { journal, proxy } = await throughProxy();
    const seen = silence(proxy, when);
    const appended = journal.append([recordOf("a/1", 2, 2), recordOf("b/1", 1, 2)]);
    await seen;
    proxy.pass();
    await appended;
    await journal.append([recordOf("a/1", 3, 3)]);
    expect((await journal.records("a/1", 1, 9)).map(({ snapshot }) => snapshot.position)).toEqual([1, 2, 3]);
    await journal.close();
    await proxy.close();
  });

  it.each([
    ["before it arrives", "ownership-lost"],
    ["before it is answered", undefined],
  ] as const)("%s, when another process has taken over, is told as it is", async (when, code) => {
    const { journal, schema, proxy } = await throughProxy();
    const seen = silence(proxy, when);
    const appended = Promise.resolve(journal.append([recordOf("a/1", 2, 2)]));
    await seen;
    const next = await takeOver(schema);
    proxy.pass();
    if (code === undefined) await appended;
    else expect(await failure(appended)).toMatchObject({ code });
    expect((await next.head("a/1"))?.version).toBe(code === undefined ? 2 : 1);
    await new Promise<void>((resolve) => {
      if (journal.lost?.aborted === true) resolve();
      else journal.lost?.addEventListener("abort", () => resolve());
    });
    await journal.close();
    await proxy.close();
  });

  it("is unknown once the lease can't be renewed any more, and everything else is answered, too", async () => {
    const { journal, proxy } = await throughProxy({ lease: 1_500 });
    proxy.swallow();
    const sent = failure(Promise.resolve(journal.append([recordOf("a/1", 2, 2)])));
    await new Promise<void>((resolve) => void setImmediate(resolve));
    const queued = failure(Promise.resolve(journal.append([recordOf("a/1", 3, 3)])));
    const read = failure(Promise.resolve(journal.head("z/1")));
    expect(await sent).toMatchObject({ code: "outcome-unknown", details: { positions: [2] } });
    expect(await queued).toMatchObject({ code: "ownership-lost" });
    expect(await read).toMatchObject({ code: "ownership-lost" });
    expect(journal.lost?.reason).toMatchObject({ code: "ownership-lost" });
    await journal.close();
    await proxy.close();
  });

  it("isn't kept a second time when its bytes arrive late", async () => {
    const { journal, schema, proxy } = await throughProxy();
    const seen = silence(proxy, "before it arrives");
    const appended = journal.append([recordOf("a/1", 2, 2)]);
    await seen;
    proxy.pass();
    await appended;
    // the place that its statement expects: only the session says that it is one of before
    await query(`update "${schema}".head set position = 1; delete from "${schema}".versions where position > 1`);
    await proxy.deliverLate();
    expect(await query(`select position::int from "${schema}".versions`)).toEqual([{ position: 1 }]);
    await journal.close();
    await proxy.close();
  });
});

describe.skipIf(url === undefined)("a read whose answer doesn't come", () => {
  it("is asked again on another connection, while the owner goes on", async () => {
    const { journal, proxy } = await throughProxy({ lease: 1_000 });
    let isSilent = false;
    proxy.filter((bytes, from) => {
      if (isSilent || from !== "client" || !bytes.includes("with ordinality")) return true;
      isSilent = true;
      return false;
    });
    const read = journal.head("z/1");
    await journal.append([recordOf("a/1", 2, 2)]);
    expect(await read).toBeUndefined();
    expect(isSilent).toBe(true);
    expect(journal.lost?.aborted).toBe(false);
    await journal.close();
    await proxy.close();
  });
});

describe.skipIf(url === undefined)("what 64 writers were told is what is kept", () => {
  it(`when connections are killed ${kills} times`, async () => {
    const schema = newSchema();
    const journal = await postgresJournal(url as string, { schema });
    const running = writers(journal, 64);
    for (let i = 0; i < kills; i++) {
      await running.further(50 + 37 * (i % 5));
      await query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'troupe' and query like '%${schema}%' and pid <> pg_backend_pid()`,
      );
    }
    await running.further(100);
    await running.stop();
    expect(running.rejected).toEqual([]);
    await checkKept(journal, running);
    await journal.close();
    const again = await open({ schema });
    await checkKept(again, running);
  });

  it(`when the server is stopped at once ${Math.ceil(kills / 10)} times`, async () => {
    const server = await newServer();
    try {
      const journal = await postgresJournal(server.url, { lease: 60_000 });
      const running = writers(journal, 64);
      for (let i = 0; i < Math.ceil(kills / 10); i++) {
        await running.further(200 + 131 * (i % 3));
        server.crash();
        server.start();
      }
      await running.further(100);
      await running.stop();
      expect(running.rejected).toEqual([]);
      await checkKept(journal, running);
      await journal.close();
    } finally {
      server.remove();
    }
  });
});
