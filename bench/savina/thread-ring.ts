/** A token goes round a ring of actors. */

import { firstValueFrom } from "rxjs";
import { type ActorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const actors = 100;
export const hops = 100_000;
const protocol = { join: { input: v.string(), reply: v.string() }, pass: { input: v.number() } };

export const ringMember = defineActor(import.meta.url, {
  name: "ring-member",
  protocol,
  events: v.number(),
  state: (): { next: ActorRef<typeof protocol, number> | undefined } => ({ next: undefined }),
  on: {
    async join(draft, next, context): Promise<string> {
      draft.next = await context.find(ringMember, next);
      return next;
    },
    pass({ next }, hop, context): Promise<void> | undefined {
      if (hop < hops) return next?.tell("pass", hop + 1);
      context.emit(hop);
      return undefined;
    },
  },
});

export const threadRing: Program = {
  name: "thread ring",
  unit: "messages",
  work: hops,
  async run(system, place) {
    const ring = await Promise.all(
      Array.from({ length: actors }, (_, n) => system.spawn(ringMember, { placement: place(n) })),
    );
    await Promise.all(ring.map((ref, n) => ref.ask("join", ring[(n + 1) % actors]?.name ?? "")));
    const last = ring[hops % actors];
    const first = ring[0];
    if (last === undefined || first === undefined) throw new Error("the ring is empty");
    const passed = firstValueFrom(last.events$);
    await first.tell("pass", 0);
    checkResult(this.name, await passed, hops);
    await Promise.all(ring.map((ref) => system.stop(ref)));
  },
};
