/** Programs that race, each with its bug and without. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { defineActor, defineState, type ActorRef } from "../../src/index.ts";
import type { Scenario } from "../../src/testing/index.ts";

export interface Race {
  readonly name: string;
  readonly buggy: Scenario;
  /** Absent where what is looked for is a rare order, and no bug. */
  readonly fixed?: Scenario;
}

const tally = defineState({
  name: "tally",
  version: 1,
  schema: v.object({ n: v.number() }),
  initial: () => ({ n: 0 }),
});
const By = v.object({ key: v.string(), by: v.number() });

const adder = defineActor(import.meta.url, {
  name: "adder",
  protocol: { hasty: { input: By }, careful: { input: By }, rest: {} },
  on: {
    async hasty(_draft, { key, by }, context) {
      const { n } = await context.read(tally, key);
      await context.commit(tally, key, (draft) => {
        draft.n = n + by;
      });
    },
    async careful(_draft, { key, by }, context) {
      await context.commit(tally, key, (draft) => {
        draft.n += by;
      });
    },
    rest: () => undefined,
  },
});

function lostUpdate(how: "hasty" | "careful"): Scenario {
  return async ({ system }) => {
    const [a, b] = await Promise.all([system.spawn(adder), system.spawn(adder)]);
    await Promise.all([a.ask(how, { key: "k", by: 1 }), b.ask(how, { key: "k", by: 2 })]);
    assert.equal((await system.store.read(tally, "k")).n, 3);
  };
}

const Pair = v.tuple([v.number(), v.number()]);
const both = [
  [tally, "x"],
  [tally, "y"],
] as const;

const mover = defineActor(import.meta.url, {
  name: "mover",
  protocol: { oneByOne: {}, together: {}, look: { reply: Pair }, lookAtBoth: { reply: Pair } },
  on: {
    async oneByOne(_draft, _none, context) {
      await Promise.all([context.put(tally, "x", { n: 1 }), context.put(tally, "y", { n: 1 })]);
    },
    async together(_draft, _none, context) {
      await context.transact(both, (drafts) => {
        for (const draft of drafts) draft.n = 1;
      });
    },
    async look(_draft, _none, context) {
      return [(await context.read(tally, "x")).n, (await context.read(tally, "y")).n] as [number, number];
    },
    async lookAtBoth(_draft, _none, context) {
      const [x, y] = await context.transact(both, () => undefined);
      return [x.state.n, y.state.n] as [number, number];
    },
  },
});

/** The reader shares its thread with the writer where each is on the least loaded one. */
function tornRead(how: "oneByOne" | "together"): Scenario {
  return async ({ system }) => {
    const writer = await system.spawn(mover);
    await system.spawn(mover);
    const reader = await system.spawn(mover);
    const look = how === "together" ? "lookAtBoth" : "look";
    const [, [x, y]] = await Promise.all([writer.ask(how), reader.ask(look)]);
    assert.equal(x, y);
  };
}

const recorder = defineActor(import.meta.url, {
  name: "recorder",
  protocol: { note: { input: v.string() }, all: { reply: v.string() } },
  state: () => ({ notes: "" }),
  on: {
    note(draft, what) {
      draft.notes += what;
    },
    all: (draft) => draft.notes,
  },
});

const teller = defineActor(import.meta.url, {
  name: "teller",
  protocol: { tell: { input: v.object({ to: v.any(), what: v.string(), times: v.number() }) } },
  on: {
    async tell(_draft, { to, what, times }) {
      for (let i = 0; i < times; i++) await (to as ActorRef<typeof recorder.protocol>).ask("note", what);
    },
  },
});

/** Two actors tell a third; fails if their messages come in an order that `isMet` looks for. */
function order(times: readonly [number, number], isMet: (notes: string) => boolean): Scenario {
  return async ({ system }) => {
    const to = await system.spawn(recorder);
    const [a, b] = await Promise.all([system.spawn(teller), system.spawn(teller)]);
    await Promise.all([
      a.ask("tell", { to, what: "a", times: times[0] }),
      b.ask("tell", { to, what: "b", times: times[1] }),
    ]);
    const notes = await to.ask("all");
    assert.equal(notes.length, times[0] + times[1]);
    assert.ok(!isMet(notes), notes);
  };
}

const fork = defineActor(import.meta.url, {
  name: "fork",
  protocol: { take: { reply: v.boolean() }, giveBack: {} },
  state: () => ({ isTaken: false }),
  on: {
    take(draft) {
      const wasFree = !draft.isTaken;
      draft.isTaken = true;
      return wasFree;
    },
    giveBack(draft) {
      draft.isTaken = false;
    },
  },
});

/** Each takes the fork on the left and then that on the right, or the lower one first; fails if all have one and wait for the other. */
function dining(count: number, inOrder: boolean): Scenario {
  return async ({ system, sleep }) => {
    const forks = await Promise.all(Array.from({ length: count }, () => system.spawn(fork)));
    let eating = 0;
    const take = async (one: number): Promise<void> => {
      for (let tries = 0; !(await forks[one]?.ask("take")); tries++) {
        if (tries === 20) throw new Error("all wait for each other");
        await sleep(50);
      }
    };
    const dine = async (at: number): Promise<void> => {
      const sides = [at, (at + 1) % count] as const;
      const [first, second] = inOrder ? [Math.min(...sides), Math.max(...sides)] : sides;
      await take(first);
      await take(second);
      eating++;
      await Promise.all([forks[second]?.ask("giveBack"), forks[first]?.ask("giveBack")]);
    };
    await Promise.all(Array.from({ length: count }, (_, at) => dine(at)));
    assert.equal(eating, count);
  };
}

export const races: readonly Race[] = [
  { name: "lost update", buggy: lostUpdate("hasty"), fixed: lostUpdate("careful") },
  { name: "torn read beside an idle actor", buggy: tornRead("oneByOne"), fixed: tornRead("together") },
  { name: "one message after 25 others", buggy: order([1, 25], (notes) => notes.endsWith("a")) },
  { name: "eight alternations by messages", buggy: order([4, 4], (notes) => /^(ab){4}$|^(ba){4}$/.test(notes)) },
  { name: "five philosophers", buggy: dining(5, false), fixed: dining(5, true) },
];
