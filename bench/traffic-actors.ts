/** The actors of the benches of traffic: those that many send to or that send to many, and those that write to the same keys. */

import { actorRef, defineActor, defineState } from "troupe";
import * as v from "valibot";
import { counter, reading } from "./actors.ts";

/** Sends messages of six fields to its receivers in turn. */
export const source = defineActor(import.meta.url, {
  name: "source",
  protocol: { send: { input: v.object({ to: v.array(actorRef(counter)), count: v.number() }), reply: v.number() } },
  on: {
    async send(_draft, { to, count }) {
      for (let n = 0; n < count; n++) await to[n % to.length]?.tell("take", reading());
      // in order with what this one sent, unlike a question of another sender
      await Promise.all(to.map((ref) => ref.ask("taken", undefined, { timeout: 600_000 })));
      return count;
    },
  },
});

export const tally = defineState({
  name: "tally",
  version: 1,
  schema: v.object({ count: v.number() }),
  initial: () => ({ count: 0 }),
});

/** Adds to keys drawn at random. */
export const clerk = defineActor(import.meta.url, {
  name: "clerk",
  protocol: { work: { input: v.object({ keys: v.number(), commits: v.number() }), reply: v.number() } },
  on: {
    async work(_draft, { keys, commits }, context) {
      for (let n = 0; n < commits; n++) {
        const increment = (draft: { count: number }): void => void draft.count++;
        // of 64 on one key, some lose more often than the hundred times that a commit is tried unless it says more
        await context.commit(tally, `key-${Math.floor(context.random() * keys)}`, increment, { maxRetries: 100_000 });
      }
      return commits;
    },
  },
});
