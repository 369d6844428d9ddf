/** A journal that breaks its promise (invariant 11), to see properties fail. */

import { type Journal, memoryJournal } from "../../src/index.ts";
import type { CommitRecord } from "../../src/store/versions/commit.ts";
import { seededRandom } from "../../src/testing/simulator/schedules/seeded-random.ts";
import type { JournalSource } from "../../src/testing/simulator/world/simulated-journal.ts";

/** Keeps what it is given in memory, acknowledges it at once, and writes it later: a crash finds the newest unwritten. */
export function hastyJournal(): JournalSource {
  const random = seededRandom(1);
  let log: (readonly CommitRecord[])[] = [];
  return {
    open() {
      const memory = memoryJournal();
      for (const records of log) void memory.append(records);
      const append: Journal["append"] = (records) => {
        log.push(records);
        return memory.append(records);
      };
      return Object.create(memory, { append: { value: append } }) as Journal;
    },
    crash() {
      log = log.slice(0, log.length - random.below(3));
    },
  };
}
