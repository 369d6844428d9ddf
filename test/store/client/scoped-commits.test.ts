/** What several attempts at one thing commit: each commit once, and none taken for another (invariant 5). */

import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { RetentionRule } from "../../../src/store/retention/retention.ts";
import type { StoreAccess } from "../../../src/store/versions/store-access.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { LaggingNetwork } from "../support/lagging-network.ts";

const list = defineState({ name: "list", version: 1, schema: v.array(v.string()), initial: () => [] });

function start(rules: readonly RetentionRule[] = []) {
  const authority = new StoreAuthority({ journal: memoryJournal(), clock: fixedClock(), retention: { rules } });
  const access = new AuthorityAccess(authority);
  return { authority, access, other: new StoreClient(access, { author: "other" }) };
}

/** A client for one attempt. */
const attemptAt = (access: StoreAccess, scope = "s"): StoreClient => new StoreClient(access, { author: "me", scope });

const push = (client: StoreClient, id: string, item: string): Promise<unknown> =>
  client.commit(list, id, (draft) => void draft.push(item));

/** Stops an attempt before its n-th commit. */
class Crash extends Error {}

/** A thing to do: commits in order; those of one group at the same time. */
type Program = readonly (readonly { readonly id: string; readonly item: string }[])[];

const program: fc.Arbitrary<Program> = fc.array(
  fc.array(fc.record({ id: fc.constantFrom("a", "b"), item: fc.constantFrom("x", "y", "z") }), {
    minLength: 1,
    maxLength: 3,
  }),
  { minLength: 1, maxLength: 5 },
);

function expected(all: Program): Record<"a" | "b", string[]> {
  const done = all.flat();
  const of = (id: string): string[] => done.flatMap((each) => (each.id === id ? each.item : [])).toSorted();
  return { a: of("a"), b: of("b") };
}

async function stored(client: StoreClient): Promise<Record<"a" | "b", string[]>> {
  const of = async (id: string): Promise<string[]> => [...(await client.read(list, id))].toSorted();
  return { a: await of("a"), b: await of("b") };
}

describe("attempts that do everything again", () => {
  it("apply each commit once, wherever the ones before stopped", async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.array(fc.nat(5), { maxLength: 3 }), async (all, stops) => {
        const { access, other } = start();
        for (const stop of [...stops, all.length]) {
          const client = attemptAt(access);
          for (const group of all.slice(0, stop))
            await Promise.all(group.map(({ id, item }) => push(client, id, item)));
        }
        expect(await stored(other)).toEqual(expected(all));
      }),
      { numRuns: 300 },
    );
  });

  it("do so through a replica whose messages lag", async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.nat(5), async (all, stop) => {
        const network = new LaggingNetwork({ replicas: 2 });
        for (const [end, count] of [stop, all.length].entries()) {
          const client = attemptAt(network.end(end).replica);
          for (const group of all.slice(0, count))
            await network.run(Promise.all(group.map(({ id, item }) => push(client, id, item))));
        }
        const reader = new StoreClient(network.end(0).replica, { author: "reader" });
        expect(await network.run(stored(reader))).toEqual(expected(all));
      }),
      { numRuns: 100 },
    );
  });

  it("may do it in another order, and with others in between", async () => {
    const { access, other } = start();
    const first = attemptAt(access);
    for (const item of ["x", "y", "z"]) await push(first, "a", item);
    await push(other, "a", "theirs");
    const second = attemptAt(access);
    for (const item of ["z", "new", "x", "y"]) await push(second, "a", item);
    expect(await other.read(list, "a")).toEqual(["x", "y", "z", "theirs", "new"]);
  });

  it("get what the original made, also when there is nothing left to do", async () => {
    const { access } = start();
    const add = (client: StoreClient) =>
      client.commit(list, "a", (draft) => {
        if (!draft.includes("x")) draft.push("x");
      });
    const original = await add(attemptAt(access));
    await push(attemptAt(access, "another"), "a", "y");
    const again = attemptAt(access);
    expect(await add(again)).toEqual(original);
    expect(await add(again)).toMatchObject({ version: 2 }); // a second one of the same attempt is another
  });

  it("repeat transactions, with what those only read as it was then", async () => {
    const { access, other } = start();
    const copy = (client: StoreClient) =>
      client.transact(
        [
          [list, "from"],
          [list, "to"],
        ],
        ([from, to]) => void to.push(...from),
      );
    await push(other, "from", "x");
    const original = await copy(attemptAt(access));
    await push(other, "from", "y");
    const again = attemptAt(access);
    expect(await copy(again)).toEqual(original);
    expect(await other.read(list, "to")).toEqual(["x"]);
    expect((await copy(again))[1].state).toEqual(["x", "x", "y"]);
  });
});

describe("attempts that go on where the one before came to", () => {
  it("lose no commit, and double none", async () => {
    const items = ["a", "b", "c", "d", "e"];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 4 }), async (stops) => {
        const { access, other } = start();
        for (const stop of [...stops, items.length]) {
          const client = attemptAt(access);
          const done = await client.read(list, "1");
          for (const item of items.filter((each) => !done.includes(each)).slice(0, stop)) await push(client, "1", item);
        }
        expect(await other.read(list, "1")).toEqual(items);
      }),
      { numRuns: 200 },
    );
  });

  it("lose none whatever they do: each commit that was answered is in the state", async () => {
    const attempts = fc.array(fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(attempts, async (all) => {
        const { access, other } = start();
        for (const [n, items] of all.entries()) {
          const client = attemptAt(access);
          for (const item of items) await push(client, "1", `${item} of attempt ${n}`);
        }
        expect(await other.read(list, "1")).toEqual(
          all.flatMap((items, n) => items.map((item) => `${item} of attempt ${n}`)),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("fail where what was there before can't be read any more, and commit nothing twice", async () => {
    const { access, other } = start();
    const same = (old: readonly string[]): string[] => [...old];
    const list2 = defineState({ ...list, version: 2, upcasters: { 1: same } });
    const list3 = defineState({ ...list, version: 3, upcasters: { 2: same } });
    await push(other, "1", "theirs");
    await attemptAt(access).commit(list2, "1", (draft) => void draft.push("x"));
    const again = attemptAt(access).commit(list3, "1", (draft) => void draft.push("x"));
    expect(await failure(again)).toMatchObject({ code: "no-upcaster" });
    expect(await other.ids(list)).toEqual(["1"]);
    expect(await new StoreClient(access, { author: "reader" }).read(list3, "1")).toEqual(["theirs", "x"]);
  });

  it("are refused what can't be told from a repeat any more", async () => {
    const { access, other, authority } = start([{ keys: "list/*", keep: { last: 1 } }]);
    await push(other, "1", "theirs");
    await push(attemptAt(access), "1", "x");
    await authority.compact();
    expect(await failure(push(attemptAt(access), "1", "y"))).toMatchObject({
      code: "idempotency-mismatch",
      details: { key: "list/1", committedTo: "list/1", version: 2 },
    });
    expect(await other.read(list, "1")).toEqual(["theirs", "x"]);
  });
});

describe("the first commit of an attempt", () => {
  it("that fails leaves the finding out to the next", async () => {
    const { access, other } = start();
    await push(attemptAt(access), "1", "x");
    const client = attemptAt(access);
    const failing = client.commit(list, "1", () => {
      throw new Crash();
    });
    expect(await failure(failing)).toMatchObject({ code: "recipe-failed" });
    await push(client, "1", "x");
    expect(await other.read(list, "1")).toEqual(["x"]);
  });

  it("that changes nothing is no commit", async () => {
    const { access, other } = start();
    await push(other, "1", "theirs");
    const client = attemptAt(access);
    expect(await client.commit(list, "1", () => undefined)).toMatchObject({ version: 1 });
    await push(client, "1", "x");
    await push(attemptAt(access), "1", "x");
    expect(await other.read(list, "1")).toEqual(["theirs", "x"]);
  });

  it("leaves commits under keys of their own to those", async () => {
    const { access, other } = start();
    for (let attempt = 1; attempt <= 2; attempt++) {
      const client = attemptAt(access);
      await push(client, "1", "x");
      await client.commit(list, "1", (draft) => void draft.push("own"), { idempotencyKey: "s" });
      await push(client, "1", "y");
    }
    expect(await other.read(list, "1")).toEqual(["x", "own", "y"]);
  });
});

describe("attempts at something of which a key is erased meanwhile", () => {
  const erase = (authority: StoreAuthority, id: string): Promise<unknown> =>
    authority.erase(`list/${id}`, { author: "operator", reason: "asked for", forks: false });

  it("don't take what is gone for theirs: what they commit again lands", async () => {
    const { authority, access, other } = start();
    const first = attemptAt(access);
    await push(first, "a", "x");
    await push(first, "b", "y");
    await erase(authority, "a");
    const second = attemptAt(access);
    expect(await push(second, "a", "x")).toMatchObject({ version: 3, state: ["x"] });
    expect(await push(second, "b", "y")).toMatchObject({ version: 1, state: ["y"] });
    expect(await stored(other)).toEqual({ a: ["x"], b: ["y"] });
  });

  it("go on where their own commits are gone", async () => {
    const { authority, access, other } = start();
    const client = attemptAt(access);
    await push(client, "a", "x");
    await erase(authority, "a");
    expect(await push(client, "a", "z")).toMatchObject({ version: 3, state: ["z"] });
    expect(await stored(other)).toEqual({ a: ["z"], b: [] });
  });

  it("forget what they had read of it", async () => {
    const { authority, access } = start();
    const first = attemptAt(access);
    for (const item of ["x", "y"]) await push(first, "a", item);
    const second = attemptAt(access);
    expect(await push(second, "a", "x")).toMatchObject({ version: 1, state: ["x"] }); // compared with both, which were read for it
    await erase(authority, "a");
    expect(await push(second, "a", "y")).toMatchObject({ version: 4, state: ["y"] });
  });
});
