/** Actors that spawn others, for the scenarios of spawns. */

import * as v from "valibot";
import {
  type ActorContext,
  type ActorRef,
  defineActor,
  isAskError,
  isTroupeError,
  type System,
} from "../../src/index.ts";

/** Counts what it is told. */
export const child = defineActor(import.meta.url, {
  name: "child",
  protocol: { tell: {}, told: { reply: v.number() } },
  state: () => ({ told: 0 }),
  on: {
    tell(draft) {
      draft.told++;
    },
    told: (draft) => draft.told,
  },
});

/** Can't be started: a state holds no promise. */
export const stillborn = defineActor(import.meta.url, {
  name: "stillborn",
  protocol: { tell: {}, told: { reply: v.number() } },
  state: () => ({ later: Promise.resolve() }) as never,
  on: { tell: () => undefined, told: () => 0 },
});

export const spawnRequest = v.object({
  /** Where it is to be, if it is said. */
  thread: v.optional(v.number()),
  name: v.optional(v.string()),
  isFit: v.boolean(),
  /** How often it is told something at once. */
  tells: v.number(),
});
export type SpawnRequest = v.InferOutput<typeof spawnRequest>;

/** The address, and what it says it was told; or the code of the error that it came to. */
export type Birth = { readonly address: string; readonly told: number } | { readonly failed: string };

const birth = v.custom<Birth>((value) => typeof value === "object");

/** Spawns all at once; tells each, and asks it, in the same breath as it hears of it. */
export const nursery = defineActor(import.meta.url, {
  name: "nursery",
  protocol: {
    spawn: { input: v.array(spawnRequest), reply: v.array(birth) },
    find: { input: v.string(), reply: v.string() },
  },
  on: {
    spawn: (_draft, requests, context) => Promise.all(requests.map((request) => born(context, request))),
    find: async (_draft, name, context) => (await context.find(child, name)).address,
  },
});

/** The same from within and from outside of an actor. */
export async function born(by: Pick<ActorContext | System, "spawn">, request: SpawnRequest): Promise<Birth> {
  const { thread, name, isFit, tells } = request;
  try {
    const ref: ActorRef<typeof child.protocol> = await by.spawn(isFit ? child : stillborn, {
      ...(thread === undefined ? {} : { placement: { thread } }),
      ...(name === undefined ? {} : { name }),
    });
    for (let n = 0; n < tells; n++) void ref.tell("tell");
    return { address: ref.address, told: await ref.ask("told", undefined, { timeout: Number.POSITIVE_INFINITY }) };
  } catch (error) {
    if (isTroupeError(error) || isAskError(error)) return { failed: error.code };
    throw error;
  }
}
