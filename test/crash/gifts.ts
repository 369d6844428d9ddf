/** Durable actors that give each other money: the workload of `fixtures/gifts.mjs`. */

import type { Mail } from "../../src/actors/outbox-state.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import { stateOf, type Workload } from "./crash-harness.ts";

interface Ack {
  readonly note: string;
  readonly hops: number;
}

interface Gift {
  readonly note: string;
  readonly cents: number;
  readonly route: readonly string[];
}

interface Purse {
  readonly cents: number;
  readonly got: readonly string[];
}

const initial = 1000;

/**
 * Checks that no gift has arrived twice, that the money is all there, in purses and on its way, and in the end that each gift that
 * was acknowledged has been everywhere it had to go (invariants 5 and 11: output commit).
 */
export function gifts(): Workload<Ack> {
  const acknowledged: Ack[] = [];
  return {
    program: "gifts.mjs",
    hasLastRound: true,
    async check(journal: Journal, acks, round) {
      acknowledged.push(...acks);
      const got = new Set<string>();
      let cents = 0;
      const purses = await journal.keys("purse/");
      for (const key of purses) {
        const purse = await stateOf<Purse>(journal, key);
        cents += purse.cents;
        for (const note of purse.got) {
          if (got.has(note)) throw new Error(`${note} has arrived twice, the second time at ${key}`);
          got.add(note);
        }
      }
      let waiting = 0;
      for (const key of await journal.keys("mail/")) {
        const { outbox } = await stateOf<Mail>(journal, key);
        for (const { payload } of outbox) {
          const { note, cents: given, route } = payload as Gift;
          if (got.has(`${note}/${route.length}`)) continue; // handled, and not taken out yet
          cents += given;
          waiting++;
        }
      }
      if (cents !== initial * purses.length) throw new Error(`there are ${cents} cents in ${purses.length} purses`);
      if (round !== "last") return;
      if (waiting > 0) throw new Error(`${waiting} gifts are still on their way`);
      for (const { note, hops } of acknowledged) {
        for (let hop = 1; hop <= hops; hop++)
          if (!got.has(`${note}/${hop}`)) throw new Error(`${note} was acknowledged and never got to hop ${hop}`);
      }
    },
  };
}
