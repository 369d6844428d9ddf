/**
 * A connection that breaks, or a server that dies, amid a commit leaves it open whether that is kept. The journal finds out before it answers: what
 * is acknowledged is there once, what is refused is not, and only where the journal was lost first the outcome is said to be unknown.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { natsJournal, type NatsJournalOptions } from "../../../src/adapters/nats/nats-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { streamOf as lookAt, takeByForce } from "../../nats/forged.ts";
import { hasNats, natsJournals, newStream } from "../../nats/journals.ts";
import { failure } from "../../store/support/failure.ts";
import { recordOf } from "../../store/support/requests.ts";
import { checkKept, writers } from "../../store/support/writers.ts";
import { type Proxy, proxyTo } from "../proxy.ts";

/** How often connections are cut; servers are killed a tenth as often, by `npm run test:nats` alone. */
const kills = Number(process.env["TROUPE_KILLS"] ?? 5);
const isDeep = process.env["TROUPE_KILLS"] !== undefined;

const alone = natsJournals();
const three = natsJournals(3);

/** A journal whose connection goes through a proxy. */
async function throughProxy(
  options: NatsJournalOptions = {},
): Promise<{ journal: Journal; stream: string; proxy: Proxy; urls: readonly string[] }> {
  const { urls } = await alone.servers();
  const stream = newStream();
  const proxy = await proxyTo(urls[0] as string);
  const journal = await natsJournal(proxy.url, { stream, replicas: 1, lease: 4_000, ...options });
  await journal.append([recordOf("a/1", 1, 1)]);
  return { journal, stream, proxy, urls };
}

/** Silences a connection when the client sends an append on it: before that arrives, or after. */
function silence(proxy: Proxy, when: "before it arrives" | "before it is answered"): Promise<void> {
  return new Promise<void>((saw) => {
    let isAppend = false;
    proxy.filter((bytes, from) => {
      if (from === "client" && bytes.includes('"kind":"commits"')) {
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
  });
}

describe.skipIf(!hasNats())("a commit whose answer doesn't come", () => {
  it.each(["before it arrives", "before it is answered"] as const)("%s, is kept once", async (when) => {
    const { journal, proxy, stream } = await throughProxy();
    const seen = silence(proxy, when);
    const appended = journal.append([recordOf("a/1", 2, 2), recordOf("b/1", 1, 2)]);
    await seen;
    proxy.pass();
    await appended;
    await journal.append([recordOf("a/1", 3, 3)]);
    await journal.close();
    await proxy.close();
    const again = await alone.open({ stream });
    expect((await again.records("a/1", 1, 9)).map(({ snapshot }) => snapshot.position)).toEqual([1, 2, 3]);
    expect(again.position).toBe(3);
  });

  it.each([
    ["before it arrives", "ownership-lost"],
    ["before it is answered", undefined],
  ] as const)("%s, when another process has taken over, is told as it is", async (when, code) => {
    const { journal, stream, proxy, urls } = await throughProxy();
    const seen = silence(proxy, when);
    const appended = Promise.resolve(journal.append([recordOf("a/1", 2, 2)]));
    await seen;
    await takeByForce(urls, stream, code === undefined ? 2 : 1);
    proxy.pass();
    if (code === undefined) await appended;
    else expect(await failure(appended)).toMatchObject({ code });
    await journal.close();
    await proxy.close();
    const next = await alone.open({ stream, wait: true });
    expect((await next.head("a/1"))?.version).toBe(code === undefined ? 2 : 1);
  });

  it("is unknown once the lease can't be renewed any more, and everything else is answered, too", async () => {
    const { journal, proxy } = await throughProxy({ lease: 1_500 });
    proxy.swallow();
    const sent = failure(Promise.resolve(journal.append([recordOf("a/1", 2, 2)])));
    await new Promise<void>((resolve) => void setImmediate(() => setImmediate(resolve)));
    const queued = failure(Promise.resolve(journal.append([recordOf("a/1", 3, 3)])));
    expect(await sent).toMatchObject({ code: "outcome-unknown", details: { positions: [2] } });
    expect(await queued).toMatchObject({ code: "ownership-lost" });
    expect(() => journal.head("a/1")).toThrow(/could not renew its lease/);
    await journal.close();
    await proxy.close();
  });
});

describe.skipIf(!hasNats())("what 64 writers were told is what is kept", () => {
  it(`when connections are cut ${kills} times`, async () => {
    const { journal, stream, proxy } = await throughProxy({ lease: 60_000 });
    const running = writers(journal, 64);
    for (let i = 0; i < kills; i++) {
      await running.further(50 + 37 * (i % 5));
      proxy.cut();
    }
    await running.further(100);
    await running.stop();
    expect(running.rejected).toEqual([]);
    await checkKept(journal, running);
    await journal.close();
    await proxy.close();
    await checkKept(await alone.open({ stream }), running);
  });

  it.skipIf(!isDeep)(
    `when the server that leads is killed ${Math.ceil(kills / 10)} times, and all of them as often`,
    async () => {
      const servers = await three.servers();
      const { urls, leaderOf, kill, start, ready } = servers;
      const stream = newStream();
      const journal = await three.open({ stream, lease: 120_000 });
      const log = await lookAt(urls, stream, async ({ stream: name }) => Promise.resolve(name));
      const running = writers(journal, 64);
      for (let i = 0; i < Math.ceil(kills / 10); i++) {
        await running.further(200 + 131 * (i % 3));
        let leader = await leaderOf(log);
        while (leader === undefined) leader = await leaderOf(log);
        await kill(leader);
        await running.further(100);
        start(leader);
        await running.further(100);
        await Promise.all([0, 1, 2].map(async (server) => kill(server)));
        for (const server of [0, 1, 2]) start(server);
        await ready();
      }
      await running.further(100);
      await running.stop();
      expect(running.rejected).toEqual([]);
      await checkKept(journal, running);
      await journal.close();
      await checkKept(await three.open({ stream }), running);
    },
  );
});

describe.skipIf(!hasNats())("what was erased", () => {
  it("is in no file of any server once the journal is compacted", async () => {
    const { directory } = await three.servers();
    const secret = "fingerprint-of-a-secret";
    const journal = await three.open();
    await journal.append([recordOf("a/1", 1, 1, { author: secret }), recordOf("b/1", 1, 1)]);
    expect(filesWith(directory, secret).length).toBeGreaterThanOrEqual(2);
    const { snapshot } = recordOf("a/1", 2, 2, { state: undefined, erased: { reason: "asked for" } });
    await journal.append([{ snapshot, patches: [{ op: "replace", path: [], value: undefined }] }]);
    await journal.compact();
    // a server that is behind removes the stream a little later
    while (filesWith(directory, secret).length > 0) await new Promise((resolve) => void setTimeout(resolve, 50));
    await journal.append([recordOf("b/1", 2, 3)]);
    const again = await three.reopen(journal);
    expect(await again.keys("")).toEqual(["b/1"]);
  });
});

/** The files in a directory that have a text, where files come and go. */
function filesWith(path: string, text: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return readFileSync(path).includes(text) ? [path] : [];
    return readdirSync(path).flatMap((name) => filesWith(join(path, name), text));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return []; // removed meanwhile
  }
}
