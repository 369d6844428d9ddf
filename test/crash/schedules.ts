/** Schedules that start runs: the workload of `fixtures/schedules.mjs`. */

import type { Journal } from "../../src/store/journal/journal.ts";
import type { ScheduleDecision, ScheduleState } from "../../src/workflows/schedule/schedule-state.ts";
import { stateOf, type Workload } from "./crash-harness.ts";

type Ack = ScheduleDecision & { readonly schedule: string };

/**
 * Checks that each time has one decision, which leaves none out, and that the runs there are are those that were decided, each
 * started at the position of its decision (invariant 17).
 */
export function schedules(): Workload<Ack> {
  return {
    program: "schedules.mjs",
    async check(journal: Journal, acks) {
      const decided = new Map<string, Map<number, ScheduleDecision>>();
      for (const key of await journal.keys("schedule/")) {
        const id = key.slice("schedule/".length);
        decided.set(id, await expectDecided(journal, key));
        const last = Math.max(...(decided.get(id) ?? new Map()).keys());
        const { decided: upTo } = await stateOf<ScheduleState>(journal, key);
        if (last > upTo) throw new Error(`${key} has decided up to ${upTo}, and ${last} too`);
      }
      for (const { schedule, at, outcome } of acks)
        if (decided.get(schedule)?.get(at)?.outcome !== outcome)
          throw new Error(`${schedule} had ${outcome} ${at}, and hasn't any more`);
    },
  };
}

/** The decisions of a schedule by their times. */
async function expectDecided(journal: Journal, key: string): Promise<Map<number, ScheduleDecision>> {
  const decisions = new Map<number, ScheduleDecision>();
  const runs = new Set(await journal.keys(`run/${key.slice("schedule/".length)}@`));
  const { version: newest } = (await journal.head(key)) ?? { version: 0 };
  let before: ScheduleState | undefined;
  for (let version = 1; version <= newest; version++) {
    const snapshot = await journal.at(key, version);
    if (snapshot === undefined) throw new Error(`${key}@${version} is not there`);
    const state = snapshot.state as ScheduleState;
    const { times, last, decided } = state;
    if (before !== undefined && last !== undefined && "every" in times) {
      const due = times.from + times.every * (Math.floor((before.decided - times.from) / times.every) + 1);
      const { at, outcome, run = "", missed, from = missed?.from ?? at } = last;
      if (from !== due || at !== decided)
        throw new Error(`${key}@${version} leaves out ${due}: ${JSON.stringify(last)}`);
      decisions.set(at, last);
      if (outcome === "started") {
        if (!runs.delete(`run/${run}`)) throw new Error(`${run} was started, and is not there, or was started twice`);
        const first = await journal.at(`run/${run}`, 1);
        if (first?.position !== snapshot.position) throw new Error(`${run} is not started where it is decided`);
      }
    }
    before = state;
  }
  if (runs.size > 0) throw new Error(`not decided: ${[...runs].join(", ")}`);
  return decisions;
}
