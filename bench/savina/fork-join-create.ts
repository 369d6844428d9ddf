/** An actor spawns many, each of which gets one message, does a little, and ends. */

import { firstValueFrom } from "rxjs";
import { defineActor, goneMessage } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const actors = 40_000;

export const forked = defineActor(import.meta.url, {
  name: "forked",
  protocol: { work: { input: v.number() } },
  on: {
    async work(_draft, n, context) {
      if (Number.isNaN(Math.sin(n) * Math.cos(n))) throw new Error(`no number for ${n}`);
      await context.stop();
    },
  },
});

const forkerProtocol = { fork: {}, joined: { input: goneMessage } };

export const forker = defineActor(import.meta.url, {
  name: "forker",
  protocol: forkerProtocol,
  events: v.number(),
  state: () => ({ joined: 0 }),
  on: {
    async fork(_draft, _input, context) {
      const placement = { thread: context.thread };
      const forking = Array.from({ length: actors }, async (_, n) => {
        const ref = await context.spawn(forked, { placement });
        await context.watch(ref, "joined");
        await ref.tell("work", n);
      });
      await Promise.all(forking);
    },
    joined(draft, _gone, context) {
      draft.joined++;
      if (draft.joined === actors) context.emit(draft.joined);
    },
  },
});

export const forkJoinCreate: Program = {
  name: "fork-join create",
  unit: "actors",
  work: actors,
  rounds: 1,
  async run(system, place) {
    const ref = await system.spawn(forker, { placement: place(0) });
    const joined = firstValueFrom(ref.events$);
    await ref.tell("fork");
    checkResult(this.name, await joined, actors);
    await system.stop(ref);
  },
};
