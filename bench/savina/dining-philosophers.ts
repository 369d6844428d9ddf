/** Philosophers at a round table ask an arbiter for two forks. */

import { firstValueFrom } from "rxjs";
import { type ActorRef, actorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const philosophers = 20;
export const meals = 10_000;

const philosopherProtocol = {
  sit: { input: v.object({ table: v.string(), self: v.string(), seat: v.number() }), reply: v.boolean() },
  start: {},
  eat: {},
  denied: {},
};

interface Philosopher {
  self: ActorRef<typeof philosopherProtocol> | undefined;
  table: Table | undefined;
  seat: number;
  eaten: number;
}

/** What the philosophers send to the arbiter. */
interface Table {
  tell(type: "hungry", hungry: { seat: number; who: ActorRef<typeof philosopherProtocol> }): Promise<void>;
  tell(type: "done", seat: number): Promise<void>;
  tell(type: "left"): Promise<void>;
}

const hungry = ({ table, seat, self }: Philosopher): Promise<void> | undefined =>
  self && table?.tell("hungry", { seat, who: self });

export const philosopher = defineActor(import.meta.url, {
  name: "philosopher",
  protocol: philosopherProtocol,
  state: (): Philosopher => ({ self: undefined, table: undefined, seat: 0, eaten: 0 }),
  on: {
    async sit(draft, { table, self, seat }, context): Promise<boolean> {
      Object.assign(draft, {
        table: await context.find(arbiter, table),
        self: await context.find(philosopher, self),
        seat,
      });
      return true;
    },
    start: (draft): Promise<void> | undefined => hungry(draft as Philosopher),
    denied: (draft): Promise<void> | undefined => hungry(draft as Philosopher),
    async eat(draft): Promise<void> {
      draft.eaten++;
      await draft.table?.tell("done", draft.seat);
      await (draft.eaten === meals ? draft.table?.tell("left") : hungry(draft as Philosopher));
    },
  },
});

export const arbiter = defineActor(import.meta.url, {
  name: "arbiter",
  protocol: {
    hungry: { input: v.object({ seat: v.number(), who: actorRef(philosopher) }) },
    done: { input: v.number() },
    left: {},
  },
  events: v.number(),
  state: () => ({ taken: Array.from({ length: philosophers }, () => false), eaten: 0, left: 0 }),
  on: {
    hungry(draft, { seat, who }) {
      const right = (seat + 1) % philosophers;
      if (draft.taken[seat] === true || draft.taken[right] === true) return who.tell("denied");
      draft.taken[seat] = draft.taken[right] = true;
      return who.tell("eat");
    },
    done(draft, seat) {
      draft.taken[seat] = draft.taken[(seat + 1) % philosophers] = false;
      draft.eaten++;
    },
    left(draft, _input, context) {
      if (++draft.left === philosophers) context.emit(draft.eaten);
    },
  },
});

export const diningPhilosophers: Program = {
  name: "dining philosophers",
  unit: "meals",
  work: philosophers * meals,
  async run(system, place) {
    const table = await system.spawn(arbiter, { placement: place(0) });
    const eaten = firstValueFrom(table.events$);
    const all = await Promise.all(
      Array.from({ length: philosophers }, (_, n) => system.spawn(philosopher, { placement: place(n) })),
    );
    await Promise.all(all.map((ref, seat) => ref.ask("sit", { table: table.name, self: ref.name, seat })));
    await Promise.all(all.map((ref) => ref.tell("start")));
    checkResult(this.name, await eaten, philosophers * meals);
    await Promise.all([table, ...all].map((ref) => system.stop(ref)));
  },
};
