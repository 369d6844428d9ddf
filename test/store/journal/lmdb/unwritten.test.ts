import { describe, expect, it } from "vitest";
import { deferred } from "../../../../src/async/deferred.ts";
import { Unwritten } from "../../../../src/store/journal/lmdb/unwritten.ts";
import { failure } from "../../support/failure.ts";
import { recordOf } from "../../support/requests.ts";
import { settleAll } from "../../support/turns.ts";

const mebibyte = 1024 * 1024;
const reason = new Error("no room");

describe("what a relaxed journal has not written", () => {
  it("is acknowledged at once up to 8 MiB, and beyond when it is written", async () => {
    const unwritten = new Unwritten("/journal");
    const disk = [deferred<void>(), deferred<void>(), deferred<void>()];
    const add = (i: number, bytes: number) =>
      unwritten.add([recordOf("a/1", i + 1, i + 1)], bytes, disk[i]?.promise ?? Promise.resolve());
    expect(add(0, 8 * mebibyte)).toBeUndefined();
    let isAcknowledged = false;
    const second = Promise.resolve(add(1, 1)).then(() => (isAcknowledged = true));
    await settleAll();
    expect(isAcknowledged).toBe(false);
    disk[1]?.resolve();
    await second;
    disk[0]?.resolve();
    await settleAll();
    expect(add(2, 8 * mebibyte)).toBeUndefined();
  });

  it("is the newest of its keys until it is written, and no longer", async () => {
    const unwritten = new Unwritten("/journal");
    const [first, second] = [deferred<void>(), deferred<void>()];
    const [one, two] = [recordOf("a/1", 1, 1), recordOf("a/1", 2, 2)];
    void unwritten.add([one], 1, first.promise);
    void unwritten.add([two], 1, second.promise);
    expect(unwritten.head("a/1")).toBe(two.snapshot);
    first.resolve();
    await settleAll();
    expect(unwritten.head("a/1")).toBe(two.snapshot);
    second.resolve();
    await unwritten.settled("a/1");
    expect(unwritten.head("a/1")).toBeUndefined();
    expect([unwritten.settled("a/1"), unwritten.settled(undefined)]).toEqual([undefined, undefined]);
  });

  it("is waited for by key, or for any, and never for what comes later", async () => {
    const unwritten = new Unwritten("/journal");
    const [first, second] = [deferred<void>(), deferred<void>()];
    void unwritten.add([recordOf("a/1", 1, 1)], 1, first.promise);
    const settled = [unwritten.settled("a/1"), unwritten.settled(undefined)];
    expect(unwritten.settled("b/1")).toBeUndefined();
    void unwritten.add([recordOf("a/1", 2, 2)], 1, second.promise);
    first.resolve();
    for (const each of settled) await each;
    expect(unwritten.head("a/1")?.version).toBe(2);
  });

  it("is an error for its keys and for every commit, once it is lost (invariant 11)", async () => {
    const unwritten = new Unwritten("/journal");
    const disk = deferred<void>();
    expect(unwritten.add([recordOf("a/1", 1, 1)], 1, disk.promise)).toBeUndefined();
    const settled = unwritten.settled("a/1");
    disk.reject(reason);
    await settled;
    const thrown = { code: "journal-failed", cause: reason };
    for (const check of [
      () => unwritten.checkWritable(),
      () => unwritten.checkKey("a/1"),
      () => unwritten.checkKey(undefined),
    ])
      expect(await failure((async () => check())())).toMatchObject(thrown);
    unwritten.checkKey("b/1");
    expect(unwritten.head("a/1")).toBeUndefined();
  });

  it("tells the committer who waits of a failure, too", async () => {
    const unwritten = new Unwritten("/journal");
    const waiting = unwritten.add([recordOf("a/1", 1, 1)], 9 * mebibyte, Promise.reject(reason));
    expect(await failure(Promise.resolve(waiting))).toBe(reason);
  });
});
