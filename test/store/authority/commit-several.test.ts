/** Commits to several keys at the authority, over a journal that answers later: together or not at all. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommitOutcome, CommitRecord, CommitRequest, KeyChange } from "../../../src/store/versions/commit.ts";
import { resolveHistoryRange } from "../../../src/store/versions/history-range.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { setTo, writeOf } from "../support/requests.ts";
import { SlowJournal, type SlowJournalOptions } from "../support/slow-journal.ts";
import { newestBefore } from "../support/total-order.ts";
import { settleAll } from "../support/turns.ts";

interface Tracked {
  outcome: CommitOutcome | "pending" | "failed";
}

const full = new Error("disk full");

function start(options: SlowJournalOptions = {}) {
  const journal = new SlowJournal(options);
  const authority = new StoreAuthority({ journal, clock: fixedClock() });
  /** Commits and looks on. */
  function commit(request: CommitRequest): Tracked {
    const tracked: Tracked = { outcome: "pending" };
    Promise.resolve(authority.commit(request)).then(
      (outcome) => (tracked.outcome = outcome),
      () => (tracked.outcome = "failed"),
    );
    return tracked;
  }
  async function land(...requests: CommitRequest[]): Promise<void> {
    for (const request of requests) {
      commit(request);
      journal.flush();
      await settleAll();
    }
  }
  return { journal, authority, commit, land };
}

/** `w a 1 7`: writes 7 to a/1 on top of its version 1; `r a 1`: reads its version 1. */
function together(...words: readonly string[]): CommitRequest {
  const changes = words.map((word): KeyChange => {
    const [what, key, parent, n] = word.split(" ");
    return what === "r" ? { key: `${key}/1`, parent: Number(parent) } : writeOf(`${key}/1`, Number(parent), Number(n));
  });
  return { changes, author: "test" };
}

function headOf(authority: StoreAuthority, key: string): number {
  return (authority.head(`${key}/1`) as Snapshot | undefined)?.version ?? 0;
}

describe("versions of one commit", () => {
  it("go to the journal in one append, and share position and time", () => {
    const { journal, commit } = start();
    commit(together("w a 0 1", "w b 0 2"));
    expect(journal.appends.map(({ records }) => records.map(({ snapshot }) => snapshot))).toMatchObject([
      [
        { key: "a/1", version: 1, position: 1, time: 1_000, state: { n: 1 } },
        { key: "b/1", version: 1, position: 1, time: 1_000, state: { n: 2 } },
      ],
    ]);
  });

  it("become visible at once, to who watches any of them too", async () => {
    const { journal, authority, commit } = start();
    const seen: number[][] = [];
    for (const key of ["a", "b"])
      authority.watch(`${key}/1`).subscribe(() => {
        seen.push([headOf(authority, "a"), headOf(authority, "b"), authority.position]);
      });
    const tracked = commit(together("w a 0 1", "w b 0 1"));
    journal.writeNext();
    await settleAll();
    expect([headOf(authority, "a"), headOf(authority, "b"), authority.position]).toEqual([0, 0, 0]);
    expect(authority.keys("")).toEqual([]);
    journal.flush();
    await settleAll();
    expect(seen).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(tracked.outcome).toMatchObject({ kind: "committed", snapshots: [{ key: "a/1" }, { key: "b/1" }] });
  });

  it("fail together, with what was built on any of them, on whatever key; the rest goes on (invariant 3)", async () => {
    const { journal, authority, commit, land } = start();
    await land(together("w a 0 1", "w b 0 1", "w c 0 1", "w d 0 1"));
    const failing = commit(together("w a 1 2", "w b 1 2"));
    const onTop = commit(together("w b 2 3", "w c 1 3"));
    const onTopOfThat = commit(setTo("c/1", 2, 4));
    const other = commit(setTo("d/1", 1, 2));
    const below = commit(together("w d 2 3", "w e 0 1"));
    journal.writeNext(full);
    journal.flush();
    await settleAll();
    expect([failing, onTop, onTopOfThat].map(({ outcome }) => outcome)).toEqual(["failed", "failed", "failed"]);
    expect([other, below].map(({ outcome }) => (outcome as CommitOutcome).kind)).toEqual(["committed", "committed"]);
    expect(["a", "b", "c", "d", "e"].map((key) => headOf(authority, key))).toEqual([1, 1, 1, 3, 1]);
    await land(together("w a 1 5", "w b 1 5", "w c 1 5"));
    expect(["a", "b", "c"].map((key) => headOf(authority, key))).toEqual([2, 2, 2]);
  });

  it("leave a key where it was, for who builds on what is still tentative there", async () => {
    const { journal, authority, commit } = start();
    commit(setTo("a/1", 0, 1));
    commit(together("w a 1 2", "w b 0 1"));
    journal.writeNext();
    journal.writeNext(full);
    journal.answers.pop()?.(); // that it failed is told first
    await settleAll();
    const next = commit(setTo("a/1", 1, 3));
    expect(journal.appends).toHaveLength(1);
    journal.flush();
    await settleAll();
    expect(next.outcome).toMatchObject({ snapshots: [{ version: 2, state: { n: 3 } }] });
    expect(headOf(authority, "b")).toBe(0);
  });
});

describe("a key that is only read", () => {
  it("has to be where it was read, and stays there", async () => {
    const { authority, commit, land } = start();
    await land(setTo("a/1", 0, 1), setTo("a/1", 1, 2));
    const stale = commit(together("r a 1", "w b 0 1"));
    await settleAll();
    expect(stale.outcome).toMatchObject({ kind: "conflict", key: "a/1", head: { version: 2 } });
    await land(together("r a 2", "w b 0 1"), together("r c 0", "w b 1 2"));
    expect(["a", "b", "c"].map((key) => headOf(authority, key))).toEqual([2, 2, 0]);
  });

  it("has to be durable: what is decided on it could not be taken back", async () => {
    const { journal, commit, land } = start();
    await land(setTo("a/1", 0, 1));
    for (const [failure, outcome] of [
      [full, { kind: "conflict", key: "a/1", head: { version: 1 } }],
      [undefined, { kind: "committed" }],
    ] as const) {
      commit(setTo("a/1", 1, 2));
      const reading = commit(together("r a 2", "w b 0 1"));
      await settleAll();
      expect(reading.outcome).toBe("pending");
      expect(journal.appends).toHaveLength(1);
      journal.writeNext(failure);
      journal.flush();
      await settleAll();
      journal.flush();
      await settleAll();
      expect(reading.outcome).toMatchObject(outcome);
    }
  });

  it("waits for what may come before it, and loses if it does", async () => {
    const { journal, commit, land } = start();
    await land(setTo("a/1", 0, 1));
    for (const [failure, outcome] of [
      [full, { kind: "committed", snapshots: [{ key: "b/1", version: 1 }] }],
      [undefined, { kind: "conflict", key: "a/1", head: { version: 2 } }],
    ] as const) {
      const [, written] = [commit(setTo("a/1", 1, 2)), failure === undefined ? "w b 1 2" : "w b 0 1"];
      const reading = commit(together("r a 1", written));
      journal.writeNext(failure);
      journal.flush();
      await settleAll();
      journal.flush();
      await settleAll();
      expect(reading.outcome).toMatchObject(outcome);
    }
  });

  it("lets others write it while what read it isn't durable yet", async () => {
    const { journal, authority, commit, land } = start();
    await land(setTo("a/1", 0, 1));
    const reading = commit(together("r a 1", "w b 0 1"));
    const writing = commit(setTo("a/1", 1, 2));
    journal.writeNext(full);
    journal.flush();
    await settleAll();
    expect([reading.outcome, (writing.outcome as CommitOutcome).kind]).toEqual(["failed", "committed"]);
    expect([headOf(authority, "a"), headOf(authority, "b")]).toEqual([2, 0]);
  });

  it("needs no journal where nothing is written, and doesn't wait for what isn't visible", async () => {
    const { journal, commit, land } = start();
    await land(setTo("a/1", 0, 1), setTo("b/1", 0, 1));
    commit(setTo("a/1", 1, 2));
    const reading = commit(together("r a 1", "r b 1"));
    const wrong = commit(together("r a 1", "r b 0"));
    await settleAll();
    expect(reading.outcome).toEqual({ kind: "committed", snapshots: [] });
    expect(wrong.outcome).toMatchObject({ kind: "conflict", key: "b/1" });
    expect(journal.appends).toHaveLength(1);
  });
});

describe("a journal that has to read some heads first", () => {
  it("doesn't make a commit miss what happens to the others meanwhile (invariant 3)", async () => {
    const inner = memoryJournal();
    const loads: (() => void)[] = [];
    const authority = new StoreAuthority({
      journal: {
        ...inner,
        position: 0,
        time: 0,
        head: (key) =>
          key === "b/1" ? new Promise((resolve) => loads.push(() => resolve(undefined))) : inner.head(key),
      },
      clock: fixedClock(),
    });
    const both = Promise.resolve(authority.commit(together("w a 0 1", "w b 0 1")));
    expect(authority.commit(setTo("a/1", 0, 2))).toMatchObject({ kind: "committed" });
    for (const load of loads) load();
    expect(await both).toMatchObject({ kind: "conflict", key: "a/1", head: { version: 1, state: { n: 2 } } });
  });

  it("doesn't make commits to the same keys wait for each other forever, in whatever order they name them", async () => {
    const { journal, authority, commit } = start({ slowReads: true });
    const tracked = [
      commit(together("w a 0 1", "w b 0 1", "w c 0 1")),
      commit(together("w c 0 2", "w b 0 2", "w a 0 2")),
      commit(together("w b 1 3", "r a 1", "w c 1 3")),
    ];
    for (let i = 0; i < 6; i++) {
      journal.answerReads();
      journal.flush();
      await settleAll();
    }
    expect(tracked.map(({ outcome }) => (outcome as CommitOutcome).kind)).toEqual([
      "committed",
      "conflict",
      "committed",
    ]);
    expect(journal.reads).toBe(0);
    expect(authority.position).toBe(2);
  });

  it("fails all who wait when one head can't be read, and reads anew for the next", async () => {
    const { journal, authority } = start();
    const head = journal.head;
    journal.head = (key) => (key === "b/1" ? Promise.reject(new Error("no disk")) : head(key));
    await expect(Promise.resolve(authority.commit(together("w a 0 1", "w b 0 1")))).rejects.toThrow("no disk");
    await settleAll();
    journal.head = head;
    const again = Promise.resolve(authority.commit(together("w a 0 1", "w b 0 1")));
    await settleAll();
    journal.flush();
    expect(await again).toMatchObject({ kind: "committed" });
  });
});

describe("whatever the journal does and when", () => {
  const keys = ["a/1", "b/1", "c/1"];
  type Step =
    | { readonly do: "commit"; readonly parts: readonly { key: string; back: number; write: boolean }[] }
    | { readonly do: "write" | "fail" | "tell" };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("commit" as const),
        parts: fc.uniqueArray(
          fc.record({
            key: fc.constantFrom(...keys),
            back: fc.constantFrom(0, 0, 0, 0, 1, 2),
            write: fc.constantFrom(true, true, false),
          }),
          { selector: ({ key }) => key, minLength: 1, maxLength: 3 },
        ),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("write" as const, "tell" as const, "fail" as const) }) },
  );

  it("exactly the acknowledged commits are kept, each whole, on top of what it was computed from (invariant 3)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), fc.infiniteStream(fc.nat(20)), async (steps, choices) => {
        const { journal, authority, commit } = start();
        const tracked: { readonly request: CommitRequest; readonly tracked: Tracked }[] = [];
        const tips = new Map<string, number>();
        const atOnce: string[] = [];
        const heads = (): number[] => keys.map((key) => (authority.head(key) as Snapshot | undefined)?.version ?? 0);
        for (const key of keys)
          authority.watch(key).subscribe(({ position }) => atOnce.push(`${position}: ${heads().join(" ")}`));
        for (const next of steps) {
          if (next.do === "commit") {
            const changes = next.parts.map(({ key, back, write }): KeyChange => {
              // from the newest version that anybody could think of, down to ones that are old
              const newest = Math.max(tips.get(key) ?? 0, (authority.head(key) as Snapshot | undefined)?.version ?? 0);
              const parent = Math.max(0, newest - back);
              if (write && back === 0) tips.set(key, parent + 1);
              return write ? writeOf(key, parent, tracked.length) : { key, parent };
            });
            const request = { changes, author: `commit ${tracked.length}` };
            tracked.push({ request, tracked: commit(request) });
          } else if (next.do === "tell") {
            const { answers } = journal;
            if (answers.length > 0) answers.splice((choices.next().value ?? 0) % answers.length, 1)[0]?.();
          } else if (journal.appends.length > 0) {
            journal.writeNext(next.do === "fail" ? full : undefined);
          }
          await settleAll();
          if (next.do === "fail") tips.clear();
        }
        for (let i = 0; i < 30; i++) {
          journal.flush();
          await settleAll();
        }
        const kept = new Map<string, readonly CommitRecord[]>(
          keys.map((key) => [key, authority.records(key, resolveHistoryRange()) as readonly CommitRecord[]]),
        );
        const all = [...kept.values()].flat().map(({ snapshot }) => snapshot);
        let versions = 0;
        for (const { request, tracked: one } of tracked) {
          expect(one.outcome).not.toBe("pending");
          const own = all.filter(({ author }) => author === request.author);
          if (one.outcome === "failed" || (one.outcome as CommitOutcome).kind === "conflict") {
            expect(own).toEqual([]);
            continue;
          }
          const written = request.changes.filter((change) => "patches" in change).map(({ key }) => key);
          expect(own.map(({ key }) => key).toSorted()).toEqual(written.toSorted());
          versions += own.length;
          const [first] = own;
          if (first === undefined) continue;
          for (const snapshot of own) expect(snapshot.position).toBe(first.position);
          for (const { key, parent } of request.changes)
            expect(newestBefore(kept, key, first.position)?.version ?? 0).toBe(parent);
        }
        expect(all).toHaveLength(versions);
        // a listener that was told of a position could see all of it then
        const states = new Set(atOnce);
        expect(states.size).toBe(new Set(all.map(({ position }) => position)).size);
      }),
      { numRuns: 300 },
    );
  });
});
