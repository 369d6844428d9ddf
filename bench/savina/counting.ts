/** One actor has another one count to a million. */

import { actorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const messages = 1_000_000;

export const tally = defineActor(import.meta.url, {
  name: "tally",
  protocol: { increment: {}, total: { reply: v.number() } },
  state: () => ({ total: 0 }),
  on: {
    increment(draft) {
      draft.total++;
    },
    total: (draft) => draft.total,
  },
});

export const producer = defineActor(import.meta.url, {
  name: "producer",
  protocol: { produce: { input: actorRef(tally), reply: v.number() } },
  on: {
    async produce(_draft, counter) {
      for (let n = 0; n < messages; n++) await counter.tell("increment");
      return await counter.ask("total", undefined, { timeout: Number.POSITIVE_INFINITY });
    },
  },
});

export const counting: Program = {
  name: "counting",
  unit: "messages",
  work: messages,
  async run(system, place) {
    const counter = await system.spawn(tally, { placement: place(0) });
    const source = await system.spawn(producer, { placement: place(1) });
    const total = await source.ask("produce", counter, { timeout: Number.POSITIVE_INFINITY });
    checkResult(this.name, total, messages);
    await Promise.all([counter, source].map((ref) => system.stop(ref)));
  },
};
