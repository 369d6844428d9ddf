/** Actors of the invariants' scenarios. */

import * as v from "valibot";
import { type ActorContext, actorRef, defineActor, defineState } from "../../src/index.ts";
import { tally } from "../fixtures/actors.ts";

/** Keeps a value in its state. */
const keeperProtocol = {
  keep: { input: v.object({ value: v.unknown() }) },
  kept: { reply: v.unknown() },
  forget: { reply: v.boolean() },
};

const anyKeeper = defineActor(import.meta.url, {
  name: "any-keeper",
  protocol: keeperProtocol,
  on: { keep: () => undefined, kept: () => undefined, forget: () => true },
});

export const keeper = defineActor(import.meta.url, {
  name: "keeper",
  protocol: { ...keeperProtocol, share: { input: v.object({ with: actorRef(anyKeeper) }), reply: v.boolean() } },
  state: () => ({ value: undefined as unknown }),
  on: {
    keep(draft, { value }) {
      draft.value = value;
    },
    kept: (draft) => draft.value,
    async share(draft, { with: other }) {
      await other.ask("keep", { value: draft.value });
      return true;
    },
    forget(draft) {
      draft.value = { forgotten: true };
      return true;
    },
  },
});

/** How many messages each actor of this thread handles at this moment; more than one is what must not be. */
const active = new Map<string, number>();

/** Takes its time with each message, and writes down the order, and whether two overlapped. */
export const clerk = defineActor(import.meta.url, {
  name: "clerk",
  protocol: {
    note: { input: v.object({ from: v.string(), n: v.number(), ms: v.number() }), reply: v.number() },
    notes: {
      reply: v.object({ entries: v.array(v.object({ from: v.string(), n: v.number() })), overlaps: v.number() }),
    },
  },
  mailbox: { capacity: 8 },
  state: () => ({ entries: [] as { from: string; n: number }[], overlaps: 0 }),
  on: {
    async note(draft, { from, n, ms }, context) {
      const busy = (active.get(context.self) ?? 0) + 1;
      active.set(context.self, busy);
      if (busy > 1) draft.overlaps++;
      draft.entries.push({ from, n });
      if (ms > 0) await context.sleep(ms);
      active.set(context.self, (active.get(context.self) ?? 0) - 1);
      return n;
    },
    notes: (draft) => ({ entries: draft.entries, overlaps: draft.overlaps }),
  },
});

/** Dictates to a clerk, by tells and asks in turns. */
export const dictator = defineActor(import.meta.url, {
  name: "dictator",
  protocol: {
    dictate: {
      input: v.object({ to: actorRef(clerk), from: v.string(), pauses: v.array(v.number()) }),
      reply: v.number(),
    },
  },
  on: {
    async dictate(_draft, { to, from, pauses }) {
      const asked: Promise<number>[] = [];
      for (const [n, ms] of pauses.entries()) {
        // the last one is always asked, so that all have been handled when this is answered
        if (n % 3 === 2 || n === pauses.length - 1)
          asked.push(to.ask("note", { from, n, ms }, { timeout: Number.POSITIVE_INFINITY }));
        else await to.tell("note", { from, n, ms });
      }
      await Promise.all(asked);
      return pauses.length;
    },
  },
});

/** Handles numbered messages; tells which it has handled. */
const boxBody = {
  protocol: {
    put: { input: v.object({ n: v.number() }) },
    work: { input: v.object({ ms: v.number() }) },
    handled: { reply: v.array(v.number()) },
  },
  state: () => ({ handled: [] as number[] }),
  on: {
    put(draft: { handled: number[] }, { n }: { n: number }) {
      draft.handled.push(n);
    },
    work: (_draft: unknown, { ms }: { ms: number }, context: { sleep(ms: number): Promise<void> }) => context.sleep(ms),
    handled: (draft: { handled: number[] }) => draft.handled,
  },
};

export const capacity = 4;
export const backpressureBox = defineActor(import.meta.url, {
  name: "backpressure-box",
  mailbox: { capacity },
  ...boxBody,
});
export const rejectBox = defineActor(import.meta.url, {
  name: "reject-box",
  mailbox: { capacity, overflow: "reject" },
  ...boxBody,
});
export const dropOldestBox = defineActor(import.meta.url, {
  name: "drop-oldest-box",
  mailbox: { capacity, overflow: "drop-oldest" },
  ...boxBody,
});
export const dropNewestBox = defineActor(import.meta.url, {
  name: "drop-newest-box",
  mailbox: { capacity, overflow: "drop-newest" },
  ...boxBody,
});

/** Enters amounts into tallies, each entry once however often it is asked for; answers with the versions that it made. */
export const ledgerClerk = defineActor(import.meta.url, {
  name: "ledger-clerk",
  protocol: {
    enter: {
      input: v.object({ into: v.array(v.string()), by: v.number(), entry: v.string() }),
      reply: v.array(v.number()),
    },
  },
  on: {
    async enter(_draft, { into, by, entry }, context) {
      const add = (tallies: readonly { n: number }[]): void => tallies.forEach((one) => void (one.n += by));
      const snapshots = await context.transact(
        into.map((key) => [tally, key] as const),
        add,
        { idempotencyKey: entry },
      );
      return snapshots.map(({ version }) => version);
    },
  },
});

/** Money in a durable actor's hands. It can't say twice that it got the same. */
export const purses = defineState({
  name: "purse",
  version: 1,
  schema: v.object({ cents: v.number(), got: v.array(v.string()) }),
  initial: () => ({ cents: 100, got: [] as string[] }),
});

const Gift = v.object({
  /** Whose turn it is, and who is next. */
  route: v.array(v.string()),
  cents: v.number(),
  note: v.string(),
});

export const purse = defineActor(import.meta.url, {
  name: "purse",
  protocol: { pass: { input: Gift, reply: v.number() }, receive: { input: Gift } },
  state: purses,
  on: {
    async pass(draft, gift, context): Promise<number> {
      draft.cents -= gift.cents;
      await passOn(gift, context);
      return draft.cents;
    },
    async receive(draft, gift, context): Promise<void> {
      draft.cents += gift.cents;
      draft.got.push(`${gift.note}/${gift.route.length}`);
      if (gift.route.length > 1) {
        draft.cents -= 1;
        await passOn({ ...gift, route: gift.route.slice(1), cents: 1 }, context);
      }
    },
  },
});

async function passOn(gift: v.InferOutput<typeof Gift>, context: ActorContext): Promise<void> {
  const next = await context.find(purse, gift.route[0] as string);
  await next.tell("receive", gift);
}

/** What was told to witnesses and taken, and what they handled. Simulated threads share it with the test. */
export const witnessed = { accepted: new Set<number>(), handled: new Set<number>() };

const Note = v.object({ n: v.number(), ms: v.number() });

const anyWitness = defineActor(import.meta.url, {
  name: "any-witness",
  protocol: { note: { input: Note } },
  mailbox: { capacity },
  on: { note: () => undefined },
});

/** Handles numbered messages, and tells them on to others. */
export const witness = defineActor(import.meta.url, {
  name: "witness",
  protocol: {
    note: { input: Note },
    tellOn: { input: v.object({ to: actorRef(anyWitness), notes: v.array(Note) }) },
  },
  mailbox: { capacity },
  on: {
    async note(_draft, { n, ms }, context) {
      if (ms > 0) await context.sleep(ms);
      witnessed.handled.add(n);
    },
    async tellOn(_draft, { to, notes }) {
      for (const note of notes) await to.tell("note", note).then(() => witnessed.accepted.add(note.n));
    },
  },
});
