import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admits } from "../../../src/store/versions/commit.ts";
import { resolveHistoryRange } from "../../../src/store/versions/history-range.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { isDeeplyFrozen } from "../support/deeply.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { LaggingNetwork } from "../support/lagging-network.ts";
import { landed, recordOf, setTo } from "../support/requests.ts";
import { SlowJournal } from "../support/slow-journal.ts";
import { settleAll } from "../support/turns.ts";

function start(journal: Journal = memoryJournal(), clock = fixedClock()): StoreAuthority {
  return new StoreAuthority({ journal, clock });
}

describe("admits", () => {
  it("admits what was computed from the newest version and nothing else (invariant 3)", () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), (newest, parent) => {
        const head = newest === 0 ? undefined : recordOf("a/1", newest, newest).snapshot;
        expect(admits(head, { parent })).toBe(parent === newest);
      }),
    );
  });
});

describe("a commit", () => {
  it("becomes the next version, synchronously with a synchronous journal", () => {
    const clock = fixedClock(7_000);
    const authority = start(memoryJournal(), clock);
    expect(authority.commit(setTo("a/1", 0, 1, { author: "bob", cause: "run-1/score" }))).toEqual({
      kind: "committed",
      snapshots: [
        {
          key: "a/1",
          version: 1,
          parent: 0,
          author: "bob",
          cause: "run-1/score",
          time: 7_000,
          position: 1,
          schema: 1,
          state: { n: 1 },
        },
      ],
    });
    clock.time = 8_000;
    const second = landed(authority.commit(setTo("a/1", 1, 2, { idempotencyKey: "k" })));
    expect(second).toEqual({
      key: "a/1",
      version: 2,
      parent: 1,
      author: "test",
      time: 8_000,
      position: 2,
      schema: 1,
      state: { n: 2 },
      idempotencyKey: "k",
    });
    expect(authority.head("a/1")).toBe(second);
    expect(authority.position).toBe(2);
  });

  it("is frozen to the bottom, and so are its metadata (invariant 1)", () => {
    const authority = start();
    const patches = [{ op: "replace", path: [], value: { list: [{ n: 1 }] } }] as const;
    expect(isDeeplyFrozen(landed(authority.commit(setTo("a/1", 0, 1, { patches }))))).toBe(true);
  });

  it("shares with its parent what it didn't change", () => {
    const authority = start();
    const state = { left: { deep: { n: 1 } }, right: [{ n: 1 }, { n: 2 }] };
    const first = landed(
      authority.commit(setTo("a/1", 0, 1, { patches: [{ op: "replace", path: [], value: state }] })),
    );
    const patches = [{ op: "replace", path: ["right", 1, "n"], value: 3 }] as const;
    const second = landed(authority.commit(setTo("a/1", 1, 1, { patches })));
    const [before, after] = [first.state as typeof state, second.state as typeof state];
    expect(after).toEqual({ left: { deep: { n: 1 } }, right: [{ n: 1 }, { n: 3 }] });
    expect(after.left).toBe(before.left);
    expect(after.right[0]).toBe(before.right[0]);
    expect(before.right[1]).toEqual({ n: 2 });
  });

  it("takes the state from a committer that has it", () => {
    const authority = start();
    const state = Object.freeze({ n: 1 });
    expect(landed(authority.commit(setTo("a/1", 0, 1, { state }))).state).toBe(state);
  });

  it("that was computed from another version is a conflict and leaves everything as it was (invariant 3)", () => {
    const authority = start();
    expect(authority.commit(setTo("a/1", 1, 1))).toEqual({ kind: "conflict", key: "a/1", head: undefined });
    const first = landed(authority.commit(setTo("a/1", 0, 1)));
    for (const parent of [0, 2, 7]) {
      expect(authority.commit(setTo("a/1", parent, 9))).toEqual({ kind: "conflict", key: "a/1", head: first });
    }
    expect(authority.head("a/1")).toBe(first);
    expect(authority.position).toBe(1);
  });

  it("with patches that don't fit throws and leaves everything as it was", () => {
    const authority = start();
    const first = landed(authority.commit(setTo("a/1", 0, 1)));
    const patches = [{ op: "remove", path: ["nothing"] }] as const;
    expect(() => authority.commit(setTo("a/1", 1, 2, { patches }))).toThrow(/doesn't fit/);
    expect(authority.head("a/1")).toBe(first);
    expect(landed(authority.commit(setTo("a/1", 1, 2))).position).toBe(2);
  });

  it("that the journal throws at throws that, and leaves everything as it was", () => {
    const inner = memoryJournal();
    let full = false;
    const authority = start({
      ...inner,
      position: 0,
      append(records) {
        if (full) throw new Error("disk full");
        return inner.append(records);
      },
    });
    const first = landed(authority.commit(setTo("a/1", 0, 1)));
    full = true;
    expect(() => authority.commit(setTo("a/1", 1, 2))).toThrow("disk full");
    expect(authority.head("a/1")).toBe(first);
    full = false;
    expect(landed(authority.commit(setTo("a/1", 1, 2)))).toMatchObject({ version: 2, position: 2 });
  });

  it("makes versions 1, 2, 3 … of every key and one order of all, whatever is asked (invariant 3)", () => {
    const request = fc.record({ key: fc.constantFrom("a/1", "a/2", "b/1"), parent: fc.nat(6), n: fc.nat() });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        const authority = start();
        const model = new Map<string, number[]>();
        let position = 0;
        for (const { key, parent, n } of requests) {
          const chain = model.get(key) ?? [];
          const outcome = authority.commit(setTo(key, parent, n));
          if (parent === chain.length) {
            model.set(key, [...chain, n]);
            expect(landed(outcome)).toMatchObject({ version: parent + 1, parent, position: ++position, state: { n } });
          } else {
            expect(outcome).toMatchObject({ kind: "conflict" });
          }
        }
        for (const [key, chain] of model) {
          const history = authority.history(key, resolveHistoryRange()) as readonly Snapshot<{ n: number }>[];
          expect(history.map(({ version, state }) => [version, state.n])).toEqual(chain.map((n, i) => [i + 1, n]));
        }
        expect(authority.position).toBe(position);
      }),
    );
  });
});

describe("an idempotency key", () => {
  it("makes a commit land once, and answers the rest with the original (invariant 5)", () => {
    const authority = start();
    const request = setTo("a/1", 0, 1, { idempotencyKey: "run-1/score/1" });
    const original = landed(authority.commit(request));
    landed(authority.commit(setTo("a/1", 1, 2)));
    for (const parent of [0, 1, 2]) {
      expect(authority.commit(setTo("a/1", parent, 1, { idempotencyKey: "run-1/score/1" }))).toEqual({
        kind: "duplicate",
        snapshots: [original],
      });
    }
    expect(authority.head("a/1")).toMatchObject({ version: 2, state: { n: 2 } });
    expect(authority.committed("a/1", "run-1/score/1")).toBe(original);
    expect(authority.committed("a/1", "other")).toBeUndefined();
  });

  it("isn't used up by a commit that lost", () => {
    const authority = start();
    landed(authority.commit(setTo("a/1", 0, 1)));
    expect(authority.commit(setTo("a/1", 0, 2, { idempotencyKey: "k" }))).toMatchObject({ kind: "conflict" });
    expect(authority.commit(setTo("a/1", 1, 2, { idempotencyKey: "k" }))).toMatchObject({ kind: "committed" });
  });

  it("of a commit to another key is a mistake", () => {
    const authority = start();
    landed(authority.commit(setTo("a/1", 0, 1, { idempotencyKey: "k" })));
    const mismatch = expect.objectContaining({
      code: "idempotency-mismatch",
      message: expect.stringContaining('"k" was used for a commit to a/1 and can\'t be used for b/1'),
      details: { idempotencyKey: "k", key: "b/1", committedTo: "a/1", version: 1 },
    });
    expect(() => authority.commit(setTo("b/1", 0, 1, { idempotencyKey: "k" }))).toThrow(mismatch);
    expect(() => authority.committed("b/1", "k")).toThrow(mismatch);
    expect(authority.head("b/1")).toBeUndefined();
  });
});

describe("what was committed", () => {
  const authority = start();
  for (let n = 1; n <= 5; n++) landed(authority.commit(setTo("a/1", n - 1, n)));
  landed(authority.commit(setTo("b/1", 0, 1)));

  it("can be read at any version", () => {
    expect(authority.at("a/1", 3)).toMatchObject({ version: 3, state: { n: 3 } });
    expect(authority.at("a/1", 5)).toBe(authority.head("a/1"));
    for (const version of [0, -1, 6, 1.5]) expect(authority.at("a/1", version)).toBeUndefined();
    expect(authority.at("c/1", 1)).toBeUndefined();
  });

  it.each([
    [{}, [1, 2, 3, 4, 5]],
    [{ order: "newest-first" as const }, [5, 4, 3, 2, 1]],
    [{ from: 2, to: 4 }, [2, 3, 4]],
    [{ from: 2, limit: 2 }, [2, 3]],
    [{ limit: 2, order: "newest-first" as const }, [5, 4]],
    [{ to: 3, limit: 2, order: "newest-first" as const }, [3, 2]],
    [{ from: 3, limit: 9, order: "newest-first" as const }, [5, 4, 3]],
    [{ from: 6 }, []],
    [{ from: 4, to: 3 }, []],
  ])("has a history of %j", (options, versions) => {
    const history = authority.history("a/1", resolveHistoryRange(options)) as readonly Snapshot[];
    expect(history.map(({ version }) => version)).toEqual(versions);
  });

  it("has none where nothing was", () => {
    expect(authority.history("c/1", resolveHistoryRange())).toEqual([]);
  });

  it("can be listed", () => {
    expect(authority.keys("")).toEqual(["a/1", "b/1"]);
    expect(authority.keys("b/")).toEqual(["b/1"]);
  });

  it("is there again for an authority that opens the journal anew", () => {
    const journal = memoryJournal();
    const earlier = start(journal);
    const head = landed(earlier.commit(setTo("a/1", 0, 1, { idempotencyKey: "k" })));
    const later = start(journal);
    expect(later.position).toBe(1);
    expect(later.head("a/1")).toBe(head);
    expect(later.commit(setTo("a/1", 0, 1, { idempotencyKey: "k" }))).toEqual({ kind: "duplicate", snapshots: [head] });
    expect(landed(later.commit(setTo("a/1", 1, 2)))).toMatchObject({ version: 2, position: 2 });
  });
});

describe("watch", () => {
  function versionsOf(authority: StoreAuthority, key: string): number[] {
    const versions: number[] = [];
    authority.watch(key).subscribe(({ version }) => versions.push(version));
    return versions;
  }

  it("tells the newest version, then each later one", () => {
    const authority = start();
    landed(authority.commit(setTo("a/1", 0, 1)));
    landed(authority.commit(setTo("a/1", 1, 2)));
    const versions = versionsOf(authority, "a/1");
    expect(versions).toEqual([2]);
    landed(authority.commit(setTo("a/1", 2, 3)));
    landed(authority.commit(setTo("b/1", 0, 3)));
    landed(authority.commit(setTo("a/1", 3, 4)));
    expect(versions).toEqual([2, 3, 4]);
  });

  it("begins with the first version where there is none", () => {
    const authority = start();
    const versions = versionsOf(authority, "a/1");
    expect(versions).toEqual([]);
    landed(authority.commit(setTo("a/1", 0, 1)));
    expect(versions).toEqual([1]);
  });

  it("ends with the subscription, and with the authority", async () => {
    const authority = start();
    landed(authority.commit(setTo("a/1", 0, 1)));
    const seen: number[] = [];
    let completed = false;
    const ended = authority.watch("a/1").subscribe(({ version }) => seen.push(version));
    authority.watch("a/1").subscribe({ complete: () => (completed = true) });
    ended.unsubscribe();
    landed(authority.commit(setTo("a/1", 1, 2)));
    expect(seen).toEqual([1]);
    await authority.close();
    expect(completed).toBe(true);
  });

  it("tells everyone the same order without a gap when a watcher commits from within", () => {
    const authority = start();
    const early = versionsOf(authority, "a/1");
    authority.watch("a/1").subscribe(({ version }) => {
      if (version < 4) landed(authority.commit(setTo("a/1", version, version)));
      else if (version === 4) late.push(...[versionsOf(authority, "a/1")]);
    });
    const late: number[][] = [];
    const last = versionsOf(authority, "a/1");
    landed(authority.commit(setTo("a/1", 0, 1)));
    expect(early).toEqual([1, 2, 3, 4]);
    expect(last).toEqual([1, 2, 3, 4]);
    expect(late).toEqual([[4]]);
    expect(authority.position).toBe(4);
    landed(authority.commit(setTo("a/1", 4, 5)));
    expect(late).toEqual([[4, 5]]);
  });

  it("goes on for others when a watcher unsubscribes from within", () => {
    const authority = start();
    const seen: number[] = [];
    const first = authority.watch("a/1").subscribe(() => first.unsubscribe());
    authority.watch("a/1").subscribe(({ version }) => seen.push(version));
    landed(authority.commit(setTo("a/1", 0, 1)));
    landed(authority.commit(setTo("a/1", 1, 2)));
    expect(seen).toEqual([1, 2]);
  });
});

describe("settled", () => {
  it("waits for the commits that are under way, and not for those after", async () => {
    const journal = new SlowJournal();
    const authority = start(journal);
    const told: (number | string)[] = [];
    void Promise.resolve(authority.commit(setTo("a/1", 0, 1))).then(() => told.push("landed"));
    void Promise.resolve(authority.settled()).then((position) => told.push(position));
    await settleAll();
    expect(told).toEqual([]);
    journal.writeNext();
    void authority.commit(setTo("b/1", 0, 1));
    for (const answer of journal.answers.splice(0)) answer();
    await settleAll();
    expect(told).toEqual(["landed", 1]);
    journal.flush();
    await settleAll();
    expect(authority.settled()).toBe(2);
  });

  it("waits for one that fails, too", async () => {
    const journal = new SlowJournal();
    const authority = start(journal);
    const committing = authority.commit(setTo("a/1", 0, 1)) as Promise<unknown>;
    const settling = authority.settled();
    journal.writeNext(new Error("full"));
    journal.flush();
    await expect(committing).rejects.toThrow("full");
    expect(await settling).toBe(0);
  });

  it("is answered to a replica with the position then", async () => {
    const journal = new SlowJournal();
    const network = new LaggingNetwork({ journal });
    const [one, other] = [network.end().replica, network.end().replica];
    const landing = Promise.resolve(one.submit(setTo("a/1", 0, 1)));
    const settling = other.settled();
    const told: number[] = [];
    void settling.then((position) => told.push(position));
    await network.drain();
    expect(told).toEqual([]);
    journal.flush();
    expect(await network.run(settling)).toBe(1);
    await network.run(landing);
  });
});

describe("close", () => {
  it("refuses everything from then on", async () => {
    const authority = start();
    await authority.close();
    await authority.close();
    const closed = expect.objectContaining({ code: "system-closed" });
    expect(() => authority.commit(setTo("a/1", 0, 1))).toThrow(closed);
    expect(() => authority.committed("a/1", "k")).toThrow(closed);
    expect(() => authority.head("a/1")).toThrow(closed);
    expect(() => authority.at("a/1", 1)).toThrow(closed);
    expect(() => authority.history("a/1", resolveHistoryRange())).toThrow(closed);
    expect(() => authority.keys("")).toThrow(closed);
    expect(() => authority.attach(1, () => undefined)).toThrow(closed);
    let failed: unknown;
    authority.watch("a/1").subscribe({ error: (error) => (failed = error) });
    expect(failed).toEqual(closed);
  });

  it("closes the journal once", async () => {
    let closed = 0;
    const authority = start({ ...memoryJournal(), position: 0, close: () => void closed++ });
    await Promise.all([authority.close(), authority.close()]);
    expect(closed).toBe(1);
  });

  it("is closed for those whom it tells that it closes", async () => {
    const authority = start();
    let refused: unknown;
    authority.watch("a/1").subscribe({
      complete() {
        try {
          landed(authority.commit(setTo("a/1", 0, 1)));
        } catch (error) {
          refused = error;
        }
      },
    });
    await authority.close();
    expect(refused).toMatchObject({ code: "system-closed" });
  });
});
