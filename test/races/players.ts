/** What the scenarios of races are made of: parts that run at once, each in an actor of its own, and what they share. */

import * as v from "valibot";
import { type ActorContext, defineActor, defineState, type System } from "../../src/index.ts";
import type { Scenario, SimulateOptions } from "../../src/testing/index.ts";

/** A race, and the same program without it. */
export interface Race {
  readonly name: string;
  readonly buggy: Scenario;
  readonly fixed: Scenario;
  /** Under a schedule in millions, so that no search by chance finds it. */
  readonly isRare?: boolean;
  readonly options?: Pick<SimulateOptions, "faults" | "journal" | "maxSteps">;
}

/** A race whose two forms differ in a part. */
export function race(name: string, make: (isFixed: boolean) => Scenario, options: Race["options"] = {}): Race {
  return { name, buggy: make(false), fixed: make(true), options };
}

/** The same for a race that no search by chance finds. */
export function rareRace(...[name, make]: Parameters<typeof race>): Race {
  return { ...race(name, make), isRare: true };
}

/** A number that all parts share. */
export const cell = defineState({
  name: "cell",
  version: 1,
  schema: v.object({ n: v.number() }),
  initial: () => ({ n: 0 }),
});

type Access = Pick<System["store"], "read" | "put">;

export const read = async (store: Access, id: string): Promise<number> => (await store.read(cell, id)).n;
export const write = (store: Access, id: string, n: number): Promise<unknown> => store.put(cell, id, { n });

export type Part = (context: ActorContext) => Promise<unknown>;

/** Simulated threads share the memory of the test, so a part is handed over by its number. */
const parts = new Map<number, Part>();
let handedOver = 0;

const player = defineActor(import.meta.url, {
  name: "player",
  protocol: { play: { input: v.number(), reply: v.unknown() } },
  on: { play: (_draft, n, context) => parts.get(n)?.(context) },
});

/** Runs parts at once, each in an actor of its own; what they come to, in their order. */
export async function atOnce(system: System, ...bodies: readonly Part[]): Promise<unknown[]> {
  const players = await Promise.all(bodies.map(() => system.spawn(player)));
  const numbers = bodies.map((body) => {
    parts.set(++handedOver, body);
    return handedOver;
  });
  try {
    return await Promise.all(
      players.map((ref, n) => ref.ask("play", numbers[n] as number, { timeout: Number.POSITIVE_INFINITY })),
    );
  } finally {
    for (const number of numbers) parts.delete(number);
  }
}

/** Lets another part have its turn. */
export const turn = (context: ActorContext): Promise<void> => context.sleep(0);

/** The same part several times. */
export const times = (count: number, body: (n: number) => Part): Part[] =>
  Array.from({ length: count }, (_, n) => body(n));
