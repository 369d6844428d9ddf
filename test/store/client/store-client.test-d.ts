import type { Observable } from "rxjs";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { type ConflictDetails, isConflictError } from "../../../src/store/versions/conflict-error.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import type { StateDefinition } from "../../../src/store/versions/state-definition.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import type { StoreClient } from "../../../src/store/client/store-client.ts";

interface Account {
  cents: number;
  owner?: { name: string } | undefined;
}

const account = defineState({
  name: "account",
  version: 1,
  schema: v.object({ cents: v.number(), owner: v.optional(v.object({ name: v.string() })) }),
  initial: () => ({ cents: 0 }),
});

const level = defineState({ name: "level", version: 1, schema: v.number(), initial: () => 0 });

declare const client: StoreClient;

describe("types of the store", () => {
  it("come from the schema", () => {
    expectTypeOf(account).toExtend<StateDefinition<Account>>();
    // not from the initial state, which may say less
    expectTypeOf(client.read(account, "1")).resolves.toHaveProperty("owner");
    expectTypeOf(client.read(account, "1")).resolves.toExtend<Account>();
    expectTypeOf(client.snapshot(account, "1")).resolves.toExtend<Snapshot<Account> | undefined>();
    expectTypeOf(client.history(account, "1")).resolves.toExtend<readonly Snapshot<Account>[]>();
    expectTypeOf(client.watch(account, "1")).toExtend<Observable<Snapshot<Account>>>();
  });

  it("reach the recipe and its result", () => {
    expectTypeOf(
      client.commit(account, "1", (draft) => {
        expectTypeOf(draft.cents).toEqualTypeOf<number>();
        draft.cents += 1;
      }),
    ).resolves.toExtend<Snapshot<Account>>();
    void client.commit(account, "1", () => ({ cents: 1 }));
    void client.commit(account, "1", (draft) => draft);
  });

  it("refuse what doesn't fit", () => {
    expectTypeOf(client.commit).not.toBeAny();
    // @ts-expect-error no such field
    void client.commit(account, "1", (draft) => void (draft.euros = 1));
    // @ts-expect-error a wrong type
    void client.commit(account, "1", (draft) => void (draft.cents = "1"));
    // @ts-expect-error a state that isn't one
    void client.commit(account, "1", () => ({ euros: 1 }));
    // @ts-expect-error an asynchronous recipe
    void client.commit(account, "1", async (draft) => void (draft.cents = 1));
    // @ts-expect-error a wrong state
    void client.put(account, "1", { cents: "1" });
    // @ts-expect-error no such option
    void client.commit(account, "1", () => undefined, { onConflict: "merge" });
    // @ts-expect-error an initial that the schema refuses
    defineState({ name: "x", version: 1, schema: v.object({ n: v.number() }), initial: () => ({ n: "0" }) });
  });

  it("of a conflict hold on every thread", () => {
    const error: unknown = undefined;
    expectTypeOf(isConflictError).guards.toExtend<{ readonly code: "conflict"; readonly details: ConflictDetails }>();
    if (isConflictError(error)) expectTypeOf(error.details.base).toEqualTypeOf<number>();
  });

  it("are those of each key in a transaction", () => {
    const keys = [
      [account, "1"],
      [level, "2"],
    ] as const;
    const done = client.transact(keys, (drafts) => {
      expectTypeOf(drafts).toExtend<[{ cents: number }, number]>();
      drafts[0].cents = drafts[1];
      drafts[1] = 3;
    });
    expectTypeOf(done).resolves.toExtend<readonly [Snapshot<Account>, Snapshot<number>]>();
    expectTypeOf<Awaited<typeof done>["length"]>().toEqualTypeOf<2>();
    void client.transact(
      [
        [account, "1"],
        [level, "2"],
      ],
      ([one, n]) => {
        expectTypeOf(one.cents).toEqualTypeOf<number>();
        expectTypeOf(n).toEqualTypeOf<number>();
      },
    );
    void client.transact(keys, ([{ cents }, n]) => [{ cents }, n]);
    const many = client.transact(
      ["1", "2"].map((id) => [account, id] as const),
      (drafts) => {
        for (const draft of drafts) draft.cents++;
      },
    );
    expectTypeOf(many).resolves.toExtend<readonly Snapshot<Account>[]>();
  });

  it("refuse a transaction that doesn't fit", () => {
    const ann = [account, "ann"] as const;
    expectTypeOf(client.transact).not.toBeAny();
    // @ts-expect-error no such field
    void client.transact([[account, "1"]], ([one]) => void (one.euros = 1));
    // @ts-expect-error no such key
    void client.transact([[account, "1"]], ([, other]) => void other.cents);
    // @ts-expect-error an asynchronous recipe
    void client.transact([[account, "1"]], async ([one]) => void (one.cents = 1));
    const two = [ann, ann] as const;
    // @ts-expect-error too few states
    void client.transact(two, () => [{ cents: 1 }]);
    // @ts-expect-error a state that isn't one
    void client.transact([[account, "1"]], () => [{ euros: 1 }]);
    // @ts-expect-error a key without an id
    void client.transact([[account]], () => undefined);
    // @ts-expect-error no such option
    void client.transact([[account, "1"]], () => undefined, { expectedVersion: 1 });
  });

  it("take upcasters that say what the old state was", () => {
    const schema = v.object({ cents: v.number() });
    const upcasters = { 1: (old: { euros: number }) => ({ cents: old.euros * 100 }) };
    expectTypeOf(defineState({ name: "x", version: 2, schema, upcasters })).toExtend<
      StateDefinition<{ cents: number }>
    >();
    // @ts-expect-error what it was has to be said
    defineState({ name: "x", version: 2, schema, upcasters: { 1: (old) => ({ cents: old.euros * 100 }) } });
    // @ts-expect-error no function
    defineState({ name: "x", version: 2, schema, upcasters: { 1: 7 } });
  });
});
