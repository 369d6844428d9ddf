/** The primes below 100,000: a chain of actors, each of which keeps a thousand primes and passes on what none of them divides. */

import { original } from "immer";
import { type ActorRef, actorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const limit = 100_000;
export const primesEach = 1_000;
export const primesBelow = 9_592;

const protocol = { next: { input: v.number() }, end: { reply: v.number() } };
const timeout = Number.POSITIVE_INFINITY;

interface Filter {
  primes: number[];
  next: ActorRef<typeof protocol> | undefined;
}

export const primeFilter = defineActor(import.meta.url, {
  name: "prime-filter",
  protocol,
  state: (): Filter => ({ primes: [], next: undefined }),
  on: {
    async next(draft, n, context): Promise<void> {
      const primes = original(draft.primes) ?? [];
      if (primes.some((prime) => n % prime === 0)) return;
      if (primes.length < primesEach) return void draft.primes.push(n);
      draft.next ??= await context.spawn(primeFilter);
      await draft.next.tell("next", n);
    },
    /** How many primes there are from here on. */
    async end({ primes, next }, _input, context): Promise<number> {
      const further = (await next?.ask("end", undefined, { timeout })) ?? 0;
      await context.stop();
      return primes.length + further;
    },
  },
});

export const numberSource = defineActor(import.meta.url, {
  name: "number-source",
  protocol: { generate: { input: actorRef(primeFilter), reply: v.number() } },
  on: {
    async generate(_draft, first) {
      await first.tell("next", 2);
      for (let n = 3; n < limit; n += 2) await first.tell("next", n);
      return await first.ask("end", undefined, { timeout });
    },
  },
});

export const sieve: Program = {
  name: "sieve",
  unit: "numbers",
  work: limit / 2,
  async run(system, place) {
    const first = await system.spawn(primeFilter, { placement: place(0) });
    const source = await system.spawn(numberSource, { placement: place(1) });
    checkResult(this.name, await source.ask("generate", first, { timeout }), primesBelow);
    await system.stop(source);
  },
};
