/** An actor spawns many, each of which gets one message, does a little, and ends. */

import { firstValueFrom } from "rxjs";
import { type ActorContext, defineActor, goneMessage } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const actors = 40_000;
/** So many are spawned at a time: the next when these are gone. */
const batch = 500;

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
    fork: (_draft, _input, context) => forkBatch(context),
    joined(draft, _gone, context): Promise<void> | undefined {
      draft.joined++;
      if (draft.joined % batch > 0) return undefined;
      if (draft.joined < actors) return forkBatch(context);
      context.emit(draft.joined);
      return undefined;
    },
  },
});

async function forkBatch(context: ActorContext<number>): Promise<void> {
  const placement = { thread: context.thread };
  const forking = Array.from({ length: batch }, async (_, n) => {
    const ref = await context.spawn(forked, { placement });
    await context.watch(ref, "joined");
    await ref.tell("work", n);
  });
  await Promise.all(forking);
}

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
