/** Creatures meet in pairs, and change their colours. */

import { firstValueFrom } from "rxjs";
import { type ActorRef, actorRef, defineActor, type RefOf } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const creatures = 100;
export const meetings = 200_000;
export const colours = ["yellow", "blue", "red"] as const;
const Colour = v.picklist(colours);
export type Colour = (typeof colours)[number];

const creatureProtocol = {
  enter: { input: v.object({ mall: v.string(), colour: Colour }) },
  meet: { input: Colour },
  closed: {},
};

export const creature = defineActor(import.meta.url, {
  name: "creature",
  protocol: creatureProtocol,
  state: (): Creature => ({ self: undefined, mall: undefined, colour: "yellow", met: 0 }),
  on: {
    async enter(draft, { mall, colour }, context): Promise<void> {
      const place = await context.find(market, mall);
      const self = await context.find(creature, context.self.slice(context.self.indexOf("/") + 1));
      Object.assign(draft, { self, mall: place, colour });
      await place.tell("visit", { creature: self, colour });
    },
    meet(draft, other): Promise<void> | undefined {
      draft.colour = complement(draft.colour, other);
      draft.met++;
      const { self, mall, colour } = draft;
      return self && mall?.tell("visit", { creature: self, colour });
    },
    closed: ({ mall, met }): Promise<void> | undefined => mall?.tell("leave", met),
  },
});

const marketProtocol = {
  visit: { input: v.object({ creature: actorRef(creature), colour: Colour }) },
  leave: { input: v.number() },
};

interface Creature {
  self: ActorRef<typeof creatureProtocol> | undefined;
  mall:
    | {
        tell(type: "visit", visit: { creature: ActorRef<typeof creatureProtocol>; colour: Colour }): Promise<void>;
        tell(type: "leave", met: number): Promise<void>;
      }
    | undefined;
  colour: Colour;
  met: number;
}

interface Market {
  waiting: { readonly creature: RefOf<typeof creature>; readonly colour: Colour } | undefined;
  left: number;
  gone: number;
  met: number;
}

export const market = defineActor(import.meta.url, {
  name: "market",
  protocol: marketProtocol,
  events: v.number(),
  state: (): Market => ({ waiting: undefined, left: meetings, gone: 0, met: 0 }),
  on: {
    async visit(draft, visit) {
      if (draft.left === 0) return await visit.creature.tell("closed");
      const first = draft.waiting;
      draft.waiting = first === undefined ? visit : undefined;
      if (first === undefined) return;
      draft.left--;
      await first.creature.tell("meet", visit.colour);
      await visit.creature.tell("meet", first.colour);
    },
    leave(draft, met, context) {
      draft.gone++;
      draft.met += met;
      if (draft.gone === creatures) context.emit(draft.met);
    },
  },
});

export const chameneos: Program = {
  name: "chameneos",
  unit: "meetings",
  work: meetings,
  async run(system, place) {
    const mall = await system.spawn(market, { placement: place(0) });
    const met = firstValueFrom(mall.events$);
    const all = await Promise.all(
      Array.from({ length: creatures }, (_, n) => system.spawn(creature, { placement: place(n) })),
    );
    await Promise.all(all.map((ref, n) => ref.tell("enter", { mall: mall.name, colour: colours[n % 3] ?? "yellow" })));
    checkResult(this.name, await met, 2 * meetings);
    await Promise.all([mall, ...all].map((ref) => system.stop(ref)));
  },
};

export function complement(own: Colour, other: Colour): Colour {
  return own === other ? own : (colours.find((colour) => colour !== own && colour !== other) ?? own);
}
