import { describe, expect, it } from "vitest";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { CommitOutcome } from "../../../src/store/versions/commit.ts";
import { resolveHistoryRange } from "../../../src/store/versions/history-range.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { StoreReplica } from "../../../src/store/replication/store-replica.ts";
import type { AuthorityMessage, ReplicaMessage } from "../../../src/store/replication/store-protocol.ts";
import { isDeeplyFrozen } from "../support/deeply.ts";
import { failure } from "../support/failure.ts";
import { LaggingNetwork } from "../support/lagging-network.ts";
import { landed, setTo } from "../support/requests.ts";
import { settleAll } from "../support/turns.ts";

type Versions = Snapshot<{ n: number }>;

/** What was decided so far: `pending`, or the value. */
function peek<T>(promise: T | Promise<T>): { value: T | "pending" } {
  const peeked: { value: T | "pending" } = { value: "pending" };
  void Promise.resolve(promise).then((value) => (peeked.value = value));
  return peeked;
}

function kinds(messages: readonly { readonly kind: string }[]): readonly string[] {
  return messages.map(({ kind }) => kind);
}

describe("a read", () => {
  it("follows the key the first time, and is synchronous from then on", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    const first = await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    expect(first).toMatchObject({ version: 1, state: { n: 1 } });
    expect(replica.snapshot("a/1", 1)).toBe(first);
    expect(kinds(toAuthority.log)).toEqual(["follow"]);
    expect(replica.position).toBe(1);
  });

  it("knows keys without a version, and hears of the first", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    expect(await network.run(Promise.resolve(replica.snapshot("a/1", 0)))).toBeUndefined();
    expect(replica.snapshot("a/1", 0)).toBeUndefined();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.drain();
    expect(replica.snapshot("a/1", 1)).toMatchObject({ version: 1 });
  });

  it("asks once for many readers of a key", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    const reads = Promise.all([1, 2, 3].map(async () => replica.snapshot("a/1", 0)));
    const [one, two, three] = await network.run(reads);
    expect(one).toBe(two);
    expect(two).toBe(three);
    expect(kinds(toAuthority.log)).toEqual(["follow"]);
  });

  it("waits until everything up to the token has arrived (invariant 4)", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority, toReplica } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    const { position } = landed(network.authority.commit(setTo("a/1", 1, 2)));
    expect(replica.snapshot("a/1", 1)).toMatchObject({ version: 1 }); // allowed: the replica was not told that there is more
    const read = peek(replica.snapshot("a/1", position));
    await settleAll();
    expect(read.value).toBe("pending");
    expect(toReplica.length).toBe(1);
    toReplica.deliver();
    await settleAll();
    expect(read.value).toMatchObject({ version: 2 }); // by the update, without waiting for the answer
    expect(kinds(toAuthority.log)).toEqual(["follow", "sync"]);
  });

  it("asks for the position once for many readers, and again for readers that came later", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority, toReplica } = network.end();
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    landed(network.authority.commit(setTo("b/1", 0, 1)));
    const early = [1, 1, 1].map((token) => peek(replica.snapshot("a/1", token)));
    toAuthority.deliver();
    landed(network.authority.commit(setTo("b/1", 1, 2)));
    const late = peek(replica.snapshot("a/1", 2));
    expect(kinds(toAuthority.log)).toEqual(["follow", "sync"]);
    toReplica.deliver();
    await settleAll();
    expect(early.map(({ value }) => value)).toEqual([undefined, undefined, undefined]);
    expect(late.value).toBe("pending");
    expect(kinds(toAuthority.log)).toEqual(["follow", "sync", "sync"]);
    await network.drain();
    expect(late.value).toBeUndefined();
  });

  it("refuses a token from the future rather than wait forever", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    const foreign = expect.objectContaining({ code: "invalid-options", details: { token: 7, position: 0 } });
    const unknown = Promise.resolve(replica.snapshot("a/1", 7));
    expect(await network.run(failure(unknown))).toEqual(foreign);
    const known = Promise.resolve(replica.snapshot("a/1", 7));
    expect(await network.run(failure(known))).toEqual(foreign);
    expect(replica.snapshot("a/1", 0)).toBeUndefined();
  });

  it("gives frozen states whose versions share structure (invariant 1)", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    const state = { left: { deep: [1] }, right: { n: 1 } };
    landed(network.authority.commit(setTo("a/1", 0, 1, { patches: [{ op: "replace", path: [], value: state }] })));
    const first = await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    landed(
      network.authority.commit(setTo("a/1", 1, 1, { patches: [{ op: "replace", path: ["right", "n"], value: 2 }] })),
    );
    await network.drain();
    const second = await replica.snapshot("a/1", 2);
    expect(isDeeplyFrozen(first)).toBe(true);
    expect(isDeeplyFrozen(second)).toBe(true);
    const [before, after] = [first?.state as typeof state, second?.state as typeof state];
    expect(after.right).toEqual({ n: 2 });
    expect(after.left).toBe(before.left);
  });

  it("rejects when the authority can't answer, and asks again the next time", async () => {
    const sent: ReplicaMessage[] = [];
    const replica = new StoreReplica({ send: (message) => sent.push(message) });
    const failing = Promise.resolve(replica.snapshot("a/1", 0));
    const error = { kind: "troupe", code: "system-closed", name: "TroupeError", message: "closed" } as const;
    replica.receive({ kind: "failed", id: 1, error, position: 0 });
    await expect(failing).rejects.toThrow(expect.objectContaining({ code: "system-closed" }));
    const again = Promise.resolve(replica.snapshot("a/1", 0));
    replica.receive({ kind: "followed", id: 2, key: "a/1", position: 3 });
    expect(await again).toBeUndefined();
    expect(kinds(sent)).toEqual(["follow", "follow"]);
  });
});

describe("what goes over the channel", () => {
  it("is patches, never a whole state but for the first", async () => {
    const network = new LaggingNetwork({ replicas: 2 });
    const [one, two] = [network.end(0), network.end(1)];
    const items = Array.from({ length: 50 }, (_, i) => ({ name: `item ${i}` }));
    landed(network.authority.commit(setTo("a/1", 0, 1, { patches: [{ op: "replace", path: [], value: { items } }] })));
    for (const { replica } of [one, two]) await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    const patches = [{ op: "replace", path: ["items", 7, "name"], value: "new" }] as const;
    await network.run(one.replica.submit(setTo("a/1", 1, 0, { patches })));
    await network.run(one.replica.submit(setTo("a/1", 1, 0))); // a conflict
    for (const message of [...one.toAuthority.log, ...one.toReplica.log.slice(1), ...two.toReplica.log.slice(1)]) {
      expect(JSON.stringify(message).length).toBeLessThan(300);
    }
    expect(kinds(one.toReplica.log)).toEqual(["followed", "update", "committed", "conflict"]);
    expect(kinds(two.toReplica.log)).toEqual(["followed", "update"]);
    expect(await two.replica.snapshot("a/1", 2)).toEqual(network.authority.head("a/1"));
  });

  it("has no field that JSON would drop", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority, toReplica } = network.end();
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    await network.run(replica.submit(setTo("a/1", 0, 1)));
    await network.run(replica.submit(setTo("a/1", 0, 1)));
    await network.run(replica.submit(setTo("a/1", 1, 2, { idempotencyKey: "k", cause: "c", state: { n: 2 } })));
    await network.run(replica.submit(setTo("a/1", 1, 2, { idempotencyKey: "k" })));
    await network.run(replica.history("a/1", resolveHistoryRange()));
    await network.run(replica.history("z/1", resolveHistoryRange()));
    await network.run(replica.at("a/1", 1));
    await network.run(replica.at("a/1", 7));
    await network.run(replica.committed("a/1", "k"));
    await network.run(replica.keys("a"));
    for (const message of [...toAuthority.log, ...toReplica.log]) {
      expect(JSON.parse(JSON.stringify(message))).toStrictEqual(message);
    }
  });
});

describe("a commit", () => {
  it("is committed, with a snapshot that the next read gives too", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    const outcome = await network.run(replica.submit(setTo("a/1", 0, 1, { author: "bob" })));
    expect(outcome).toMatchObject({ kind: "committed", snapshots: [{ version: 1, author: "bob", state: { n: 1 } }] });
    const snapshot = landed(outcome);
    expect(replica.snapshot("a/1", snapshot.position)).toBe(snapshot);
  });

  it("to a key that isn't followed needs the state from the committer, or asks for it", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority } = network.end();
    const state = Object.freeze({ n: 1 });
    const given = await network.run(replica.submit(setTo("a/1", 0, 1, { state })));
    expect(landed(given).state).toBe(state);
    expect(toAuthority.log).toEqual([{ kind: "commit", id: 1, request: setTo("a/1", 0, 1) }]);
    const asked = await network.run(replica.submit(setTo("a/1", 1, 2)));
    expect(asked).toMatchObject({ kind: "committed", snapshots: [{ version: 2, state: { n: 2 } }] });
    expect(isDeeplyFrozen(asked)).toBe(false); // the outcome is this caller's own
    expect(isDeeplyFrozen(landed(asked))).toBe(true);
  });

  it("that loses is told with the newest version, followed or not", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    expect(await network.run(replica.submit(setTo("a/1", 0, 5)))).toMatchObject({
      kind: "conflict",
      head: { version: 1 },
    });
    landed(network.authority.commit(setTo("a/1", 1, 2)));
    expect(await network.run(replica.submit(setTo("a/1", 1, 5)))).toMatchObject({
      kind: "conflict",
      head: { version: 2 },
    });
    expect(await network.run(replica.submit(setTo("b/1", 3, 5)))).toEqual({
      kind: "conflict",
      key: "b/1",
      head: undefined,
    });
  });

  it("that is a duplicate is answered with the original (invariant 5)", async () => {
    const network = new LaggingNetwork({ replicas: 2 });
    const request = setTo("a/1", 0, 1, { idempotencyKey: "k" });
    await network.run(network.end(0).replica.submit(request));
    await network.run(network.end(0).replica.submit(setTo("a/1", 1, 2)));
    const outcome = await network.run(network.end(1).replica.submit(request));
    expect(outcome).toMatchObject({ kind: "duplicate", snapshots: [{ version: 1, state: { n: 1 } }] });
    expect(isDeeplyFrozen((outcome as Extract<CommitOutcome, { readonly kind: "duplicate" }>).snapshots[0])).toBe(true);
    expect(await network.run(network.end(1).replica.committed("a/1", "k"))).toMatchObject({ version: 1 });
    expect(await network.run(network.end(1).replica.committed("a/1", "other"))).toBeUndefined();
  });

  it("rejects with the authority's error, code and details and all", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    await network.run(replica.submit(setTo("a/1", 0, 1, { idempotencyKey: "k" })));
    const rejected = failure(replica.submit(setTo("b/1", 0, 1, { idempotencyKey: "k" })));
    expect(await network.run(rejected)).toMatchObject({
      code: "idempotency-mismatch",
      details: { committedTo: "a/1" },
    });
  });

  it("is told after the updates of what its replica follows", async () => {
    const network = new LaggingNetwork({ replicas: 2 });
    const [one, two] = [network.end(0), network.end(1)];
    await network.run(Promise.resolve(one.replica.snapshot("b/1", 0)));
    await network.run(two.replica.submit(setTo("b/1", 0, 1)));
    const outcome = await network.run(one.replica.submit(setTo("a/1", 0, 1)));
    expect(one.replica.snapshot("b/1", landed(outcome).position)).toMatchObject({
      version: 1,
    });
  });
});

describe("history", () => {
  it("shares structure between versions, as it does where it was made", async () => {
    const network = new LaggingNetwork();
    const { replica, toReplica } = network.end();
    const state = { left: { deep: [1] }, n: 0 };
    landed(network.authority.commit(setTo("a/1", 0, 0, { patches: [{ op: "replace", path: [], value: state }] })));
    for (let n = 1; n < 5; n++) landed(network.authority.commit(setTo("a/1", n, n)));
    const history = await network.run(replica.history("a/1", resolveHistoryRange()));
    expect(history).toEqual(network.authority.history("a/1", resolveHistoryRange()));
    expect(new Set(history.map((snapshot) => (snapshot.state as typeof state).left)).size).toBe(1);
    expect(history.every(isDeeplyFrozen)).toBe(true);
    expect(JSON.stringify(toReplica.log.at(-1)).match(/deep/g)).toHaveLength(1);
  });

  it.each([
    { from: 2, to: 4 },
    { limit: 2, order: "newest-first" as const },
    { from: 9 },
    { order: "newest-first" as const },
  ])("agrees with the authority on %j", async (options) => {
    const network = new LaggingNetwork();
    for (let n = 0; n < 5; n++) landed(network.authority.commit(setTo("a/1", n, n)));
    const range = resolveHistoryRange(options);
    const history = await network.run(network.end().replica.history("a/1", range));
    expect(history).toEqual(network.authority.history("a/1", range));
  });

  it("has single versions and keys", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    for (const key of ["b/1", "a/1"]) landed(network.authority.commit(setTo(key, 0, 1)));
    expect(await network.run(replica.at("a/1", 1))).toEqual(network.authority.at("a/1", 1));
    expect(await network.run(replica.at("a/1", 2))).toBeUndefined();
    expect(await network.run(replica.keys(""))).toEqual(["a/1", "b/1"]);
  });
});

describe("watch", () => {
  function watched(replica: StoreReplica, key: string): { versions: number[]; error?: unknown } {
    const seen: { versions: number[]; error?: unknown } = { versions: [] };
    replica.watch(key).subscribe({
      next: ({ version }) => seen.versions.push(version),
      error: (error: unknown) => (seen.error = error),
    });
    return seen;
  }

  it("tells the newest version, then each later one, to everyone", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    const early = watched(replica, "a/1");
    landed(network.authority.commit(setTo("a/1", 1, 2)));
    await network.drain();
    const late = watched(replica, "a/1");
    landed(network.authority.commit(setTo("a/1", 2, 3)));
    await network.drain();
    expect(early.versions).toEqual([2, 3]);
    expect(late.versions).toEqual([2, 3]);
  });

  it("begins with the first version where there is none", async () => {
    const network = new LaggingNetwork();
    const seen = watched(network.end().replica, "a/1");
    await network.drain();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.drain();
    expect(seen.versions).toEqual([1]);
  });

  it("can read from within what it was told", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    const read: unknown[] = [];
    replica.watch("a/1").subscribe(({ position }) => read.push(replica.snapshot("a/1", position)));
    await network.drain();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.drain();
    expect(read).toMatchObject([{ version: 1 }]);
  });

  it("keeps its key although others are used more, until it ends", async () => {
    const network = new LaggingNetwork({ maxFollowed: 1 });
    const { replica, toAuthority } = network.end();
    const seen: number[] = [];
    const subscription = replica.watch("a/1").subscribe(({ version }) => seen.push(version));
    await network.run(Promise.resolve(replica.snapshot("b/1", 0)));
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.drain();
    expect(seen).toEqual([1]);
    await network.run(Promise.resolve(replica.snapshot("c/1", 0)));
    expect(replica.followedKeys).toBe(1);
    expect(toAuthority.log.filter(({ kind }) => kind === "unfollow")).toEqual([
      { kind: "unfollow", key: "b/1" },
      { kind: "unfollow", key: "c/1" },
    ]);
    await network.run(Promise.resolve(replica.snapshot("d/1", 0)));
    subscription.unsubscribe();
    await network.run(Promise.resolve(replica.snapshot("e/1", 0)));
    expect(toAuthority.log.at(-1)).toEqual({ kind: "unfollow", key: "a/1" });
  });

  it("gives up its key when it ends, where there are too many", async () => {
    const network = new LaggingNetwork({ maxFollowed: 1 });
    const { replica, toAuthority } = network.end();
    const subscription = replica.watch("a/1").subscribe();
    replica.watch("b/1").subscribe();
    await network.drain();
    expect(replica.followedKeys).toBe(2);
    subscription.unsubscribe();
    expect(replica.followedKeys).toBe(1);
    expect(toAuthority.log.at(-1)).toEqual({ kind: "unfollow", key: "a/1" });
  });

  it("fails with what the replica is disconnected with, also later", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    const live = watched(replica, "a/1");
    await network.drain();
    const fetching = watched(replica, "b/1");
    const gone = new TroupeError("thread-died", "gone");
    replica.disconnect(gone);
    expect(live.error).toBe(gone);
    expect(fetching.error).toBe(gone);
    expect(watched(replica, "a/1").error).toBe(gone);
  });
});

describe("a bounded replica", () => {
  it("forgets the keys used least recently, and tells the authority", async () => {
    const network = new LaggingNetwork({ maxFollowed: 2 });
    const { replica, toAuthority, toReplica } = network.end();
    for (const key of ["a/1", "b/1"]) await network.run(Promise.resolve(replica.snapshot(key, 0)));
    void replica.snapshot("a/1", 0);
    await network.run(Promise.resolve(replica.snapshot("c/1", 0)));
    expect(replica.followedKeys).toBe(2);
    expect(toAuthority.log.at(-1)).toEqual({ kind: "unfollow", key: "b/1" });
    const before = toReplica.log.length;
    landed(network.authority.commit(setTo("b/1", 0, 1)));
    expect(toReplica.log.length).toBe(before);
    expect(await network.run(Promise.resolve(replica.snapshot("b/1", 1)))).toMatchObject({ version: 1 });
  });

  it("ignores an update that was under way when it forgot the key", async () => {
    const network = new LaggingNetwork({ maxFollowed: 1 });
    const { replica, toAuthority, toReplica, defects } = network.end();
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    const other = replica.snapshot("b/1", 0);
    toAuthority.deliver(); // follow b
    landed(network.authority.commit(setTo("a/1", 0, 1))); // update of a, behind the answer
    toReplica.deliver(); // b followed: forget a
    expect(replica.followedKeys).toBe(1);
    const again = peek(replica.snapshot("a/1", 0)); // and follow it again
    toReplica.deliver(); // the update of the earlier follow
    await settleAll();
    expect(again.value).toBe("pending");
    expect(replica.position).toBe(1);
    await network.drain();
    expect(again.value).toMatchObject({ version: 1 });
    expect(await other).toBeUndefined();
    expect(defects).toEqual([]);
  });

  it("never serves what it knew before it forgot (invariant 4)", async () => {
    const network = new LaggingNetwork({ maxFollowed: 1 });
    const { replica, toAuthority, toReplica } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    await network.run(Promise.resolve(replica.snapshot("b/1", 0)));
    const { position } = landed(network.authority.commit(setTo("a/1", 1, 2)));
    const read = peek(replica.snapshot("a/1", position));
    landed(network.authority.commit(setTo("a/1", 2, 3)));
    toAuthority.deliver();
    landed(network.authority.commit(setTo("a/1", 3, 4)));
    toReplica.deliver();
    await settleAll();
    expect(read.value).toMatchObject({ version: 3 });
    await network.drain();
    expect(await replica.snapshot("a/1", 4)).toMatchObject({ version: 4 });
  });

  it("answers every reader when more keys are read at once than it may keep", async () => {
    const network = new LaggingNetwork({ maxFollowed: 2 });
    const keys = Array.from({ length: 20 }, (_, i) => `a/${i}`);
    for (const key of keys) landed(network.authority.commit(setTo(key, 0, 1)));
    const { replica } = network.end();
    const all = Promise.all(keys.map(async (key) => (await replica.snapshot(key, 20))?.key));
    expect(await network.run(all)).toEqual(keys);
    expect(replica.followedKeys).toBe(2);
  });

  it.each([0, -1, 1.5, Number.NaN])("can't be bounded by %d", (maxFollowed) => {
    expect(() => new StoreReplica({ send: () => undefined, maxFollowed })).toThrow(
      expect.objectContaining({ code: "invalid-options" }),
    );
  });
});

describe("an update that isn't the next version", () => {
  const tampered: readonly [what: string, tamper: (message: AuthorityMessage) => AuthorityMessage | undefined][] = [
    [
      "because one was lost",
      (message) => (message.kind === "update" && message.updates[0]?.meta.version === 2 ? undefined : message),
    ],
    [
      "because its patches don't fit",
      (message) =>
        message.kind === "update" && message.updates[0]?.meta.version === 2
          ? {
              ...message,
              updates: message.updates.map(({ meta }) => ({ meta, patches: [{ op: "remove", path: ["nothing"] }] })),
            }
          : message,
    ],
  ];

  it.each(tampered)("%s, is never applied: the key is fetched anew", async (_why, toReplica) => {
    const network = new LaggingNetwork({ tampering: { toReplica } });
    const { replica, toAuthority, defects } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    const seen: { versions: number[]; error?: unknown } = { versions: [] };
    replica
      .watch("a/1")
      .subscribe({ next: ({ version }) => seen.versions.push(version), error: (error) => (seen.error = error) });
    await network.drain();
    landed(network.authority.commit(setTo("a/1", 1, 2)));
    landed(network.authority.commit(setTo("a/1", 2, 3)));
    await network.drain();
    expect(await replica.snapshot("a/1", 3)).toMatchObject({ version: 3, state: { n: 3 } });
    expect(defects).toHaveLength(1);
    expect(seen).toEqual({ versions: [1], error: defects[0] }); // told, not skipped
    expect(kinds(toAuthority.log)).toEqual(["follow", "follow"]);
    landed(network.authority.commit(setTo("a/1", 3, 4)));
    await network.drain();
    expect(await replica.snapshot("a/1", 4)).toMatchObject({ version: 4, state: { n: 4 } });
    expect(defects).toHaveLength(1); // told once each, also after the second follow
  });

  it("because it came twice, is never applied either", async () => {
    const network = new LaggingNetwork();
    const { replica, toReplica, defects } = network.end();
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.drain();
    const update = toReplica.log.find(({ kind }) => kind === "update") as AuthorityMessage;
    replica.receive(structuredClone(update));
    expect(defects).toMatchObject([{ message: expect.stringContaining("version 1 arrived where version 2 was due") }]);
    expect(await network.run(Promise.resolve(replica.snapshot("a/1", 1)))).toMatchObject({ version: 1 });
  });
});

describe("disconnect", () => {
  it("rejects everything pending and everything asked from then on", async () => {
    const network = new LaggingNetwork();
    const { replica, toReplica } = network.end();
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    landed(network.authority.commit(setTo("b/1", 0, 1)));
    const gone = new TroupeError("thread-died", "the main thread is gone");
    const ask = (): readonly Promise<unknown>[] => [
      replica.submit(setTo("a/1", 0, 1)),
      (async () => replica.snapshot("c/1", 0))(),
      (async () => replica.snapshot("a/1", 1))(),
      replica.committed("a/1", "k"),
      replica.at("a/1", 1),
      replica.history("a/1", resolveHistoryRange()),
      replica.keys(""),
    ];
    const pending = ask();
    replica.disconnect(gone);
    for (const result of await Promise.allSettled(pending))
      expect(result).toEqual({ status: "rejected", reason: gone });
    for (const result of await Promise.allSettled(ask())) expect(result).toEqual({ status: "rejected", reason: gone });
    replica.disconnect(new Error("again"));
    await network.drain();
    expect(toReplica.log.length).toBeGreaterThan(1); // the answers came, and no request waited for them
    expect(replica.followedKeys).toBe(0);
  });

  it("doesn't leave a reader waiting that was just about to ask for the position", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority, toReplica } = network.end();
    const read = failure(Promise.resolve(replica.snapshot("a/1", 7)));
    toAuthority.deliver();
    toReplica.deliver();
    replica.disconnect(new Error("gone"));
    expect(await read).toEqual(new Error("gone"));
    expect(toAuthority.length).toBe(0);
  });

  it("may leave a commit landed whose outcome no caller heard", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    const submitted = replica.submit(setTo("a/1", 0, 1));
    const caught = failure(submitted);
    replica.disconnect(new Error("gone"));
    await network.drain();
    expect(await caught).toEqual(new Error("gone"));
    expect(network.authority.head("a/1")).toMatchObject({ version: 1 });
  });
});

describe("detach", () => {
  it("ends the updates, and still commits what was asked", async () => {
    const network = new LaggingNetwork();
    const { replica, attached, toReplica, toAuthority } = network.end();
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    void replica.submit(setTo("a/1", 0, 1)).catch(() => undefined);
    toAuthority.deliver();
    const before = toReplica.log.length;
    attached.detach();
    attached.detach();
    landed(network.authority.commit(setTo("a/1", 1, 2)));
    attached.receive({ kind: "sync", id: 9 });
    expect(toReplica.log.length).toBe(before);
    expect(network.authority.head("a/1")).toMatchObject({ version: 2 });
  });

  it("happens to a replica when another is attached under its id", () => {
    const network = new LaggingNetwork({ replicas: 0 });
    const sent: string[] = [];
    const first = network.authority.attach(1, () => sent.push("first"));
    const second = network.authority.attach(1, () => sent.push("second"));
    first.receive({ kind: "sync", id: 1 });
    second.receive({ kind: "sync", id: 1 });
    first.detach();
    second.receive({ kind: "sync", id: 2 });
    expect(sent).toEqual(["second", "second"]);
  });
});

describe("a channel without any lag", () => {
  /** Messages arrive within `send`: whatever must be in place by then has to be. */
  function direct(): { network: LaggingNetwork; replica: StoreReplica; log: AuthorityMessage[] } {
    const network = new LaggingNetwork({ replicas: 0 });
    const log: AuthorityMessage[] = [];
    const replica: StoreReplica = new StoreReplica({ send: (message) => attached.receive(message) });
    const attached = network.authority.attach(1, (message) => {
      log.push(message);
      replica.receive(message);
    });
    return { network, replica, log };
  }

  it("works the same", async () => {
    const { network, replica } = direct();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    expect(await replica.snapshot("a/1", 1)).toMatchObject({ version: 1 });
    expect(await replica.submit(setTo("a/1", 1, 2))).toMatchObject({ kind: "committed" });
    landed(network.authority.commit(setTo("b/1", 0, 1)));
    expect(await replica.snapshot("a/1", 3)).toMatchObject({ version: 2 });
  });

  it("keeps its order when watchers on both sides commit and follow from within", async () => {
    const { network, replica, log } = direct();
    const here: number[] = [];
    const there: number[] = [];
    await replica.snapshot("a/1", 0);
    network.authority.watch("a/1").subscribe(({ version }) => {
      there.push(version);
      if (version % 2 === 1 && version < 6) landed(network.authority.commit(setTo("a/1", version, version)));
      if (version === 3) void replica.snapshot("b/1", 0);
    });
    replica.watch("a/1").subscribe(({ version }) => {
      here.push(version);
      if (version % 2 === 0 && version < 6) void replica.submit(setTo("a/1", version, version));
    });
    landed(network.authority.commit(setTo("a/1", 0, 0)));
    await settleAll();
    expect(here).toEqual([1, 2, 3, 4, 5, 6]);
    expect(there).toEqual([1, 2, 3, 4, 5, 6]);
    expect(replica.snapshot("a/1", 6)).toMatchObject({ version: 6, state: { n: 5 } } satisfies Partial<Versions>);
    let told = 0;
    for (const message of log) {
      if (message.kind === "update") told = message.updates[0]?.meta.position ?? 0;
      expect(message.position).toBeLessThanOrEqual(told); // never claims what comes behind it
    }
  });
});

describe("a message of the authority", () => {
  /** A channel that follows a/1, behind a watcher of a/1 that does something at version 1. */
  function behindWatcher(doing: (network: LaggingNetwork, receive: (message: ReplicaMessage) => void) => void) {
    const network = new LaggingNetwork({ replicas: 0 });
    const log: AuthorityMessage[] = [];
    network.authority.watch("a/1").subscribe(({ version }) => {
      if (version === 1) doing(network, (message) => attached.receive(message));
    });
    const attached = network.authority.attach(1, (message) => log.push(message));
    attached.receive({ kind: "follow", id: 1, key: "a/1" });
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    return log.map(({ kind, position }) => [kind, position]);
  }

  it("never claims a position whose updates come behind it (invariant 4)", () => {
    const log = behindWatcher(({ authority }) => {
      landed(authority.commit(setTo("a/1", 1, 2)));
      landed(authority.commit(setTo("b/1", 0, 1)));
      landed(authority.commit(setTo("a/1", 2, 3)));
    });
    expect(log).toEqual([
      ["followed", 0],
      ["update", 1],
      ["update", 2],
      ["update", 4],
    ]);
  });

  it("never overtakes the updates that are being told", () => {
    const log = behindWatcher((_network, receive) => {
      receive({ kind: "sync", id: 2 });
      receive({ kind: "commit", id: 3, request: setTo("a/1", 1, 2) });
      receive({ kind: "follow", id: 4, key: "b/1" });
      receive({ kind: "commit", id: 5, request: setTo("b/1", 0, 1) });
    });
    expect(log).toEqual([
      ["followed", 0],
      ["update", 1],
      ["synced", 1],
      ["update", 2],
      ["committed", 2],
      ["followed", 2],
      ["update", 3],
      ["committed", 3],
    ]);
  });
});

describe("answers that aren't what was asked", () => {
  it("are refused", async () => {
    const replica = new StoreReplica({ send: () => undefined });
    const asked = replica.keys("");
    replica.receive({ kind: "synced", id: 1, position: 0 });
    await expect(asked).rejects.toThrow(/Defect: .* answered synced where listed was due/);
  });

  it("to nothing are ignored", () => {
    const replica = new StoreReplica({ send: () => undefined });
    replica.receive({ kind: "synced", id: 99, position: 4 });
    expect(replica.position).toBe(4);
  });
});

describe("a key that is erased", () => {
  const reason = { author: "operator", reason: "asked for" };

  it("is a tombstone in the replica from its position on, and holds no state", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    const seen: Snapshot[] = [];
    replica.watch("a/1").subscribe((snapshot) => seen.push(snapshot));
    const { tombstone } = await network.authority.erase("a/1", { ...reason, forks: false });
    const read = await network.run(Promise.resolve(replica.snapshot("a/1", tombstone.position)));
    expect(read).toEqual({ ...tombstone, state: undefined });
    landed(network.authority.commit(setTo("a/1", 2, 3, { patches: [{ op: "replace", path: [], value: { n: 3 } }] })));
    await network.drain();
    expect(replica.snapshot("a/1", 3)).toMatchObject({ version: 3, state: { n: 3 } });
    expect(seen.map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  it("is one without a version when it is forgotten, and begins at 1 again", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    landed(network.authority.commit(setTo("a/1", 0, 1)));
    await network.run(Promise.resolve(replica.snapshot("a/1", 0)));
    await network.authority.forget(["a/1"], reason);
    expect(await network.run(Promise.resolve(replica.snapshot("a/1", 2)))).toBeUndefined();
    const outcome = await network.run(replica.submit(setTo("a/1", 0, 5)));
    expect(outcome).toMatchObject({ kind: "committed", snapshots: [{ version: 1, position: 3, state: { n: 5 } }] });
    await network.drain();
    expect(replica.snapshot("a/1", 3)).toMatchObject({ version: 1, state: { n: 5 } });
  });
});
