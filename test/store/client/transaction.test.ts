/** Transactions as a client sees them. What holds whatever happens is in `store-model.test.ts`. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import type { CommitRequest } from "../../../src/store/versions/commit.ts";
import { isConflictError } from "../../../src/store/versions/conflict-error.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
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

const account = defineState({
  name: "account",
  version: 1,
  schema: v.object({ cents: v.pipe(v.number(), v.minValue(0)) }),
  initial: () => ({ cents: 10 }),
});

const bag = defineState({
  name: "bag",
  version: 1,
  schema: v.object({ items: v.array(v.object({ n: v.number() })) }),
  initial: () => ({ items: [{ n: 1 }, { n: 2 }] }),
});

/** A state without parts. */
const level = defineState({ name: "level", version: 1, schema: v.number(), initial: () => 0 });

const ann = [account, "ann"] as const;
const bob = [account, "bob"] as const;

function start(options: Partial<StoreClientOptions> = {}) {
  const journal = memoryJournal();
  const authority = new StoreAuthority({ journal, clock: fixedClock() });
  const access = new AuthorityAccess(authority);
  const client = new StoreClient(access, { author: "me", ...options });
  const rival = new StoreClient(access, { author: "rival" });
  return { journal, authority, access, client, rival };
}

/** Access on which `first` happens right before the first submits, once for each. */
function interrupted(access: StoreAccess, ...first: readonly (() => void)[]): StoreAccess {
  const left = [...first];
  return new Proxy(access, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "submit") return member.bind(target) as unknown;
      return (request: CommitRequest) => {
        left.shift()?.();
        return member.call(target, request) as unknown;
      };
    },
  });
}

describe("a transaction", () => {
  it("makes the next version of every key it changes, at one position", async () => {
    const { client, authority } = start({ cause: "run-1/pay" });
    const [one, other] = await client.transact([ann, bob], ([from, to]) => {
      from.cents -= 4;
      to.cents += 4;
    });
    expect(one).toMatchObject({
      key: "account/ann",
      version: 1,
      state: { cents: 6 },
      author: "me",
      cause: "run-1/pay",
    });
    expect(other).toMatchObject({ key: "account/bob", version: 1, state: { cents: 14 }, position: one.position });
    expect(authority.position).toBe(1);
    expect([one, other].every(isDeeplyFrozen)).toBe(true);
    expect(await client.read(account, "bob")).toBe(other.state);
    expect(client.token).toBe(1);
  });

  it("keeps the version of a key that the recipe only read", async () => {
    const { client, authority } = start();
    await client.commit(account, "ann", (draft) => void (draft.cents = 3));
    await client.commit(account, "bob", () => undefined);
    const before = await client.snapshot(account, "ann");
    const [read, written] = await client.transact([ann, bob], ([limit, draft]) => {
      draft.cents = limit.cents;
    });
    expect(read).toBe(before);
    expect(written).toMatchObject({ version: 2, state: { cents: 3 }, position: 3 });
    expect(authority.head("account/ann")).toBe(before);
  });

  it("makes version 1 of a key without one, changed or not, as a commit does", async () => {
    const [one, other] = await start().client.transact([ann, bob], ([draft]) => void (draft.cents = 1));
    expect([one.version, other.version]).toEqual([1, 1]);
    expect(other.state).toEqual({ cents: 10 });
  });

  it("that changes nothing commits nothing, and gives what was there at one point of the order", async () => {
    const { access, client, rival } = start();
    await rival.transact([ann, bob], () => undefined);
    const swap = (): void =>
      void rival.transactNow([ann, bob], (drafts) => {
        for (const draft of drafts) draft.cents++;
      });
    const torn = new StoreClient(interrupted(access, swap), { author: "me" });
    const [one, other] = await torn.transact([ann, bob], () => undefined);
    expect([one, other]).toMatchObject([
      { version: 2, position: 2 },
      { version: 2, position: 2 },
    ]);
    expect((await client.history(account, "ann")).length).toBe(2);
  });

  it("moves parts from one key to another", async () => {
    const { client } = start();
    const keys = [
      [bag, "mine"],
      [bag, "yours"],
    ] as const;
    const [one, other] = await client.transact(keys, ([from, to]) => {
      const item = from.items.pop();
      if (item === undefined) return;
      item.n *= 10;
      to.items.push(item);
    });
    expect(one.state.items).toEqual([{ n: 1 }]);
    expect(other.state.items).toEqual([{ n: 1 }, { n: 2 }, { n: 20 }]);
    expect([one, other].every(isDeeplyFrozen)).toBe(true);
  });

  it("takes states that are put in the drafts' places, or returned for all of them", async () => {
    const { client } = start();
    const keys = [ann, [level, "l"]] as const;
    const placed = await client.transact(keys, (drafts) => {
      drafts[0] = { cents: drafts[0].cents + 1 };
      drafts[1] = 5;
    });
    expect(placed.map(({ state }) => state)).toEqual([{ cents: 11 }, 5]);
    const returned = await client.transact(keys, ([{ cents }, n]) => [{ cents: cents + 1 }, n + 1]);
    expect(returned.map(({ version, state }) => [version, state])).toEqual([
      [2, { cents: 12 }],
      [2, 6],
    ]);
  });

  it("takes keys of one family in any number", async () => {
    const { client } = start();
    const ids = ["a", "b", "c", "d"];
    const snapshots = await client.transact(
      ids.map((id) => [account, id] as const),
      (drafts) => {
        for (const [i, draft] of drafts.entries()) draft.cents = i;
      },
    );
    expect(snapshots.map(({ key, state }) => [key, state.cents])).toEqual(ids.map((id, i) => [`account/${id}`, i]));
  });
});

describe("a transaction is refused", () => {
  it.each([
    ["no keys", []],
    ["a key twice", [ann, bob, ann]],
  ])("for %s", async (_what, keys) => {
    const { client, authority } = start();
    const refused = await failure(client.transact(keys as (typeof ann)[], () => undefined));
    expect(refused).toMatchObject({ code: "invalid-options", message: expect.stringMatching(/^transact was given/) });
    expect(authority.position).toBe(0);
  });

  it.each([-1, 0.5])("for maxRetries %d", async (maxRetries) => {
    expect(await failure(start().client.transact([ann], () => undefined, { maxRetries }))).toMatchObject({
      code: "invalid-options",
    });
  });

  it.each([
    [
      "returns a promise",
      async () => undefined,
      /^The recipe of the transaction over account\/ann, account\/bob returned a promise/,
    ],
    ["throws", () => expectNever(), /account\/bob threw: never/],
    ["returns something else", () => 7, /left something other than 2 states/],
    ["returns too few states", () => [{ cents: 1 }], /left something other than 2 states/],
    ["adds to the drafts", (drafts: unknown[]) => void drafts.push(1), /left something other than 2 states/],
    [
      "changes a draft and returns states",
      (drafts: [{ cents: number }, unknown]) => {
        drafts[0].cents = 1;
        return [{ cents: 1 }, { cents: 1 }];
      },
      /threw/,
    ],
  ])("whose recipe %s", async (_what, recipe, message) => {
    const { client, authority } = start();
    const refused = await failure(client.transact([ann, bob], recipe as never));
    expect(refused).toMatchObject({ code: "recipe-failed", message: expect.stringMatching(message) });
    expect(authority.position).toBe(0);
  });

  it("as a whole when one of its states is none", async () => {
    const { client, authority } = start();
    const short = client.transact([ann, bob], ([from, to]) => {
      from.cents += 20;
      to.cents -= 20;
    });
    expect(await failure(short)).toMatchObject({ code: "invalid-state", details: { key: "account/bob" } });
    const unfit = client.transact([ann, bob], (drafts) => void (drafts[1] = { cents: new Date() } as never));
    expect(await failure(unfit)).toMatchObject({ code: "invalid-state", details: { key: "account/bob" } });
    expect(authority.position).toBe(0);
  });

  it("for a key without a version and an initial state", async () => {
    const { client } = start();
    const keys = [ann, [profile, "1"]] as const;
    expect(await failure(client.transact(keys, () => undefined))).toMatchObject({
      code: "no-such-key",
      details: { key: "profile/1" },
    });
    await client.put(profile, "1", anna);
    const [, person] = await client.transact(keys, ([, draft]) => void draft.tags.pop());
    expect(person.state.tags).toEqual([{ label: "a" }]);
  });
});

describe("a conflict", () => {
  it("at any key, also one that was only read, makes the recipe run again over all the newest states", async () => {
    const { access, client: reader, rival } = start();
    await rival.transact([ann, bob], () => undefined);
    const seen: number[][] = [];
    const client = new StoreClient(
      interrupted(access, () => void rival.commitNow(account, "ann", (draft) => void (draft.cents = 2))),
      { author: "me" },
    );
    const [, other] = await client.transact([ann, bob], ([limit, draft]) => {
      seen.push([limit.cents, draft.cents]);
      draft.cents = limit.cents;
    });
    expect(seen).toEqual([
      [10, 10],
      [2, 10],
    ]);
    expect(other.state.cents).toBe(2);
    expect((await reader.history(account, "bob")).map(({ state }) => state.cents)).toEqual([10, 2]);
  });

  it("names the key and both sides when it isn't to be tried again", async () => {
    const { access, rival } = start();
    await rival.transact([ann, bob], () => undefined);
    const rivals = (): void => void rival.commitNow(account, "ann", (draft) => void (draft.cents = 2));
    const client = new StoreClient(interrupted(access, rivals), { author: "me" });
    const refused = await failure(
      client.transact([ann, bob], ([limit, draft]) => void (draft.cents = limit.cents + 1), { onConflict: "reject" }),
    );
    expect(isConflictError(refused)).toBe(true);
    expect(refused).toMatchObject({
      message: expect.stringContaining(
        "The transaction over account/ann, account/bob was computed from version 1 of account/ann, but the newest is 2.",
      ),
      details: {
        key: "account/ann",
        keys: ["account/ann", "account/bob"],
        base: 1,
        mine: { cents: 10 },
        theirs: { version: 2, state: { cents: 2 }, author: "rival" },
        attempts: 1,
      },
    });
    expect(client.token).toBe(2);
  });

  it("has the state that was to be written when that is what lost", async () => {
    const { access, rival } = start();
    const rivals = (): void => void rival.commitNow(account, "bob", (draft) => void (draft.cents = 2));
    const client = new StoreClient(interrupted(access, rivals), { author: "me" });
    const refused = await failure(
      client.transact([ann, bob], ([, draft]) => void (draft.cents = 1), { onConflict: "reject" }),
    );
    expect(refused).toMatchObject({
      details: { key: "account/bob", base: 0, mine: { cents: 1 }, theirs: { version: 1 } },
    });
    expect(await rival.snapshot(account, "ann")).toBeUndefined();
  });

  it("becomes an error when the retries are used up", async () => {
    const { access, rival } = start();
    const rivals = (): void => void rival.commitNow(account, "ann", (draft) => void draft.cents++);
    const client = new StoreClient(interrupted(access, rivals, rivals, rivals), { author: "me" });
    const recipe = (drafts: { cents: number }[]): void => {
      for (const draft of drafts) draft.cents++;
    };
    const refused = await failure(client.transact([ann, bob], recipe, { maxRetries: 2 }));
    expect(refused).toMatchObject({ code: "conflict", details: { attempts: 3 } });
    expect(await client.transact([ann, bob], recipe, { maxRetries: 0 })).toMatchObject([
      { state: { cents: 14 } },
      { state: { cents: 11 } },
    ]);
  });

  it("is what a decision meets that was made on what this client read before", async () => {
    const { client, rival } = start();
    await rival.transact([ann, bob], () => undefined);
    const { cents } = await client.read(account, "ann");
    await rival.commit(account, "ann", (draft) => void (draft.cents = 0));
    const decided = client.transact([ann, bob], ([, draft]) => void (draft.cents = cents), { onConflict: "reject" });
    expect(await failure(decided)).toMatchObject({ details: { key: "account/ann", base: 1, theirs: { version: 2 } } });
    await client.read(account, "ann");
    const again = client.transact([ann, bob], ([, draft]) => void (draft.cents = 0), { onConflict: "reject" });
    expect(await again).toMatchObject([{ version: 2 }, { version: 2 }]);
  });

  it("is looked for before the recipe's own failure counts: it may have seen what never was", async () => {
    const { access, rival } = start();
    await rival.transact([ann, bob], () => undefined);
    const seen: number[] = [];
    const client = new StoreClient(
      interrupted(access, () => void rival.commitNow(account, "ann", (draft) => void (draft.cents = 11))),
      { author: "me" },
    );
    const [one] = await client.transact([ann, bob], ([mine, theirs]) => {
      seen.push(mine.cents - theirs.cents);
      if (mine.cents === theirs.cents) throw new Error("not yet");
      mine.cents++;
    });
    expect(seen).toEqual([0, 1]);
    expect(one.state.cents).toBe(12);
    const failing = client.transact([ann, bob], () => {
      throw new Error("no");
    });
    expect(await failure(failing)).toMatchObject({ code: "recipe-failed", cause: new Error("no") });
  });
});

describe("an idempotency key", () => {
  const pay = ([from, to]: [{ cents: number }, { cents: number }]): void => {
    from.cents -= 4;
    to.cents += 4;
  };
  const once = { idempotencyKey: "k" };

  it("makes a repeated transaction give the original versions and append nothing (invariant 5)", async () => {
    const { client, rival, authority } = start();
    const original = await client.transact([ann, bob], pay, once);
    await rival.transact([ann, bob], pay);
    expect(await client.transact([ann, bob], pay, once)).toEqual(original);
    expect(await client.transact([bob, ann], ([to, from]) => pay([from, to]), once)).toEqual([
      original[1],
      original[0],
    ]);
    const failing = client.transact(
      [ann, bob],
      (drafts) => {
        if (drafts[0].cents < 10) throw new Error("done before");
        pay(drafts);
      },
      once,
    );
    expect(await failing).toEqual(original);
    expect(authority.position).toBe(2);
  });

  it("is refused to another transaction over the same keys", async () => {
    const { client, rival, authority } = start();
    await client.transact([ann, bob], pay, once);
    await rival.transact([ann, bob], pay);
    type Drafts = [{ cents: number }, { cents: number }];
    const others: ((drafts: Drafts) => void)[] = [
      () => undefined,
      ([from]) => void (from.cents -= 4),
      ([from, to]) => void ((from.cents -= 5), (to.cents += 5)),
      () => {
        throw new Error("no");
      },
    ];
    for (const recipe of others)
      expect(await failure(client.transact([ann, bob], recipe, once))).toMatchObject({ code: "idempotency-mismatch" });
    expect(authority.position).toBe(2);
  });

  it("gives the versions that were only read as they were then", async () => {
    const { client, rival } = start();
    for (let cents = 1; cents < 8; cents++) await rival.commit(account, "ann", (draft) => void (draft.cents = cents));
    const copy = ([limit, draft]: [{ cents: number }, { cents: number }]): void => void (draft.cents = limit.cents);
    const original = await client.transact([ann, bob], copy, once);
    expect(original).toMatchObject([{ version: 7 }, { version: 1 }]);
    for (let cents = 1; cents < 9; cents++)
      await rival.commit(account, "ann", (draft) => void (draft.cents = cents * 100));
    expect(await client.transact([ann, bob], copy, once)).toEqual(original);
  });

  it("of other keys is a mistake", async () => {
    const { client, rival } = start();
    await client.transact([ann, bob], pay, once);
    const mismatch = { code: "idempotency-mismatch", details: { idempotencyKey: "k", committedTo: "account/bob" } };
    expect(await failure(client.commit(account, "ann", () => undefined, once))).toMatchObject(mismatch);
    expect(await failure(client.transact([ann, [ledger, "1"]], () => undefined, once))).toMatchObject(mismatch);
    const more = client.transact([ann, bob, [ledger, "1"]], () => undefined, once);
    expect(await failure(more)).toMatchObject({ code: "idempotency-mismatch" });
    await rival.commit(ledger, "1", () => undefined);
    const later = client.transact([ann, bob, [ledger, "1"]], () => undefined, once);
    expect(await failure(later)).toMatchObject({ code: "idempotency-mismatch" });
  });

  it("isn't used up by a transaction that lost", async () => {
    const { access, rival } = start();
    const rivals = (): void => void rival.commitNow(account, "bob", () => undefined);
    const client = new StoreClient(interrupted(access, rivals), { author: "me" });
    expect(await failure(client.transact([ann, bob], pay, { ...once, onConflict: "reject" }))).toMatchObject({
      code: "conflict",
    });
    expect(await client.transact([ann, bob], pay, once)).toMatchObject([{ version: 1 }, { version: 2 }]);
  });
});

describe("over a replica", () => {
  it("is one message there and one back, of patches and no states, and no field that JSON would drop", async () => {
    const network = new LaggingNetwork();
    const { replica, toAuthority, toReplica } = network.end();
    const client = new StoreClient(replica, { author: "me" });
    await network.run(client.transact([ann, bob], () => undefined));
    const [asked, told] = [toAuthority.log.length, toReplica.log.length];
    const [one, other] = await network.run(client.transact([ann, bob], ([draft]) => void (draft.cents = 1)));
    expect([one.version, other.version]).toEqual([2, 1]);
    expect(toAuthority.log.slice(asked)).toEqual([
      {
        kind: "commit",
        id: 4,
        request: {
          changes: [
            { key: "account/ann", parent: 1, patches: [{ op: "replace", path: ["cents"], value: 1 }], schema: 1 },
            { key: "account/bob", parent: 1 },
          ],
          author: "me",
        },
      },
    ]);
    expect(toReplica.log.slice(told).map(({ kind }) => kind)).toEqual(["update", "committed"]);
    await network.run(client.transact([ann, bob], () => undefined));
    for (const message of [...toAuthority.log, ...toReplica.log])
      expect(JSON.parse(JSON.stringify(message))).toStrictEqual(message);
  });

  it("tells what one transaction made in one message, and moves on by one position", async () => {
    const network = new LaggingNetwork();
    const { replica, toReplica } = network.end();
    const seen: (readonly (number | undefined)[])[] = [];
    const held = (): readonly (number | undefined)[] =>
      [ann, bob].map(([, id]) => (replica.snapshot(`account/${id}`, 0) as Snapshot | undefined)?.version);
    for (const [, id] of [ann, bob]) replica.watch(`account/${id}`).subscribe(() => seen.push(held()));
    await network.drain();
    const writer = new StoreClient(new AuthorityAccess(network.authority), { author: "me" });
    const told = toReplica.log.length;
    await writer.transact([ann, bob], () => undefined);
    await writer.transact([ann, bob], pays);
    expect(toReplica.log.length - told).toBe(2);
    expect(held()).toEqual([undefined, undefined]);
    toReplica.deliver();
    expect([replica.position, held()]).toEqual([1, [1, 1]]);
    toReplica.deliver();
    expect([replica.position, held()]).toEqual([2, [2, 2]]);
    expect(seen).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [2, 2],
    ]);
  });

  it("that follows one of the keys hears of that one", async () => {
    const network = new LaggingNetwork();
    const { replica, toReplica } = network.end();
    await network.run(Promise.resolve(replica.snapshot("account/bob", 0)));
    const writer = new StoreClient(new AuthorityAccess(network.authority), { author: "me" });
    await writer.transact([ann, bob], pays);
    await network.drain();
    expect(toReplica.log.at(-1)).toMatchObject({ kind: "update", updates: [{ meta: { key: "account/bob" } }] });
    expect(replica.snapshot("account/bob", 1)).toMatchObject({ version: 1 });
  });

  it("needs all keys of it, and none to be followed any more by the end", async () => {
    const network = new LaggingNetwork({ maxFollowed: 1, replicas: 2 });
    const client = new StoreClient(network.end(0).replica, { author: "me" });
    const rival = new StoreClient(network.end(1).replica, { author: "rival" });
    const both = Promise.all([client.transact([ann, bob], pays), rival.transact([bob, ann], pays)]);
    await network.run(both);
    expect(await network.run(client.read(account, "ann"))).toEqual({ cents: 10 });
    const repeated = client.transact([ann, bob], pays, { idempotencyKey: "k" });
    const original = await network.run(repeated);
    await network.run(rival.transact([ann, bob], pays));
    const again = rival.transact([ann, bob], pays, { idempotencyKey: "k" });
    expect(await network.run(again)).toEqual(original);
    expect(
      await network.run(failure(rival.commit(account, "ann", () => undefined, { idempotencyKey: "k" }))),
    ).toMatchObject({ code: "idempotency-mismatch" });
  });

  it("is as unknown as a commit when the replica is cut off", async () => {
    const network = new LaggingNetwork();
    const client = new StoreClient(network.end().replica, { author: "me" });
    await network.run(client.transact([ann, bob], () => undefined));
    const pending = failure(client.transact([ann, bob], pays));
    await settleAll();
    network.end().replica.disconnect(new Error("gone"));
    expect(await pending).toEqual(new Error("gone"));
  });
});

describe("a watcher at the authority", () => {
  it("sees all of a transaction from within the first news of it", () => {
    const { authority, client } = start();
    const seen: (number | undefined)[][] = [];
    const held = (): (number | undefined)[] =>
      ["ann", "bob"].map((id) => (authority.head(`account/${id}`) as Snapshot | undefined)?.version);
    for (const id of ["ann", "bob"]) authority.watch(`account/${id}`).subscribe(() => seen.push(held()));
    void client.transactNow([ann, bob], pays);
    void client.transactNow([ann, bob], pays);
    expect(seen).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [2, 2],
    ]);
  });
});

function pays([from, to]: [{ cents: number }, { cents: number }]): void {
  from.cents -= 1;
  to.cents += 1;
}

function expectNever(): never {
  throw new Error("never");
}
