/** Every actor sends a ping to another one, and the next when that is answered. */

import { firstValueFrom } from "rxjs";
import { type ActorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const actors = 120;
export const pings = 20_000;

const peerProtocol = {
  join: { input: v.object({ all: v.array(v.string()), sink: v.string() }), reply: v.boolean() },
  start: {},
  ping: { input: v.number() },
  pong: {},
};

interface Peer {
  all: ActorRef<typeof peerProtocol>[];
  sink: ActorRef<typeof sinkProtocol, number> | undefined;
  self: number;
  left: number;
}

export const peer = defineActor(import.meta.url, {
  name: "peer",
  protocol: peerProtocol,
  mailbox: { capacity: actors },
  state: (): Peer => ({ all: [], sink: undefined, self: 0, left: pings }),
  on: {
    async join(draft, { all, sink }, context): Promise<boolean> {
      draft.all = await Promise.all(all.map((name) => context.find(peer, name)));
      draft.sink = await context.find(pingSink, sink);
      draft.self = draft.all.findIndex(({ address }) => address === context.self);
      return true;
    },
    start: ({ all, self }, _input, context): Promise<void> | undefined =>
      all[Math.floor(context.random() * all.length)]?.tell("ping", self),
    ping: ({ all }, from): Promise<void> | undefined => all[from]?.tell("pong"),
    pong(draft, _input, context): Promise<void> | undefined {
      draft.left--;
      const { all, self, sink, left } = draft;
      return left === 0
        ? sink?.tell("done", pings)
        : all[Math.floor(context.random() * all.length)]?.tell("ping", self);
    },
  },
});

const sinkProtocol = { done: { input: v.number() } };

export const pingSink = defineActor(import.meta.url, {
  name: "ping-sink",
  protocol: sinkProtocol,
  events: v.number(),
  state: () => ({ answered: 0 }),
  on: {
    done(draft, answered, context) {
      draft.answered += answered;
      if (draft.answered === actors * pings) context.emit(draft.answered);
    },
  },
});

export const big: Program = {
  name: "big",
  unit: "messages",
  work: 2 * actors * pings,
  rounds: 1,
  async run(system, place) {
    const sink = await system.spawn(pingSink, { placement: place(0) });
    const all = await Promise.all(
      Array.from({ length: actors }, (_, n) => system.spawn(peer, { placement: place(n) })),
    );
    const names = all.map(({ name }) => name);
    // each looks up all, so one after another
    for (const ref of all) await ref.ask("join", { all: names, sink: sink.name });
    const answered = firstValueFrom(sink.events$);
    await Promise.all(all.map((ref) => ref.tell("start")));
    checkResult(this.name, await answered, actors * pings);
    await Promise.all([sink, ...all].map((ref) => system.stop(ref)));
  },
};
