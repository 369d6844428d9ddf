/** Five programs that race, each in its own way: `docs/your-first-race-test.md` reads what `troupe race` says of them. */

import assert from "node:assert/strict";
import { type ActorRef, defineActor, defineState, isTroupeError } from "troupe";
import type { Race } from "troupe/testing";
import * as v from "valibot";

const money = defineState({
  name: "money",
  version: 1,
  schema: v.object({ cents: v.number() }),
  initial: () => ({ cents: 0 }),
});

const till = defineActor(import.meta.url, {
  name: "till",
  protocol: { take: { input: v.number() } },
  on: {
    async take(_draft, amount, context) {
      const { cents } = await context.read(money, "takings");
      await context.commit(money, "takings", (draft) => {
        draft.cents = cents + amount;
      });
    },
  },
});

/** Two tills add what they have taken to one sum. */
export const takings: Race = {
  name: "the takings are what both tills took",
  scenario: async ({ system }) => {
    const [front, back] = await Promise.all([
      system.spawn(till, { name: "front" }),
      system.spawn(till, { name: "back" }),
    ]);
    await Promise.all([front.ask("take", 500), back.ask("take", 300)]);
    assert.equal((await system.store.read(money, "takings")).cents, 800);
  },
  options: { seed: 1 },
};

const accounts = [
  [money, "savings"],
  [money, "current"],
] as const;

const bank = defineActor(import.meta.url, {
  name: "bank",
  protocol: { move: { input: v.number() }, audit: { reply: v.number() } },
  on: {
    async move(_draft, amount, context) {
      await context.transact(accounts, ([savings, current]) => {
        savings.cents -= amount;
        current.cents += amount;
      });
    },
    async audit(_draft, _none, context) {
      const savings = await context.read(money, "savings");
      const current = await context.read(money, "current");
      return savings.cents + current.cents;
    },
  },
});

/** An audit adds up two accounts while money moves from one to the other. */
export const audit: Race = {
  name: "an audit finds all the money",
  scenario: async ({ system }) => {
    await system.store.put(money, "savings", { cents: 1_000 });
    const [branch, auditor] = await Promise.all([
      system.spawn(bank, { name: "branch" }),
      system.spawn(bank, { name: "auditor" }),
    ]);
    const [, sum] = await Promise.all([branch.ask("move", 300), auditor.ask("audit")]);
    assert.equal(sum, 1_000);
  },
  options: { seed: 1 },
};

const clerk = defineActor(import.meta.url, {
  name: "clerk",
  protocol: { swap: { input: v.any() }, give: { reply: v.string() } },
  on: {
    async swap(_draft, other, context) {
      await context.sleep(context.random() * 5); // looks for the papers
      await (other as ActorRef<typeof clerk.protocol>).ask("give");
    },
    give: () => "papers",
  },
});

/** Two clerks give each other their papers. */
export const swap: Race = {
  name: "two clerks swap their papers",
  scenario: async ({ system, sleep, random }) => {
    const [ann, bob] = await Promise.all([system.spawn(clerk, { name: "ann" }), system.spawn(clerk, { name: "bob" })]);
    const later = async (): Promise<void> => {
      await sleep(random() * 20);
      await bob.ask("swap", ann);
    };
    await Promise.all([ann.ask("swap", bob), later()]);
  },
  options: { seed: 1 },
};

const orders = defineState({ name: "orders", version: 1, schema: v.array(v.string()), initial: () => [] });

const desk = defineActor(import.meta.url, {
  name: "desk",
  protocol: { order: { input: v.string() } },
  on: {
    async order(_draft, guest, context) {
      await context.commit(orders, "today", (draft) => void draft.push(guest));
      await context.sleep(5); // prints the ticket
    },
  },
});

/** A guest orders again where the thread of the desk has died. */
export const order: Race = {
  name: "a guest's order is taken once",
  scenario: async ({ system }) => {
    for (let isTaken = false; !isTaken;) {
      try {
        const ref = await system.spawn(desk);
        await ref.ask("order", "ada");
        isTaken = true;
      } catch (error) {
        if (!isTroupeError(error, "thread-died")) throw error;
      }
    }
    assert.deepEqual(await system.store.read(orders, "today"), ["ada"]);
  },
  options: { seed: 1, faults: { threadDeath: 0.05 } },
};

class Prices {
  readonly stored = new Map([["tea", 2]]);
  readonly cached = new Map<string, number>();

  async load(item: string): Promise<number | undefined> {
    return this.stored.get(item);
  }

  async save(item: string, price: number): Promise<void> {
    this.stored.set(item, price);
  }

  async get(item: string): Promise<number | undefined> {
    if (!this.cached.has(item)) this.cached.set(item, (await this.load(item)) ?? 0);
    return this.cached.get(item);
  }

  async change(item: string, price: number): Promise<void> {
    await this.save(item, price);
    this.cached.delete(item);
  }
}

/** A cache is filled while a price changes: no actors, just async code. */
export const cache = {
  shared: () => ({ prices: new Prices() }),
  tasks: {
    guest: ({ prices }: { prices: Prices }) => prices.get("tea"),
    owner: ({ prices }: { prices: Prices }) => prices.change("tea", 3),
  },
  check: async ({ prices }: { prices: Prices }) => assert.equal(await prices.get("tea"), 3),
};
