import { nothing, setAutoFreeze } from "immer";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import type { CommitRequest } from "../../../src/store/versions/commit.ts";
import { isConflictError } from "../../../src/store/versions/conflict-error.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Recipe } from "../../../src/store/client/recipe.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { keyOfParts } from "../../../src/store/versions/idempotency-key.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import type { StoreAccess } from "../../../src/store/versions/store-access.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient, type StoreClientOptions } from "../../../src/store/client/store-client.ts";
import { isDeeplyFrozen } from "../support/deeply.ts";
import { anna, ledger, profile } from "../support/definitions.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { LaggingNetwork } from "../support/lagging-network.ts";
import { settleAll } from "../support/turns.ts";

function start(options: Partial<StoreClientOptions> = {}) {
  const authority = new StoreAuthority({ journal: memoryJournal(), clock: fixedClock() });
  const access = new AuthorityAccess(authority);
  const client = new StoreClient(access, { author: "me", ...options });
  const rival = new StoreClient(access, { author: "rival" });
  return { authority, access, client, rival };
}

/** Access on which a rival commits once right before each of the first `times` submits. */
function contended(access: StoreAccess, rival: StoreClient, times: number): StoreAccess {
  let left = times;
  return new Proxy(access, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "submit") return member.bind(target) as unknown;
      return (request: CommitRequest) => {
        const key = request.changes[0]?.key ?? "";
        if (left-- > 0)
          void rival.commitNow(ledger, key.slice("ledger/".length), (draft) => void draft.log.push("rival"));
        return member.call(target, request) as unknown;
      };
    },
  });
}

describe("read", () => {
  it("gives the newest state, frozen to the bottom (invariant 1)", async () => {
    const { client } = start();
    await client.put(profile, "1", anna);
    const state = await client.read(profile, "1");
    expect(state).toEqual(anna);
    expect(isDeeplyFrozen(state)).toBe(true);
    expect(state).toBe((await client.snapshot(profile, "1"))?.state);
  });

  it("gives the initial state of a key without a version, frozen too, and makes no version", async () => {
    const { client, authority } = start();
    const state = await client.read(ledger, "1");
    expect(state).toEqual({ log: [], total: 0 });
    expect(isDeeplyFrozen(state)).toBe(true);
    expect(await client.snapshot(ledger, "1")).toBeUndefined();
    expect(authority.position).toBe(0);
  });

  it("passes the id to the family's initial", async () => {
    const named = defineState({
      name: "named",
      version: 1,
      schema: v.object({ id: v.string() }),
      initial: (id) => ({ id }),
    });
    expect(await start().client.read(named, "x/y")).toEqual({ id: "x/y" });
  });

  it("says what to do where there is no version and no initial", async () => {
    expect(await failure(start().client.read(profile, "7"))).toMatchObject({
      code: "no-such-key",
      message:
        'profile/7 has no version, and profile no initial state. Put it first, or give defineState an "initial".',
      details: { key: "profile/7" },
    });
  });

  it("refuses an initial that isn't plain data", async () => {
    const dated = defineState({
      name: "dated",
      version: 1,
      schema: v.object({ at: v.date() }),
      initial: () => ({ at: new Date(0) }),
    });
    expect(await failure(start().client.read(dated, "1"))).toMatchObject({
      code: "invalid-state",
      details: { path: "at" },
    });
  });
});

describe("commit", () => {
  it("appends what the recipe makes of the newest state", async () => {
    const { client, authority } = start({ cause: "run-1/score" });
    const first = await client.commit(ledger, "1", (draft) => {
      draft.log.push("a");
      draft.total = 5;
    });
    expect(first).toMatchObject({
      version: 1,
      parent: 0,
      author: "me",
      cause: "run-1/score",
      state: { log: ["a"], total: 5 },
    });
    const second = await client.commit(ledger, "1", (draft) => void draft.log.push("b"));
    expect(second).toMatchObject({ version: 2, parent: 1, state: { log: ["a", "b"], total: 5 } });
    expect(authority.head("ledger/1")).toBe(second);
  });

  it("is synchronous in commitNow where the store is", () => {
    const { client } = start();
    const snapshot = client.commitNow(ledger, "1", (draft) => void draft.log.push("a"));
    expect(snapshot).toMatchObject({ version: 1 });
    expect(client.putNow(ledger, "1", { log: [], total: 1 })).toMatchObject({ version: 2 });
    expect(client.readNow(ledger, "1")).toEqual({ log: [], total: 1 });
    expect(client.snapshotNow(ledger, "1")).toMatchObject({ version: 2 });
    expect(() => client.commitNow(profile, "1", () => undefined)).toThrow(
      expect.objectContaining({ code: "no-such-key" }),
    );
  });

  it("takes a state that the recipe returns", async () => {
    const { client } = start();
    await client.commit(ledger, "1", () => ({ log: ["x"], total: 1 }));
    const second = await client.commit(ledger, "1", (draft) => ({ ...draft, total: 2 }));
    expect(second.state).toEqual({ log: ["x"], total: 2 });
  });

  it("works on states that aren't objects", async () => {
    const counter = defineState({ name: "counter", version: 1, schema: v.number(), initial: () => 0 });
    const { client } = start();
    await client.commit(counter, "1", (n) => n + 1);
    expect(await client.commit(counter, "1", (n) => n + 1)).toMatchObject({ version: 2, state: 2 });
    expect(await client.commit(counter, "1", (n) => n)).toMatchObject({ version: 2 });
  });

  it("keeps what it didn't touch: unchanged subtrees are the same objects", async () => {
    const { client } = start();
    const first = await client.put(profile, "1", anna);
    const second = await client.commit(profile, "1", (draft) => {
      (draft.tags[1] as { label: string }).label = "new";
    });
    expect(second.state.address).toBe(first.state.address);
    expect(second.state.tags[0]).toBe(first.state.tags[0]);
    expect(second.state.tags[1]).toEqual({ label: "new" });
    expect(first.state.tags[1]).toEqual({ label: "b" });
    const third = await client.commit(profile, "1", (draft) => void draft.tags.shift());
    expect(third.state.tags[0]).toBe(second.state.tags[1]);
  });

  it("freezes what the recipe put in, so that no code outside can change the store (invariant 1)", async () => {
    const { client } = start();
    await client.put(profile, "1", anna);
    const shallow = Object.freeze({ city: "Bonn", street: "x" });
    const tag = { label: "mine" };
    const tags = Object.freeze([tag]);
    const snapshot = await client.commit(profile, "1", (draft) => {
      draft.address = shallow;
      draft.tags = tags as unknown as typeof draft.tags;
    });
    expect(isDeeplyFrozen(snapshot)).toBe(true);
    expect(() => (tag.label = "changed")).toThrow(TypeError);
  });

  it("freezes although the application turned immer's freezing off", async () => {
    setAutoFreeze(false);
    try {
      const snapshot = await start().client.commit(ledger, "1", (draft) => void draft.log.push("a"));
      expect(isDeeplyFrozen(snapshot)).toBe(true);
    } finally {
      setAutoFreeze(true);
    }
  });

  it("that changes nothing makes no version and gives the newest", async () => {
    const { client, authority } = start();
    const first = await client.commit(ledger, "1", (draft) => void draft.log.push("a"));
    const recipes: Recipe<{ log: string[]; total: number }>[] = [
      () => undefined,
      (draft) => void (draft.total = 0),
      (draft) => void (draft.log = ["a"]),
      (draft) => {
        draft.total = 7;
        draft.total = 0;
      },
      () => ({ log: ["a"], total: 0 }),
    ];
    for (const recipe of recipes) {
      expect(await client.commit(ledger, "1", recipe)).toBe(first);
    }
    expect(authority.position).toBe(1);
  });

  it("to a key without a version makes the first even if it changes nothing", async () => {
    const snapshot = await start().client.commit(ledger, "1", () => undefined);
    expect(snapshot).toMatchObject({ version: 1, state: { log: [], total: 0 } });
  });

  it("to a key without a version needs an initial", async () => {
    expect(await failure(start().client.commit(profile, "1", () => undefined))).toMatchObject({ code: "no-such-key" });
  });
});

describe("a recipe that fails", () => {
  it("by a throw commits nothing and gives the cause", async () => {
    const { client, authority } = start();
    const cause = new RangeError("not enough");
    const error = await failure(
      client.commit(ledger, "1", (draft) => {
        draft.total = 1;
        throw cause;
      }),
    );
    expect(error).toMatchObject({
      code: "recipe-failed",
      message: "The recipe of a commit to ledger/1 threw: not enough. Nothing was committed.",
      cause,
    });
    expect(authority.position).toBe(0);
  });

  it("by throwing something else says what kind of thing", async () => {
    const error = await failure(
      start().client.commit(ledger, "1", () => {
        // oxlint-disable-next-line typescript/only-throw-error -- what is under test
        throw "text";
      }),
    );
    expect(error).toMatchObject({
      code: "recipe-failed",
      message: expect.stringContaining("threw: a string"),
      cause: "text",
    });
  });

  it("by being asynchronous says so, and leaves no rejection unhandled", async () => {
    const { client, authority } = start();
    const error = await failure(
      client.commit(ledger, "1", (async (draft: { total: number }) => {
        draft.total = 1;
        await Promise.resolve();
        draft.total = 2; // throws: the draft is revoked
      }) as never),
    );
    expect(error).toMatchObject({
      code: "recipe-failed",
      message: expect.stringMatching(/ledger\/1 returned a promise.*synchronously/),
    });
    expect(authority.position).toBe(0);
  });

  it("by changing the draft and returning a state says so", async () => {
    const error = await failure(
      start().client.commit(ledger, "1", (draft) => {
        draft.total = 1;
        return { log: [], total: 2 };
      }),
    );
    expect(error).toMatchObject({ code: "recipe-failed", message: expect.stringContaining("modified its draft") });
  });
});

describe("a state that may not be", () => {
  it("because of the schema names key, path, expected and received", async () => {
    const { client, authority } = start();
    await client.put(profile, "1", anna);
    const error = await failure(
      client.commit(profile, "1", (draft) => {
        (draft.tags[1] as { label: unknown }).label = 7;
        draft.name = "";
      }),
    );
    expect(error).toMatchObject({
      code: "invalid-state",
      message:
        "profile/1 can't become this: profile@2 is violated at name: expected !0, received 0 (and 1 more). Nothing was committed.",
      details: {
        key: "profile/1",
        definition: "profile",
        version: 2,
        path: "name",
        expected: "!0",
        received: "0",
        issues: 2,
      },
    });
    expect(authority.position).toBe(1);
  });

  it("because of a check gives the check's message", async () => {
    const even = defineState({
      name: "even",
      version: 1,
      schema: v.pipe(
        v.number(),
        v.check((n) => n % 2 === 0, "an even number"),
      ),
    });
    expect(await failure(start().client.put(even, "1", 3))).toMatchObject({
      message:
        "even/1 can't become this: even@1 is violated at its root: expected an even number, received 3. Nothing was committed.",
    });
  });

  it.each<[what: string, state: unknown, path: string, received: string]>([
    ["a date", { log: [], total: 0, at: new Date(0) }, "at", "an instance of Date"],
    ["a function", { log: [() => 1], total: 0 }, "log.0", "a function"],
    ["undefined", undefined, "", "undefined"],
  ])("because it holds %s says where, in commit and in put", async (_what, state, path, received) => {
    const { client } = start();
    await client.commit(ledger, "1", () => undefined);
    const violated = { code: "invalid-state", details: { key: "ledger/1", path, received } };
    expect(await failure(client.put(ledger, "1", state as never))).toMatchObject(violated);
    expect(
      await failure(client.commit(ledger, "1", () => (state === undefined ? nothing : state) as never)),
    ).toMatchObject(violated);
    expect(
      await failure(client.commit(ledger, "2", () => (state === undefined ? nothing : state) as never)),
    ).toMatchObject({
      details: { key: "ledger/2", path, received },
    });
  });

  it("keeps the state and not what the schema makes of it", async () => {
    const trimmed = defineState({ name: "trimmed", version: 1, schema: v.object({ s: v.pipe(v.string(), v.trim()) }) });
    const { client } = start();
    await client.put(trimmed, "1", { s: " x " });
    expect(await client.read(trimmed, "1")).toEqual({ s: " x " });
  });
});

describe("a conflict", () => {
  it("runs the recipe again over the newer state (invariant 3)", async () => {
    const { access, rival } = start();
    const client = new StoreClient(contended(access, rival, 3), { author: "me" });
    let runs = 0;
    const snapshot = await client.commit(ledger, "1", (draft) => {
      runs++;
      draft.log.push("mine");
    });
    expect(runs).toBe(4);
    expect(snapshot).toMatchObject({ version: 4, parent: 3, state: { log: ["rival", "rival", "rival", "mine"] } });
  });

  it("becomes an error with both sides when the retries are used up", async () => {
    const { access, rival } = start();
    const client = new StoreClient(contended(access, rival, 99), { author: "me" });
    const error = await failure(client.commit(ledger, "1", (draft) => void draft.log.push("mine"), { maxRetries: 2 }));
    expect(isConflictError(error)).toBe(true);
    expect(error).toMatchObject({
      code: "conflict",
      name: "ConflictError",
      message: expect.stringMatching(
        /^The commit to ledger\/1 was computed from version 2, but the newest is 3, after 3 attempts/,
      ),
      details: {
        key: "ledger/1",
        base: 2,
        mine: { log: ["rival", "rival", "mine"], total: 0 },
        theirs: { version: 3, author: "rival", state: { log: ["rival", "rival", "rival"], total: 0 } },
        attempts: 3,
      },
    });
  });

  it("is tried a hundred times again by default", async () => {
    const { access, rival } = start();
    const enough = new StoreClient(contended(access, rival, 100), { author: "me" });
    expect(await enough.commit(ledger, "1", (draft) => void draft.log.push("mine"))).toMatchObject({ version: 101 });
    const tooFew = new StoreClient(contended(access, rival, 101), { author: "me" });
    expect(await failure(tooFew.commit(ledger, "1", (draft) => void draft.log.push("mine")))).toMatchObject({
      details: { attempts: 101 },
    });
  });

  it.each([-1, 1.5, Number.NaN])("can't be retried %d times", async (maxRetries) => {
    expect(await failure(start().client.commit(ledger, "1", () => undefined, { maxRetries }))).toMatchObject({
      code: "invalid-options",
    });
  });

  describe("that is to be rejected", () => {
    const reject = { onConflict: "reject" } as const;

    it("is one when the key was changed since this client read it", async () => {
      const { client, rival } = start();
      await client.commit(ledger, "1", (draft) => void draft.log.push("a"));
      expect((await client.read(ledger, "1")).log).toEqual(["a"]);
      await rival.commit(ledger, "1", (draft) => void draft.log.push("b"));
      let runs = 0;
      const error = await failure(
        client.commit(
          ledger,
          "1",
          (draft) => {
            runs++;
            draft.log.push("c");
          },
          reject,
        ),
      );
      expect(runs).toBe(1);
      expect(error).toMatchObject({
        details: {
          base: 1,
          mine: { log: ["a", "c"] },
          theirs: { version: 2, state: { log: ["a", "b"] } },
          attempts: 1,
        },
      });
      // trying again without reading again is as blind as before
      expect(
        isConflictError(await failure(client.commit(ledger, "1", (draft) => void draft.log.push("c"), reject))),
      ).toBe(true);
      await client.read(ledger, "1");
      expect(await client.commit(ledger, "1", (draft) => void draft.log.push("c"), reject)).toMatchObject({
        version: 3,
      });
    });

    it("is one when the key had no version when this client read it", async () => {
      const { client, rival } = start();
      await client.read(ledger, "1");
      await rival.commit(ledger, "1", (draft) => void draft.log.push("b"));
      expect(await failure(client.commit(ledger, "1", (draft) => void draft.log.push("c"), reject))).toMatchObject({
        details: { base: 0, mine: { log: ["c"] }, theirs: { version: 1 } },
      });
    });

    it("is none when this client wrote the newest, or never read the key", async () => {
      const { client, rival } = start();
      await rival.commit(ledger, "1", (draft) => void draft.log.push("b"));
      expect(await client.commit(ledger, "1", (draft) => void draft.log.push("c"), reject)).toMatchObject({
        version: 2,
      });
      expect(await client.commit(ledger, "1", (draft) => void draft.log.push("d"), reject)).toMatchObject({
        version: 3,
      });
    });

    it("isn't hidden by a watch, which runs on by itself", async () => {
      const { client, rival } = start();
      await client.read(ledger, "1");
      client.watch(ledger, "1").subscribe();
      await rival.commit(ledger, "1", (draft) => void draft.log.push("b"));
      expect(
        isConflictError(await failure(client.commit(ledger, "1", (draft) => void draft.log.push("c"), reject))),
      ).toBe(true);
    });

    it("remembers the keys it read last", async () => {
      const { client, rival } = start();
      for (let i = 0; i < 1_000; i++) await client.read(ledger, String(i));
      for (const id of ["0", "1000"]) await client.read(ledger, id); // the second makes it forget "1", not "0"
      await rival.commit(ledger, "0", (draft) => void draft.log.push("b"));
      const late = client.commit(ledger, "0", (draft) => void draft.log.push("c"), reject);
      expect(isConflictError(await failure(late))).toBe(true);
    });

    it("is bounded in what it remembers", async () => {
      const { client, rival } = start();
      for (let i = 0; i < 1_001; i++) await client.read(ledger, String(i));
      for (const id of ["0", "2"]) await rival.commit(ledger, id, (draft) => void draft.log.push("b"));
      expect(await client.commit(ledger, "0", (draft) => void draft.log.push("c"), reject)).toMatchObject({
        version: 2,
      });
      expect(
        isConflictError(await failure(client.commit(ledger, "2", (draft) => void draft.log.push("c"), reject))),
      ).toBe(true);
    });
  });
});

describe("put", () => {
  it("creates, and replaces with the fewest patches", async () => {
    const { client, authority } = start();
    const first = await client.put(profile, "1", anna);
    expect(first).toMatchObject({ version: 1, state: anna });
    const second = await client.put(profile, "1", { ...anna, name: "Berta" });
    expect(second).toMatchObject({ version: 2, state: { ...anna, name: "Berta" } });
    expect(second.state.tags).toBe(first.state.tags);
    const records = authority.records("profile/1", { from: 2, to: 2, limit: 9, order: "oldest-first" });
    expect(records).toMatchObject([{ patches: [{ op: "replace", path: ["name"], value: "Berta" }] }]);
  });

  it("appends a version even if nothing differs", async () => {
    const { client } = start();
    const first = await client.put(profile, "1", anna);
    const second = await client.put(profile, "1", structuredClone(anna));
    expect(second).toMatchObject({ version: 2, parent: 1 });
    expect(second.state).toBe(first.state);
  });

  it("copies the state: the caller's isn't frozen, and changing it changes nothing (invariant 1)", async () => {
    const { client } = start();
    const mine = structuredClone(anna);
    const snapshot = await client.put(profile, "1", mine);
    mine.name = "changed";
    (mine.tags[0] as { label: string }).label = "changed";
    expect(snapshot.state).toEqual(anna);
    expect(isDeeplyFrozen(snapshot)).toBe(true);
  });

  it("lands however often others commit in between", async () => {
    const { access, rival } = start();
    const client = new StoreClient(contended(access, rival, 150), { author: "me" });
    expect(await client.put(ledger, "1", { log: ["mine"], total: 1 })).toMatchObject({
      version: 151,
      state: { log: ["mine"] },
    });
  });

  it("on an expected version is a conflict on any other", async () => {
    const { client, rival } = start();
    const mine = { log: ["mine"], total: 0 };
    expect(await failure(client.put(ledger, "1", mine, { expectedVersion: 1 }))).toMatchObject({
      message: expect.stringContaining("was computed from version 1, but the newest is 0."),
      details: { key: "ledger/1", base: 1, mine, attempts: 1 },
    });
    expect(await client.put(ledger, "1", mine, { expectedVersion: 0 })).toMatchObject({ version: 1 });
    await rival.commit(ledger, "1", (draft) => void draft.log.push("rival"));
    for (const expectedVersion of [0, 1, 3]) {
      expect(await failure(client.put(ledger, "1", mine, { expectedVersion }))).toMatchObject({
        code: "conflict",
        details: { base: expectedVersion, mine, theirs: { version: 2 }, attempts: 1 },
      });
    }
    expect(await client.put(ledger, "1", mine, { expectedVersion: 2 })).toMatchObject({ version: 3, state: mine });
  });

  it.each([-1, 0.5])("can't expect version %d", async (expectedVersion) => {
    expect(await failure(start().client.put(ledger, "1", { log: [], total: 0 }, { expectedVersion }))).toMatchObject({
      code: "invalid-options",
    });
  });
});

describe("an idempotency key", () => {
  it("makes a repeated commit or put give the original and append nothing (invariant 5)", async () => {
    const { client, authority } = start();
    const once = { idempotencyKey: "k" };
    const original = await client.commit(ledger, "1", (draft) => void draft.log.push("a"), once);
    await client.commit(ledger, "1", (draft) => void draft.log.push("b"));
    expect(await client.commit(ledger, "1", (draft) => void draft.log.push("a"), once)).toEqual(original);
    expect(await client.put(ledger, "1", { log: ["a"], total: 0 }, once)).toEqual(original);
    expect(await client.put(ledger, "1", { log: ["a"], total: 0 }, { ...once, expectedVersion: 7 })).toEqual(original);
    expect(authority.position).toBe(2);
  });

  it("gives the original also when the recipe, run again, throws, breaks the schema or has nothing left to do", async () => {
    const { client } = start();
    const once = { idempotencyKey: "k" };
    const original = await client.commit(ledger, "1", (draft) => void (draft.total = 5), once);
    await client.commit(ledger, "1", (draft) => void draft.log.push("later"));
    expect(await client.commit(ledger, "1", (draft) => void (draft.total = 5), once)).toEqual(original);
    const breaking = (draft: { total: number }): void => void (draft.total = draft.total === 0 ? 5 : 0.5);
    expect(await client.commit(ledger, "1", breaking, once)).toEqual(original);
    const throwing = client.commit(
      ledger,
      "1",
      (draft) => {
        if (draft.total > 0) throw new Error("already done");
        draft.total = 5;
      },
      once,
    );
    expect(await throwing).toEqual(original);
  });

  it.each<[string, Recipe<{ log: string[]; total: number }>]>([
    ["comes to another state", (draft) => void (draft.total = 6)],
    ["changes nothing", () => undefined],
    ["breaks the schema", (draft) => void (draft.total = 0.5)],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
  ])("is refused to another commit, which over the same version %s", async (_, recipe) => {
    const { client, authority } = start();
    const once = { idempotencyKey: "k" };
    await client.commit(ledger, "1", (draft) => void (draft.total = 5), once);
    await client.commit(ledger, "1", (draft) => void draft.log.push("later"));
    expect(await failure(client.commit(ledger, "1", recipe, once))).toMatchObject({
      code: "idempotency-mismatch",
      details: { idempotencyKey: "k", key: "ledger/1", committedTo: "ledger/1", version: 1 },
    });
    expect(authority.position).toBe(2);
  });

  it.each([[""], [7], [Number.NaN], [null], [true], [{ a: 1 }], [Symbol("s")], [["k"]]])(
    "is a text that isn't empty: not %s",
    async (key) => {
      const { client, authority } = start();
      const once = { idempotencyKey: key as string };
      const refused = {
        code: "invalid-options",
        message: expect.stringMatching(/^\w+: idempotencyKey is a text/) as string,
      };
      expect(await failure(client.commit(ledger, "1", (draft) => void draft.total++, once))).toMatchObject(refused);
      expect(await failure(client.put(ledger, "1", { log: [], total: 1 }, once))).toMatchObject(refused);
      expect(await failure(client.transact([[ledger, "1"]], ([one]) => void one.total++, once))).toMatchObject(refused);
      expect(authority.position).toBe(0);
    },
  );

  it("may be any other text, also one that Troupe's own keys begin with", async () => {
    const { access, client } = start();
    const step = new StoreClient(access, { author: "step", scope: keyOfParts("7", "pay") });
    const { idempotencyKey = "" } = await step.commit(ledger, "1", (draft) => void draft.log.push("step"));
    await client.commit(ledger, "1", (draft) => void draft.log.push("own"), { idempotencyKey });
    expect((await client.read(ledger, "1")).log).toEqual(["step", "own"]);
  });

  it("doesn't hide a failure when nothing was committed under it", async () => {
    const { client } = start();
    const once = { idempotencyKey: "k" };
    const recipe = (): void => {
      throw new Error("no");
    };
    expect(await failure(client.commit(ledger, "1", recipe, once))).toMatchObject({ code: "recipe-failed" });
    expect(await client.commit(ledger, "1", () => undefined, once)).toMatchObject({ version: 1, idempotencyKey: "k" });
    expect(await client.commit(ledger, "1", () => undefined, { idempotencyKey: "k2" })).toMatchObject({ version: 1 });
  });

  it("of another store key is a mistake", async () => {
    const { client } = start();
    await client.commit(ledger, "1", () => undefined, { idempotencyKey: "k" });
    const error = await failure(client.commit(ledger, "2", () => undefined, { idempotencyKey: "k" }));
    expect(error).toMatchObject({ code: "idempotency-mismatch" });
  });

  it("isn't given without a scope", async () => {
    expect(await start().client.commit(ledger, "1", () => undefined)).not.toHaveProperty("idempotencyKey");
  });
});

describe("history", () => {
  it("gives versions, one version, ids", async () => {
    const { client } = start();
    for (let i = 1; i <= 3; i++) await client.commit(ledger, "1", (draft) => void (draft.total = i));
    await client.commit(ledger, "0/x", () => undefined);
    await client.put(profile, "1", anna);
    const history = await client.history(ledger, "1", { from: 2 });
    expect(history.map(({ version, state }) => [version, state.total])).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect(await client.history(ledger, "9")).toEqual([]);
    expect(await client.at(ledger, "1", 2)).toBe(history[0]);
    expect(await client.ids(ledger)).toEqual(["0/x", "1"]);
    expect(await client.ids(profile)).toEqual(["1"]);
  });

  it("says which versions there are when asked for another", async () => {
    const { client } = start();
    await client.commit(ledger, "1", () => undefined);
    expect(await failure(client.at(ledger, "1", 2))).toMatchObject({
      code: "no-such-version",
      message: "ledger/1 has versions 1 to 1, and none 2. Ask for one of those.",
      details: { key: "ledger/1", version: 2, newest: 1 },
    });
    expect(await failure(client.at(ledger, "2", 1))).toMatchObject({
      message: expect.stringContaining("ledger/2 has no version"),
    });
  });

  it.each([{ from: 0 }, { to: -1 }, { limit: 0.5 }])("refuses the range %j", async (options) => {
    expect(await failure(start().client.history(ledger, "1", options))).toMatchObject({ code: "invalid-options" });
  });
});

describe("the causal token", () => {
  it("grows by what is read, written, watched and observed, and never goes back (invariant 4)", async () => {
    const { client, rival } = start({ token: 0 });
    expect(client.token).toBe(0);
    await rival.commit(ledger, "1", () => undefined); // 1
    await rival.commit(ledger, "2", () => undefined); // 2
    await client.read(ledger, "2");
    expect(client.token).toBe(2);
    await client.read(ledger, "1");
    expect(client.token).toBe(2);
    await client.commit(ledger, "1", (draft) => void draft.log.push("a")); // 3
    expect(client.token).toBe(3);
    await rival.put(profile, "1", anna); // 4
    client.watch(profile, "1").subscribe();
    expect(client.token).toBe(4);
    await rival.commit(profile, "1", (draft) => void (draft.age = 3)); // 5, seen by the watch
    expect(client.token).toBe(5);
    await rival.commit(ledger, "3", () => undefined); // 6
    await client.history(ledger, "3");
    expect(client.token).toBe(6);
    client.observe(4);
    expect(client.token).toBe(6);
    client.observe(9);
    expect(client.token).toBe(9);
    await rival.commit(ledger, "3", (draft) => void draft.log.push("x"));
    expect(new StoreClient(start().access, { author: "me", token: 5 }).token).toBe(5);
  });

  it("grows by the version that a commit lost to", async () => {
    const { client, rival } = start();
    await client.read(ledger, "1");
    await rival.commit(ledger, "1", () => undefined);
    await failure(client.commit(ledger, "1", (draft) => void draft.log.push("a"), { onConflict: "reject" }));
    expect(client.token).toBe(1);
  });

  it("makes a read on another thread wait for what was written here (invariant 4)", async () => {
    const network = new LaggingNetwork({ replicas: 2 });
    const [here, there] = [network.end(0), network.end(1)];
    const writer = new StoreClient(here.replica, { author: "writer" });
    const reader = new StoreClient(there.replica, { author: "reader" });
    await network.run(reader.read(ledger, "1"));
    const writing = writer.commit(ledger, "1", (draft) => void draft.log.push("750"));
    for (let i = 0; i < 4; i++) {
      await settleAll();
      here.toAuthority.deliver();
      here.toReplica.deliver();
    }
    await writing;
    expect(there.toReplica.length).toBe(1); // the update is on its way
    expect((await reader.read(ledger, "1")).log).toEqual([]); // it was not told that there is more
    reader.observe(writer.token);
    const read = reader.read(ledger, "1");
    expect((await network.run(read)).log).toEqual(["750"]);
  });
});

describe("onSeen", () => {
  it("is told every version read and written, with the token grown", async () => {
    const seen: string[] = [];
    const { client, rival } = start({
      onSeen: ({ key, version }, how) => seen.push(`${how} ${key}@${version} at ${client.token}`),
    });
    await client.read(ledger, "1");
    await client.commit(ledger, "1", (draft) => void draft.log.push("a"));
    await rival.commit(ledger, "1", (draft) => void draft.log.push("b"));
    await client.read(ledger, "1");
    await client.commit(ledger, "1", () => undefined);
    await client.at(ledger, "1", 1);
    expect(seen).toEqual([
      "written ledger/1@1 at 1",
      "read ledger/1@2 at 2",
      "read ledger/1@2 at 2",
      "read ledger/1@1 at 2",
    ]);
  });
});

describe("watch", () => {
  it("gives typed snapshots in order", async () => {
    const { client } = start();
    const totals: number[] = [];
    client
      .watch(ledger, "1")
      .subscribe((snapshot: Snapshot<{ log: string[]; total: number }>) => totals.push(snapshot.state.total));
    for (const total of [1, 2, 3]) await client.commit(ledger, "1", (draft) => void (draft.total = total));
    expect(totals).toEqual([1, 2, 3]);
  });
});

describe("over a replica", () => {
  it("computes from the version that is expected, also when that hasn't arrived here (invariant 3)", async () => {
    const network = new LaggingNetwork();
    const { replica } = network.end();
    const client = new StoreClient(replica, { author: "me" });
    const rival = new StoreClient(new AuthorityAccess(network.authority), { author: "rival" });
    await network.run(client.put(ledger, "1", { log: ["a"], total: 1 }));
    await network.run(client.read(ledger, "1"));
    await rival.put(ledger, "1", { log: ["a", "b"], total: 2 });
    const recipe = (draft: { total: number }): void => void draft.total++;
    expect(replica.snapshot("ledger/1", 0)).toMatchObject({ version: 1 });
    const commit = client.commit(ledger, "1", recipe, { expectedVersion: 2 });
    expect(await network.run(commit)).toMatchObject({ version: 3, state: { log: ["a", "b"], total: 3 } });
    const early = failure(client.commit(ledger, "1", recipe, { expectedVersion: 9 }));
    expect(await network.run(early)).toMatchObject({ code: "conflict", details: { base: 9, theirs: { version: 3 } } });
  });

  it("puts the whole state on a version that hasn't arrived here", async () => {
    const network = new LaggingNetwork();
    const client = new StoreClient(network.end().replica, { author: "me" });
    const rival = new StoreClient(new AuthorityAccess(network.authority), { author: "rival" });
    await network.run(client.put(ledger, "1", { log: ["a"], total: 1 }));
    await network.run(client.read(ledger, "1"));
    await rival.put(ledger, "1", { log: ["b", "c"], total: 2 });
    const put = client.put(ledger, "1", { log: ["a"], total: 3 }, { expectedVersion: 2 });
    expect((await network.run(put)).state).toEqual({ log: ["a"], total: 3 });
    expect(network.authority.head("ledger/1")).toMatchObject({ version: 3, state: { log: ["a"], total: 3 } });
  });

  it("does all of it the same", async () => {
    const network = new LaggingNetwork({ replicas: 2 });
    const client = new StoreClient(network.end(0).replica, { author: "me", scope: "p" });
    const rival = new StoreClient(network.end(1).replica, { author: "rival" });
    await network.run(client.read(ledger, "1"));
    await network.run(rival.commit(ledger, "1", (draft) => void draft.log.push("rival")));
    const both = Promise.all([
      client.commit(ledger, "1", (draft) => void draft.log.push("mine")),
      rival.commit(ledger, "1", (draft) => void draft.log.push("rival")),
    ]);
    const [mine] = await network.run(both);
    expect(mine.idempotencyKey).toBe("troupe:p");
    const state = await network.run(client.read(ledger, "1"));
    expect([...state.log].toSorted()).toEqual(["mine", "rival", "rival"]);
    expect(await network.run(client.history(ledger, "1"))).toHaveLength(3);
    expect(await network.run(failure(client.at(ledger, "1", 9)))).toMatchObject({ code: "no-such-version" });
    expect(await network.run(client.ids(ledger))).toEqual(["1"]);
    const again = new StoreClient(network.end(0).replica, { author: "me", scope: "p" });
    const throwing = again.commit(ledger, "1", (draft) => {
      if (draft.log.includes("mine")) throw new Error("done before");
      draft.log.push("mine");
    });
    expect(await network.run(throwing)).toEqual(mine);
    network.end(0).replica.disconnect(new Error("gone"));
    expect(await failure(client.read(ledger, "1"))).toEqual(new Error("gone"));
  });
});

afterEach(() => setAutoFreeze(true));
