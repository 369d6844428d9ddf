/** Actors of the invariants' scenarios. */

import * as v from "valibot";
import { actorRef, defineActor } from "../../src/index.ts";

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
