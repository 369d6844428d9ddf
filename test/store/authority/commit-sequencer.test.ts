/** The authority over a journal that answers later: pipelining, order, failures. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommitOutcome, CommitRequest } from "../../../src/store/versions/commit.ts";
import { resolveHistoryRange } from "../../../src/store/versions/history-range.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { landed, setTo } from "../support/requests.ts";
import { SlowJournal, type SlowJournalOptions } from "../support/slow-journal.ts";
import { settleAll } from "../support/turns.ts";

interface Tracked {
  outcome: CommitOutcome | "pending" | "failed";
  error?: unknown;
}

function start(options: SlowJournalOptions = {}) {
  const journal = new SlowJournal(options);
  const authority = new StoreAuthority({ journal, clock: fixedClock() });
  /** Commits and looks on. */
  function commit(request: CommitRequest): Tracked {
    const tracked: Tracked = { outcome: "pending" };
    Promise.resolve(authority.commit(request)).then(
      (outcome) => (tracked.outcome = outcome),
      (error: unknown) => Object.assign(tracked, { outcome: "failed", error }),
    );
    return tracked;
  }
  return { journal, authority, commit };
}

describe("a version", () => {
  it("is nowhere to be seen before it is durable, and then everywhere at once", async () => {
    const { journal, authority, commit } = start();
    const seen: number[] = [];
    authority.watch("a/1").subscribe(({ version }) => seen.push(version));
    const tracked = commit(setTo("a/1", 0, 1));
    await settleAll();
    expect(tracked.outcome).toBe("pending");
    expect(authority.head("a/1")).toBeUndefined();
    journal.writeNext(); // on disk, but not told
    await settleAll();
    expect(tracked.outcome).toBe("pending");
    expect(authority.head("a/1")).toBeUndefined();
    expect(authority.at("a/1", 1)).toBeUndefined();
    expect(authority.history("a/1", resolveHistoryRange())).toEqual([]);
    expect(authority.keys("")).toEqual([]);
    expect(authority.position).toBe(0);
    expect(seen).toEqual([]);
    journal.flush();
    await settleAll();
    expect(tracked.outcome).toMatchObject({ kind: "committed", snapshots: [{ version: 1 }] });
    expect(authority.head("a/1")).toMatchObject({ version: 1 });
    expect(authority.keys("")).toEqual(["a/1"]);
    expect(authority.position).toBe(1);
    expect(seen).toEqual([1]);
  });

  it("isn't in the history of a key with others that are visible", async () => {
    const { journal, authority, commit } = start();
    commit(setTo("a/1", 0, 1));
    journal.flush();
    await settleAll();
    commit(setTo("a/1", 1, 2));
    journal.writeNext();
    expect(authority.at("a/1", 1)).toMatchObject({ version: 1 });
    expect(authority.at("a/1", 2)).toBeUndefined();
    expect(authority.history("a/1", resolveHistoryRange())).toMatchObject([{ version: 1 }]);
    expect(authority.keys("")).toEqual(["a/1"]);
  });

  it("can be built on before it is durable, so that both share a flush", async () => {
    const { journal, authority, commit } = start();
    const tracked = [0, 1, 2].map((parent) => commit(setTo("a/1", parent, parent + 1)));
    expect(journal.appends.map(({ records }) => records[0]?.snapshot.version)).toEqual([1, 2, 3]);
    journal.flush();
    await settleAll();
    expect(tracked.map(({ outcome }) => outcome)).toMatchObject(
      [1, 2, 3].map((version) => ({ snapshots: [{ version }] })),
    );
    expect(authority.head("a/1")).toMatchObject({ version: 3, state: { n: 3 } });
  });

  it("becomes visible in the order of positions over all keys, whatever is told first", async () => {
    const { journal, authority, commit } = start();
    const seen: string[] = [];
    for (const key of ["a/1", "b/1", "c/1"]) authority.watch(key).subscribe((snapshot) => seen.push(snapshot.key));
    const tracked = ["a/1", "b/1", "c/1"].map((key) => commit(setTo(key, 0, 1)));
    for (let i = 0; i < 3; i++) journal.writeNext();
    const [first, second, third] = journal.answers;
    third?.();
    second?.();
    await settleAll();
    expect(seen).toEqual([]);
    expect(tracked.map(({ outcome }) => outcome)).toEqual(["pending", "pending", "pending"]);
    first?.();
    await settleAll();
    expect(seen).toEqual(["a/1", "b/1", "c/1"]);
  });

  it("waits for an earlier one even if the journal keeps it at once", async () => {
    const { journal, authority, commit } = start();
    const slow = journal.append.bind(journal);
    commit(setTo("a/1", 0, 1));
    journal.append = (() => undefined) as never;
    const quick = commit(setTo("b/1", 0, 1));
    journal.append = slow;
    await settleAll();
    expect(quick.outcome).toBe("pending");
    expect(authority.position).toBe(0);
    journal.flush();
    await settleAll();
    expect(quick.outcome).toMatchObject({ kind: "committed", snapshots: [{ position: 2 }] });
  });
});

describe("a commit that lost to one that isn't durable", () => {
  it("is told when that is, with the version that is", async () => {
    const { journal, commit } = start();
    commit(setTo("a/1", 0, 1));
    const loser = commit(setTo("a/1", 0, 2));
    await settleAll();
    expect(loser.outcome).toBe("pending");
    journal.flush();
    await settleAll();
    expect(loser.outcome).toMatchObject({ kind: "conflict", head: { version: 1, state: { n: 1 } } });
  });

  it("wins after all when that fails", async () => {
    const { journal, authority, commit } = start();
    const winner = commit(setTo("a/1", 0, 1));
    const loser = commit(setTo("a/1", 0, 2));
    journal.writeNext(new Error("disk full"));
    journal.flush();
    await settleAll();
    expect(winner).toMatchObject({ outcome: "failed", error: new Error("disk full") });
    expect(loser.outcome).toBe("pending"); // only now handed to the journal
    journal.flush();
    await settleAll();
    expect(loser.outcome).toMatchObject({ kind: "committed", snapshots: [{ version: 1, state: { n: 2 } }] });
    expect(authority.head("a/1")).toMatchObject({ state: { n: 2 } });
  });

  it("is told at once when it lost to one that is visible as well", async () => {
    const { journal, commit } = start();
    commit(setTo("a/1", 0, 1));
    journal.flush();
    await settleAll();
    commit(setTo("a/1", 1, 2));
    const loser = commit(setTo("a/1", 0, 3));
    await settleAll();
    expect(loser.outcome).toMatchObject({ kind: "conflict", head: { version: 1 } });
  });
});

describe("an append that fails", () => {
  it("fails what was built on it, and nothing else; the key goes on from where it was (invariant 3)", async () => {
    const { journal, authority, commit } = start();
    commit(setTo("a/1", 0, 1));
    journal.flush();
    await settleAll();
    const seen: number[] = [];
    authority.watch("a/1").subscribe(({ version }) => seen.push(version));
    const failing = commit(setTo("a/1", 1, 2));
    const other = commit(setTo("b/1", 0, 1));
    const onTop = commit(setTo("a/1", 2, 3));
    journal.writeNext(new Error("disk full"));
    journal.flush();
    await settleAll();
    for (const { outcome, error } of [failing, onTop]) {
      expect(outcome).toBe("failed");
      expect(error).toEqual(new Error("disk full"));
    }
    expect(other.outcome).toMatchObject({ kind: "committed" });
    expect(authority.head("a/1")).toMatchObject({ version: 1, state: { n: 1 } });
    const again = commit(setTo("a/1", 1, 4));
    journal.flush();
    await settleAll();
    expect(again.outcome).toMatchObject({ kind: "committed", snapshots: [{ version: 2, state: { n: 4 } }] });
    expect(seen).toEqual([1, 2]);
    expect((authority.history("a/1", resolveHistoryRange()) as readonly Snapshot[]).map(({ state }) => state)).toEqual([
      { n: 1 },
      { n: 4 },
    ]);
  });

  it("is told once: what was built on it may be told to have failed when the key has gone on", async () => {
    const { journal, authority, commit } = start();
    commit(setTo("a/1", 0, 1));
    commit(setTo("a/1", 1, 2));
    journal.writeNext(new Error("disk full"));
    journal.writeNext(); // refused, as its parent isn't there
    const [first, second] = journal.answers.splice(0);
    first?.();
    await settleAll();
    const again = commit(setTo("a/1", 0, 3));
    second?.();
    await settleAll();
    expect(again.outcome).toBe("pending");
    journal.flush();
    await settleAll();
    expect(again.outcome).toMatchObject({ kind: "committed", snapshots: [{ version: 1, state: { n: 3 } }] });
    expect(authority.head("a/1")).toMatchObject({ state: { n: 3 } });
  });

  it("leaves what it was built on alone", async () => {
    const { journal, commit } = start();
    const [below, failing, onTop] = [0, 1, 2].map((parent) => commit(setTo("a/1", parent, parent)));
    journal.writeNext();
    journal.writeNext(new Error("disk full"));
    journal.writeNext();
    const [first, second, third] = journal.answers.splice(0);
    second?.();
    await settleAll();
    third?.();
    await settleAll();
    expect([failing?.outcome, onTop?.outcome, below?.outcome]).toEqual(["failed", "failed", "pending"]);
    first?.();
    await settleAll();
    expect(below?.outcome).toMatchObject({ kind: "committed" });
  });

  it("lets those behind it become visible", async () => {
    const { journal, commit } = start();
    commit(setTo("a/1", 0, 1));
    const behind = commit(setTo("b/1", 0, 1));
    journal.writeNext(new Error("disk full"));
    journal.writeNext();
    const [failure, success] = journal.answers;
    success?.();
    await settleAll();
    expect(behind.outcome).toBe("pending");
    failure?.();
    await settleAll();
    expect(behind.outcome).toMatchObject({ kind: "committed", snapshots: [{ position: 2 }] });
  });
});

describe("an idempotency key", () => {
  it.each([false, true])("makes two commits at once land once, slow reads: %s (invariant 5)", async (slowReads) => {
    const { journal, authority, commit } = start({ slowReads });
    const request = setTo("a/1", 0, 1, { idempotencyKey: "k" });
    const both = [commit(request), commit(request), commit(setTo("a/1", 1, 1, { idempotencyKey: "k" }))];
    for (let i = 0; i < 12; i++) {
      journal.answerReads();
      journal.flush();
      await settleAll();
    }
    expect(both.map(({ outcome }) => (outcome as CommitOutcome).kind)).toEqual(["committed", "duplicate", "duplicate"]);
    const history = Promise.resolve(authority.history("a/1", resolveHistoryRange()));
    for (let i = 0; i < 6; i++) {
      journal.answerReads();
      await settleAll();
    }
    expect(await history).toHaveLength(1);
  });

  it("is free again when its commit failed", async () => {
    const { journal, commit } = start();
    const request = setTo("a/1", 0, 1, { idempotencyKey: "k" });
    const first = commit(request);
    const second = commit(request);
    journal.writeNext(new Error("disk full"));
    journal.flush();
    await settleAll();
    journal.flush();
    await settleAll();
    expect(first.outcome).toBe("failed");
    expect(second.outcome).toMatchObject({ kind: "committed" });
  });

  it("is looked up after the commit that is on its way", async () => {
    const { journal, authority, commit } = start();
    commit(setTo("a/1", 0, 1, { idempotencyKey: "k" }));
    const found = Promise.resolve(authority.committed("a/1", "k"));
    journal.flush();
    expect(await found).toMatchObject({ version: 1 });
  });
});

describe("slow reads", () => {
  async function answered<T>(journal: SlowJournal, value: T | Promise<T>): Promise<T> {
    const promise = Promise.resolve(value);
    for (let i = 0; i < 6; i++) {
      journal.answerReads();
      journal.flush();
      await settleAll();
    }
    return promise;
  }

  it("are shared by the callers that ask for the same key at once", async () => {
    const { journal, authority, commit } = start({ slowReads: true });
    const commits = [commit(setTo("a/1", 0, 1)), commit(setTo("a/1", 0, 2)), commit(setTo("a/1", 1, 3))];
    const head = authority.head("a/1");
    expect(journal.reads).toBe(1);
    expect(await answered(journal, head)).toBeUndefined();
    await answered(journal, undefined);
    expect(commits.map(({ outcome }) => (outcome as CommitOutcome).kind)).toEqual([
      "committed",
      "conflict",
      "committed",
    ]);
    expect(await answered(journal, authority.head("a/1"))).toMatchObject({ version: 2 });
  });

  it("don't make a watcher miss or repeat a version", async () => {
    const { journal, authority, commit } = start({ slowReads: true });
    commit(setTo("a/1", 0, 1));
    await answered(journal, undefined);
    const seen: number[] = [];
    authority.watch("a/1").subscribe(({ version }) => seen.push(version));
    commit(setTo("a/1", 1, 2));
    authority.watch("a/1").subscribe(({ version }) => seen.push(version * 10));
    await answered(journal, undefined);
    expect(seen.filter((version) => version < 10)).toEqual([1, 2]);
    expect(seen.filter((version) => version >= 10)).toEqual([10, 20]);
  });

  it("aren't needed by a watcher that left", async () => {
    const { journal, authority, commit } = start({ slowReads: true });
    const seen: number[] = [];
    authority
      .watch("a/1")
      .subscribe(({ version }) => seen.push(version))
      .unsubscribe();
    await answered(journal, undefined);
    commit(setTo("a/1", 0, 1));
    await answered(journal, undefined);
    expect(seen).toEqual([]);
  });

  it("that fail fail the callers that asked, and the next one reads again", async () => {
    const { journal, authority } = start();
    const head = journal.head.bind(journal);
    journal.head = () => Promise.reject(new Error("no disk"));
    let watched: unknown;
    authority.watch("a/1").subscribe({ error: (error) => (watched = error) });
    await expect(Promise.resolve(authority.head("a/1"))).rejects.toThrow("no disk");
    await expect(Promise.resolve(authority.commit(setTo("a/1", 0, 1)))).rejects.toThrow("no disk");
    expect(watched).toEqual(new Error("no disk"));
    await settleAll();
    journal.head = head;
    expect(await authority.head("a/1")).toBeUndefined();
  });

  it("give versions and histories", async () => {
    const { journal, authority, commit } = start({ slowReads: true });
    for (let n = 1; n <= 3; n++) {
      commit(setTo("a/1", n - 1, n));
      await answered(journal, undefined);
    }
    expect(await answered(journal, authority.at("a/1", 2))).toMatchObject({ version: 2 });
    expect(await answered(journal, authority.history("a/1", resolveHistoryRange({ from: 2 })))).toHaveLength(2);
    expect(await answered(journal, authority.keys("a"))).toEqual(["a/1"]);
  });
});

describe("close", () => {
  it("waits for what was begun, and what follows from it", async () => {
    const { journal, authority, commit } = start();
    let closed = false;
    journal.close = () => void (closed = true);
    const winner = commit(setTo("a/1", 0, 1, { idempotencyKey: "k" }));
    const waiting = commit(setTo("a/1", 0, 1, { idempotencyKey: "k" }));
    const loser = commit(setTo("a/1", 0, 2));
    const closing = authority.close();
    await settleAll();
    expect(closed).toBe(false);
    journal.flush();
    await closing;
    expect(closed).toBe(true);
    expect(winner.outcome).toMatchObject({ kind: "committed" });
    expect(waiting.outcome).toMatchObject({ kind: "duplicate" });
    expect(loser.outcome).toMatchObject({ kind: "conflict" });
  });
});

describe("whatever the journal does and when", () => {
  type Step =
    | { readonly do: "commit"; readonly key: string; readonly back: number }
    | { readonly do: "write" | "fail" | "tell" };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("commit" as const), key: fc.constantFrom("a/1", "b/1"), back: fc.nat(2) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("write" as const, "tell" as const, "fail" as const) }) },
  );

  it("exactly the acknowledged commits are the versions, in order, and were seen so (invariant 3)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat(20)), async (steps, choices) => {
        const { journal, authority, commit } = start();
        const tracked: { request: CommitRequest; tracked: Tracked }[] = [];
        const seen = new Map<string, number[]>([
          ["a/1", []],
          ["b/1", []],
        ]);
        const positions: number[] = [];
        for (const [key, versions] of seen) {
          authority.watch(key).subscribe((snapshot) => {
            versions.push(snapshot.version);
            positions.push(snapshot.position);
            expect(authority.position).toBe(snapshot.position);
          });
        }
        const asked = new Map<string, number>();
        let n = 0;
        for (const { do: what, ...more } of steps) {
          if (what === "commit") {
            const { key, back } = more as { key: string; back: number };
            const visible = (authority.head(key) as Snapshot | undefined)?.version ?? 0;
            // from the newest tentative version that anybody could think of, down to ones that are old
            const parent = Math.max(0, Math.max(visible, asked.get(key) ?? 0) - back);
            const request = setTo(key, parent, ++n);
            tracked.push({ request, tracked: commit(request) });
            if (back === 0) asked.set(key, parent + 1);
          } else if (what === "tell") {
            const { answers } = journal;
            if (answers.length > 0) answers.splice((choices.next().value ?? 0) % answers.length, 1)[0]?.();
          } else if (journal.appends.length > 0) {
            journal.writeNext(what === "fail" ? new Error(`fail ${n}`) : undefined);
          }
          await settleAll();
          for (const key of seen.keys()) {
            const visible = (authority.head(key) as Snapshot | undefined)?.version ?? 0;
            if ((asked.get(key) ?? 0) < visible) asked.set(key, visible);
          }
        }
        for (let i = 0; i < 20; i++) {
          journal.flush();
          await settleAll();
        }
        expect(tracked.filter(({ tracked: { outcome } }) => outcome === "pending")).toEqual([]);
        for (const [key, versions] of seen) {
          const history = authority.history(key, resolveHistoryRange()) as readonly Snapshot<{ n: number }>[];
          const acknowledged = tracked
            .map(({ tracked: { outcome } }) => outcome)
            .filter(
              (outcome) =>
                typeof outcome === "object" && outcome.kind === "committed" && outcome.snapshots[0]?.key === key,
            )
            .map((outcome) => landed(outcome as CommitOutcome))
            .toSorted((one, other) => one.version - other.version);
          expect(acknowledged).toEqual(history);
          expect(history.map(({ version }) => version)).toEqual(history.map((_, i) => i + 1));
          expect(history.every(({ version, parent }) => parent === version - 1)).toBe(true);
          expect(versions).toEqual(history.map(({ version }) => version));
        }
        expect(positions).toEqual(positions.toSorted((one, other) => one - other));
        expect(new Set(positions).size).toBe(positions.length);
      }),
    );
  });
});
