/** Two actors send each other a message, in turn. */

import { firstValueFrom } from "rxjs";
import { type ActorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const rounds = 40_000;
const protocol = { meet: { input: v.string(), reply: v.string() }, ball: { input: v.number() } };

export const player = defineActor(import.meta.url, {
  name: "player",
  protocol,
  events: v.number(),
  state: (): { partner: ActorRef<typeof protocol, number> | undefined } => ({ partner: undefined }),
  on: {
    async meet(draft, partner, context): Promise<string> {
      draft.partner = await context.find(player, partner);
      return partner;
    },
    ball({ partner }, played, context): Promise<void> | undefined {
      if (played < 2 * rounds) return partner?.tell("ball", played + 1);
      context.emit(played);
      return undefined;
    },
  },
});

export const pingPong: Program = {
  name: "ping-pong",
  unit: "messages",
  work: 2 * rounds,
  async run(system, place) {
    const ping = await system.spawn(player, { placement: place(0) });
    const pong = await system.spawn(player, { placement: place(1) });
    await Promise.all([ping.ask("meet", pong.name), pong.ask("meet", ping.name)]);
    const played = firstValueFrom(ping.events$);
    await ping.tell("ball", 0);
    checkResult(this.name, await played, 2 * rounds);
    await Promise.all([ping, pong].map((ref) => system.stop(ref)));
  },
};
