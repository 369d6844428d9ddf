/** What becomes of the store when another process owns its journal. */

import { expect, it } from "vitest";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { outcomeUnknown, ownershipLost } from "../../../src/store/journal/ownership.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { LaggingNetwork } from "../support/lagging-network.ts";
import { setTo } from "../support/requests.ts";
import { SlowJournal } from "../support/slow-journal.ts";

const reason = ownershipLost("its lease wasn't renewed", { journal: "test", epoch: 3, owner: "other" });

function losable(inner: Journal): { journal: Journal; authority: StoreAuthority; lose(): void } {
  const losing = new AbortController();
  const journal = new Proxy(inner, {
    get: (target, name) => (name === "lost" ? losing.signal : (Reflect.get(target, name, target) as unknown)),
  });
  return { journal, authority: new StoreAuthority({ journal, clock: fixedClock() }), lose: () => losing.abort(reason) };
}

it("refuses reads and commits with the reason", async () => {
  const { authority, lose } = losable(memoryJournal());
  void authority.commit(setTo("a/1", 0, 1));
  lose();
  expect(() => authority.head("a/1")).toThrow(reason);
  expect(() => authority.commit(setTo("a/1", 1, 2))).toThrow(reason);
  expect(await failure((async () => authority.keys(""))())).toBe(reason);
  expect(reason).toMatchObject({ code: "ownership-lost", details: { journal: "test", epoch: 3, owner: "other" } });
});

it("tells the committer that a commit's outcome is unknown, and those whose commits were built on it", async () => {
  const slow = new SlowJournal();
  const { authority, lose } = losable(slow);
  const outcomes = [0, 1].map((parent) => failure((async () => authority.commit(setTo("a/1", parent, 1)))()));
  const unknown = outcomeUnknown([1], reason);
  lose();
  slow.writeNext(unknown);
  slow.flush();
  expect(await Promise.all(outcomes)).toEqual([unknown, unknown]);
  expect(unknown).toMatchObject({ code: "outcome-unknown", details: { positions: [1] }, cause: reason });
});

it("answers what waits for a read at once, and closes without the journal's answers", async () => {
  const slow = new SlowJournal({ slowReads: true });
  const { authority, lose } = losable(slow);
  const waiting = [authority.head("a/1"), authority.commit(setTo("b/1", 0, 1)), authority.size("a/1")];
  const errors = waiting.map((answer) => failure((async () => answer)()));
  lose();
  expect(await Promise.all(errors)).toEqual([reason, reason, reason]);
  expect(slow.appends).toEqual([]); // what waited for its key was never handed over: it certainly isn't kept
  await authority.close();
});

it("leaves no commit without an answer, though the journal has none", async () => {
  const slow = new SlowJournal();
  const { authority, lose } = losable(slow);
  const outcome = failure((async () => authority.commit(setTo("a/1", 0, 1)))());
  lose();
  const closed = authority.close();
  authority.abandon();
  expect(await outcome).toMatchObject({ code: "outcome-unknown", details: { positions: [1] } });
  slow.flush(); // an answer that comes later changes nothing
  await closed;
});

it("has replicas refuse reads of what they have in memory, and answers the commits that they asked for", async () => {
  const slow = new SlowJournal();
  const { journal, lose } = losable(slow);
  const network = new LaggingNetwork({ journal });
  const { replica } = network.end();
  await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
  const watched = new Promise((resolve) => replica.watch("a/1").subscribe({ error: resolve }));
  const first = failure(replica.submit(setTo("a/1", 0, 1)));
  await network.drain();
  lose();
  await network.drain();
  expect(await failure((async () => replica.snapshot("a/1", 0))())).toMatchObject({ code: "ownership-lost" });
  expect(await failure(replica.keys(""))).toMatchObject({ code: "ownership-lost" });
  expect(await watched).toMatchObject({ code: "ownership-lost" });
  slow.writeNext(outcomeUnknown([1], reason));
  slow.flush();
  await network.drain();
  expect(await first).toMatchObject({ code: "outcome-unknown" });
});
