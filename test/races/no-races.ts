/** What looks like a race, and is none. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { defineActor } from "../../src/index.ts";
import type { Scenario } from "../../src/testing/index.ts";
import { atOnce, cell, read, times, turn, write } from "./players.ts";

const till = defineActor(import.meta.url, {
  name: "till",
  protocol: { add: { input: v.number() }, total: { reply: v.number() }, seen: { reply: v.number() } },
  state: () => ({ total: 0 }),
  on: {
    async add(draft, by, context) {
      const before = draft.total;
      await context.sleep(5);
      draft.total = before + by;
    },
    total: (draft) => draft.total,
    seen: (_draft, _input, context) => read(context, "count"),
  },
});

export const noRaces: readonly (readonly [string, Scenario])[] = [
  [
    "commits of many to one key, each a function of what is there",
    async ({ system }) => {
      await atOnce(system, ...times(5, () => (context) => context.commit(cell, "count", (count) => void count.n++)));
      assert.equal(await read(system.store, "count"), 5);
    },
  ],
  [
    "an actor that waits between its read and its write",
    async ({ system }) => {
      const ref = await system.spawn(till, { name: "till" });
      await atOnce(
        system,
        ...times(3, () => async (context) => {
          await (await context.find(till, "till")).ask("add", 1, { timeout: Number.POSITIVE_INFINITY });
        }),
      );
      assert.equal(await ref.ask("total"), 3);
    },
  ],
  [
    "the greatest of what many write, in any order",
    async ({ system }) => {
      await atOnce(
        system,
        ...times(5, (index) => async (context) => {
          await turn(context);
          await context.commit(cell, "most", ({ n }) => ({ n: Math.max(n, index) }));
        }),
      );
      assert.equal(await read(system.store, "most"), 4);
    },
  ],
  [
    "a question that follows a write to another thread",
    async ({ system }) => {
      await system.spawn(till, { name: "till" });
      await atOnce(system, async (context) => {
        await write(context, "count", 7);
        const ref = await context.find(till, "till");
        assert.equal(await ref.ask("seen", undefined, { timeout: Number.POSITIVE_INFINITY }), 7);
      });
    },
  ],
  [
    "transfers in a circle, and an audit of all accounts at one moment",
    async ({ system }) => {
      const accounts = ["a", "b", "c"];
      for (const id of accounts) await write(system.store, id, 10);
      await atOnce(
        system,
        ...times(3, (from) => (context) => {
          const keys = [from, (from + 1) % 3].map((n) => [cell, accounts[n] as string] as const);
          return context.transact(keys, ([payer, payee]) => {
            if (payer === undefined || payee === undefined) return;
            payer.n -= 4;
            payee.n += 4;
          });
        }),
        async (context) => {
          const found = await context.transact(
            accounts.map((id) => [cell, id] as const),
            () => undefined,
          );
          assert.equal(
            found.reduce((sum, { state }) => sum + state.n, 0),
            30,
          );
        },
      );
    },
  ],
  [
    "the same commit, tried by two under one key",
    async ({ system }) => {
      await atOnce(
        system,
        ...times(
          2,
          () => (context) => context.commit(cell, "paid", (paid) => void paid.n++, { idempotencyKey: "payment-1" }),
        ),
      );
      assert.equal(await read(system.store, "paid"), 1);
    },
  ],
];
