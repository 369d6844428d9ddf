/**
 * Actors that ask each other, as their errands say: the scenario of invariant 12. What each asker and each callee sees goes
 * into a log outside of any actor, which the simulator's threads share.
 */

import * as v from "valibot";
import { type ActorContext, type ActorRef, actorRef, defineActor, defineAgent, isAskError } from "../../src/index.ts";

/** Who runs errands: an actor, one at a time, or an agent, three at a time. */
export type Errander =
  | {
      readonly kind: "actor";
      readonly ref: ActorRef<{ run: { input: typeof someErrand; reply: v.GenericSchema<string> } }>;
    }
  | {
      readonly kind: "agent";
      readonly ref: ActorRef<{ execute: { input: typeof someErrand; reply: v.GenericSchema<string> } }>;
    };

/** What to do, and whom to ask on the way, one after another. */
export interface Errand {
  /** Unique in its scenario. */
  readonly id: string;
  /** How long it takes by itself, in milliseconds. */
  readonly ms: number;
  /** False for work that goes on when it is not wanted any more. */
  readonly hears: boolean;
  /** True for one that comes to nothing in the end. */
  readonly fails: boolean;
  readonly asks: readonly Order[];
}

export interface Order {
  readonly to: Errander;
  /** Milliseconds; absent for the default. */
  readonly timeout?: number | undefined;
  /** After how many milliseconds the asker changes its mind, if it does. */
  readonly abortAfter?: number | undefined;
  readonly detached: boolean;
  readonly errand: Errand;
}

/** An ask as its asker sees it. */
export interface Asked {
  readonly at: number;
  /** Milliseconds that the asker was going to wait. */
  readonly left: number;
  /** The thread of the asker; 0 outside of any. */
  readonly thread: number;
  readonly detached: boolean;
  ended?: { readonly at: number; readonly outcome: string; readonly mayHaveRun: boolean };
}

/** A handler's run as it sees itself. */
export interface Run {
  readonly at: number;
  readonly left: number;
  readonly thread: number;
  readonly by: Errander["kind"];
  ended?: { readonly at: number; readonly isAborted: boolean };
  isAborted(): boolean;
}

export class ErrandLog {
  readonly asked = new Map<string, Asked>();
  readonly runs = new Map<string, Run[]>();
  /** Time that passes whether or not an actor stops. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;

  constructor({ sleep, now }: Pick<ErrandLog, "sleep" | "now">) {
    this.sleep = sleep;
    this.now = now;
  }

  /** Asks, and writes down how that ends. */
  async follow(
    { to, timeout, abortAfter, detached, errand: given }: Order,
    { left, thread }: { readonly left: number; readonly thread: number },
  ): Promise<void> {
    const aborter = new AbortController();
    if (abortAfter !== undefined) void this.sleep(abortAfter).then(() => aborter.abort(new Error("changed its mind")));
    const asked: Asked = { at: this.now(), left, thread, detached };
    this.asked.set(given.id, asked);
    const end = (outcome: string, mayHaveRun: boolean): void => {
      if (asked.ended !== undefined) throw new Error(`the ask of ${given.id} ended twice`);
      asked.ended = { at: this.now(), outcome, mayHaveRun };
    };
    try {
      const options = {
        detached,
        ...(timeout === undefined ? {} : { timeout }),
        ...(abortAfter === undefined ? {} : { signal: aborter.signal }),
      };
      await (to.kind === "actor" ? to.ref.ask("run", given, options) : to.ref.ask("execute", given, options));
      end("answered", true);
    } catch (error) {
      if (!isAskError(error)) throw error;
      end(error.outcome, error.mayHaveRun);
    }
  }
}

/** The log of the scenario that runs now: one at a time. */
let log: ErrandLog | undefined;

export function beginLog(world: Pick<ErrandLog, "sleep" | "now">): ErrandLog {
  log = new ErrandLog(world);
  return log;
}

const someErrander = v.object({
  kind: v.picklist(["actor", "agent"]),
  ref: v.lazy(() => actorRef(errander)),
}) as unknown as v.GenericSchema<Errander>;

const someErrand: v.GenericSchema<Errand> = v.object({
  id: v.string(),
  ms: v.number(),
  hears: v.boolean(),
  fails: v.boolean(),
  asks: v.array(
    v.object({
      to: someErrander,
      timeout: v.optional(v.number()),
      abortAfter: v.optional(v.number()),
      detached: v.boolean(),
      errand: v.lazy(() => someErrand),
    }),
  ),
});

/** The same order from an errand that is run once more: an ask of its own. */
function anew(order: Order, times: number): Order {
  const { id } = order.errand;
  const under = (errand: Errand): Errand => ({
    ...errand,
    id: `${id}#${times}${errand.id.slice(id.length)}`,
    asks: errand.asks.map((next) => ({ ...next, errand: under(next.errand) })),
  });
  return { ...order, errand: under(order.errand) };
}

async function run(
  { id, ms, hears, fails, asks }: Errand,
  context: ActorContext,
  by: Errander["kind"],
): Promise<string> {
  const current = log as ErrandLog;
  const { signal, thread } = context;
  const own: Run = { at: context.now(), left: context.timeLeft(), thread, by, isAborted: () => signal.aborted };
  const before = current.runs.get(id) ?? [];
  current.runs.set(id, [...before, own]);
  try {
    for (const order of before.length === 0 ? asks : asks.map((one) => anew(one, before.length))) {
      const { timeout = 5_000, detached } = order;
      const left = detached ? timeout : Math.min(timeout, context.timeLeft());
      await current.follow(order, { left, thread });
    }
    if (hears) await context.sleep(ms);
    else await current.sleep(ms);
    if (fails) throw new Error(`${id} can't be done`);
    return id;
  } finally {
    own.ended = { at: current.now(), isAborted: signal.aborted };
  }
}

/** Runs one errand at a time. */
export const errander = defineActor(import.meta.url, {
  name: "errander",
  protocol: { run: { input: someErrand, reply: v.string() } },
  mailbox: { capacity: 2 },
  on: { run: (_draft, given, context) => run(given, context, "actor") },
});

/** Runs three at a time. */
export const juggler = defineAgent(import.meta.url, {
  name: "juggler",
  version: "1.0.0",
  input: someErrand,
  output: v.string(),
  concurrency: 3,
  policies: { breaker: false },
  execute: (given, context) => run(given, context, "agent"),
});

/** Asks the next of the actors that it is given, until none is left; answers with the time that each had. */
export const passer = defineActor(import.meta.url, {
  name: "passer",
  protocol: {
    pass: {
      input: v.object({ route: v.array(v.string()), timeout: v.number() }),
      reply: v.array(v.object({ left: v.number(), deadline: v.number() })),
    },
  },
  on: {
    async pass(_draft, { route, timeout }, context): Promise<{ left: number; deadline: number }[]> {
      const own = { left: context.timeLeft(), deadline: context.deadline };
      const [next, ...rest] = route;
      if (next === undefined) return [own];
      const ref = await context.find(passer, next);
      return [own, ...(await ref.ask("pass", { route: rest, timeout }, { timeout }))];
    },
  },
});
