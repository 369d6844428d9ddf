/** What becomes of the store when another process owns its journal. */

import { expect, it } from "vitest";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { outcomeUnknown, ownershipLost } from "../../../src/store/journal/ownership.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { setTo } from "../support/requests.ts";
import { SlowJournal } from "../support/slow-journal.ts";

const reason = ownershipLost("its lease wasn't renewed", { journal: "test", epoch: 3, owner: "other" });

function losable(inner: Journal): { authority: StoreAuthority; lose(): void } {
  const losing = new AbortController();
  const journal = new Proxy(inner, {
    get: (target, name) => (name === "lost" ? losing.signal : (Reflect.get(target, name, target) as unknown)),
  });
  return { authority: new StoreAuthority({ journal, clock: fixedClock() }), lose: () => losing.abort(reason) };
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
