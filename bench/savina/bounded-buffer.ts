/** Producers and consumers at a buffer of 50 items: a producer goes on when its item has a place, a consumer gets one at a time. */

import { firstValueFrom } from "rxjs";
import { type ActorRef, actorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const capacity = 50;
export const producers = 40;
export const consumers = 40;
export const itemsEach = 1_000;
const cost = 25;
export const items = producers * itemsEach;

/** The work at an item, as the suite has it. */
export function worked(item: number): number {
  let value = item;
  for (let n = 0; n < cost * 100; n++) value += Math.log(Math.abs((value * 7 + n) % 100) + 0.01);
  return value;
}

const Joining = v.object({ buffer: v.string(), self: v.string() });

const makerProtocol = { join: { input: Joining, reply: v.boolean() }, produce: {} };
const eaterProtocol = { join: { input: Joining, reply: v.boolean() }, consume: { input: v.number() } };

interface Worker<P extends typeof makerProtocol | typeof eaterProtocol> {
  self: ActorRef<P> | undefined;
  buffer: Buffer | undefined;
  made: number;
}

/** What the workers send to the buffer. */
interface Buffer {
  tell(type: "put", put: { item: number; maker: ActorRef<typeof makerProtocol> }): Promise<void>;
  tell(type: "take", eater: ActorRef<typeof eaterProtocol>): Promise<void>;
}

export const maker = defineActor(import.meta.url, {
  name: "maker",
  protocol: makerProtocol,
  state: (): Worker<typeof makerProtocol> => ({ self: undefined, buffer: undefined, made: 0 }),
  on: {
    async join(draft, { buffer, self }, context): Promise<boolean> {
      draft.buffer = await context.find(itemBuffer, buffer);
      draft.self = await context.find(maker, self);
      return true;
    },
    produce(draft): Promise<void> | undefined {
      const { self, buffer } = draft;
      if (draft.made === itemsEach || self === undefined) return undefined;
      draft.made++;
      return buffer?.tell("put", { item: worked(draft.made), maker: self });
    },
  },
});

export const eater = defineActor(import.meta.url, {
  name: "eater",
  protocol: eaterProtocol,
  state: (): Worker<typeof eaterProtocol> => ({ self: undefined, buffer: undefined, made: 0 }),
  on: {
    async join(draft, { buffer, self }, context): Promise<boolean> {
      draft.buffer = await context.find(itemBuffer, buffer);
      draft.self = await context.find(eater, self);
      await draft.buffer.tell("take", draft.self);
      return true;
    },
    consume({ self, buffer }, item): Promise<void> | undefined {
      if (Number.isNaN(worked(item))) throw new Error(`item ${item} is no number`);
      return self && buffer?.tell("take", self);
    },
  },
});

interface Waiting {
  items: number[];
  /** Whose items wait for a place. */
  makers: ActorRef<typeof makerProtocol>[];
  eaters: ActorRef<typeof eaterProtocol>[];
  taken: number;
}

export const itemBuffer = defineActor(import.meta.url, {
  name: "item-buffer",
  protocol: {
    put: { input: v.object({ item: v.number(), maker: actorRef(maker) }) },
    take: { input: actorRef(eater) },
  },
  events: v.number(),
  state: (): Waiting => ({ items: [], makers: [], eaters: [], taken: 0 }),
  on: {
    async put(draft, { item, maker: from }, context) {
      const to = draft.eaters.shift();
      if (to === undefined) draft.items.push(item);
      else {
        await to.tell("consume", item);
        if (++draft.taken === items) context.emit(draft.taken);
      }
      if (draft.items.length < capacity) await from.tell("produce");
      else draft.makers.push(from);
    },
    async take(draft, to, context) {
      const item = draft.items.shift();
      if (item === undefined) return void draft.eaters.push(to);
      await to.tell("consume", item);
      if (++draft.taken === items) context.emit(draft.taken);
      await draft.makers.shift()?.tell("produce");
    },
  },
});

export const boundedBuffer: Program = {
  name: "bounded buffer",
  unit: "items",
  work: items,
  async run(system, place) {
    const buffer = await system.spawn(itemBuffer, { placement: place(0) });
    const taken = firstValueFrom(buffer.events$);
    const spawning = <T>(count: number, spawn: (n: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: count }, (_, n) => spawn(n)));
    const makers = await spawning(producers, (n) => system.spawn(maker, { placement: place(n) }));
    const eaters = await spawning(consumers, (n) => system.spawn(eater, { placement: place(n + 1) }));
    const all = [...makers, ...eaters];
    await Promise.all(all.map((ref) => ref.ask("join", { buffer: buffer.name, self: ref.name })));
    await Promise.all(makers.map((ref) => ref.tell("produce")));
    checkResult(this.name, await taken, items);
    await Promise.all([buffer, ...all].map((ref) => system.stop(ref)));
  },
};
