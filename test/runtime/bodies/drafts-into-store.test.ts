/** Parts of an actor's draft on their way into the store, and of a recipe's draft on their way into an actor's state. */

import { expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, defineState, type System } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const order = defineState({
  name: "order",
  version: 1,
  schema: v.object({ items: v.array(v.unknown()) }),
  initial: (): { items: unknown[] } => ({ items: [] }),
});

interface Item {
  name: string;
  n: number;
}
const any = { reply: v.unknown() };

export const cart = defineActor(import.meta.url, {
  name: "cart",
  protocol: {
    add: { input: v.string(), reply: v.number() },
    whole: any,
    part: any,
    returned: any,
    transact: any,
    keep: any,
    state: any,
  },
  state: () => ({ items: [] as Item[], kept: undefined as unknown }),
  on: {
    add: (draft, name) => draft.items.push({ name, n: 1 }),
    whole: async (draft, _input, context) =>
      (await context.commit(order, "whole", (its) => void (its.items = draft.items))).state,
    async part(draft, _input, context) {
      const { state } = await context.commit(order, "part", (its) => void its.items.push({ first: draft.items[0] }));
      draft.items[0]!.n += 10; // the draft goes on, and what was committed stays
      draft.items.push({ name: "more", n: 1 });
      return [state, await context.read(order, "part"), draft.items];
    },
    returned: async (draft, _input, context) =>
      (await context.commit(order, "returned", () => ({ items: draft.items }))).state,
    transact: async (draft, _input, context) =>
      (
        await context.transact(
          [
            [order, "a"],
            [order, "b"],
          ],
          ([a, b]) => {
            a.items = draft.items;
            b.items.push(draft.items[0]);
          },
        )
      ).map(({ state }) => state),
    async keep(draft, _input, context) {
      await context.commit(order, "kept", (its) => void (draft.kept = its.items));
      return "kept";
    },
    state: (draft) => draft,
  },
});

async function filled(system: System) {
  const ref = await system.spawn(cart, { placement: { thread: 1 } });
  for (const name of ["pen", "ink"]) await ref.ask("add", name);
  return ref;
}

const pen = { name: "pen", n: 1 };
const ink = { name: "ink", n: 1 };

it.each<[message: "whole" | "returned" | "transact", unknown]>([
  ["whole", { items: [pen, ink] }],
  ["returned", { items: [pen, ink] }],
  ["transact", [{ items: [pen, ink] }, { items: [pen] }]],
])("a part of an actor's draft is committed as it is then: %s", (message, committed) =>
  simulate(
    async ({ system }) => {
      const ref = await filled(system);
      expect(await ref.ask(message)).toEqual(committed);
      expect(await ref.ask("add", "cap")).toBe(3);
    },
    { runs: 5, seed: 1 },
  ).then(() => undefined),
);

it("the draft goes on after it, and the version doesn't change with it", async () => {
  await simulate(
    async ({ system }) => {
      const ref = await filled(system);
      const first = { items: [{ first: pen }] };
      expect(await ref.ask("part")).toEqual([first, first, [{ ...pen, n: 11 }, ink, { name: "more", n: 1 }]]);
      expect(await system.store.read(order, "part")).toEqual(first);
      expect(await ref.ask("state")).toMatchObject({ items: [{ n: 11 }, ink, { name: "more" }] });
    },
    { runs: 5, seed: 1 },
  );
});

it("a part of a recipe's draft can't become an actor's state, is named, and the state is what it was", async () => {
  await simulate(
    async ({ system }) => {
      await system.store.put(order, "kept", { items: [1] });
      const ref = await filled(system);
      await expect(ref.ask("keep")).rejects.toMatchObject({
        code: "handler-failed",
        cause: { code: "invalid-state", details: { definition: "cart", path: "kept" } },
      });
      expect(await ref.ask("state")).toEqual({ items: [pen, ink], kept: undefined });
    },
    { runs: 5, seed: 1 },
  );
});
