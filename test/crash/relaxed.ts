/** Commits that are acknowledged before they are on disk: the workload of `fixtures/relaxed.mjs`. */

import type { Journal } from "../../src/store/journal/journal.ts";
import type { Workload } from "./crash-harness.ts";

interface Ack {
  readonly by: string;
  readonly position: number;
  readonly keys: readonly string[];
  /** How much of it is text: what it takes on disk, at least. */
  readonly bytes: number;
}

/** What docs/durability.md says that may be lost. */
const windowBytes = 8 * 1024 * 1024;

/**
 * Checks that what is lost is the newest: every position up to the last one kept is there, with all the keys that it was
 * acknowledged for; and that it is no more than the window.
 */
export function relaxed(): Workload<Ack> {
  const kept = new Map<number, Ack>();
  return {
    program: "relaxed.mjs",
    async check(journal: Journal, acks, round) {
      const found = new Map<number, Map<string, string>>();
      for (const key of await journal.keys("")) {
        const records = await journal.records(key, 1, Number.MAX_SAFE_INTEGER);
        for (const [i, { snapshot }] of records.entries()) {
          const { version, position, state } = snapshot;
          if (version !== i + 1) throw new Error(`${key}@${version} comes after version ${i}`);
          const there = found.get(position) ?? new Map<string, string>();
          found.set(position, there.set(key, (state as { readonly by: string }).by));
        }
      }
      for (let position = 1; position <= journal.position; position++) {
        if (!found.has(position)) throw new Error(`position ${position} of ${journal.position} is missing`);
      }
      if (found.size !== journal.position) throw new Error(`${found.size} positions up to ${journal.position}`);
      const lost = acks.filter(({ position }) => position > journal.position);
      const lostBytes = lost.reduce((sum, { bytes }) => sum + bytes, 0);
      if (lostBytes > windowBytes) throw new Error(`round ${round} lost ${lostBytes} bytes`);
      for (const ack of acks) if (ack.position <= journal.position) kept.set(ack.position, ack);
      for (const { by, position, keys } of kept.values()) {
        const there = found.get(position);
        const isWhole = there?.size === keys.length && keys.every((key) => there.get(key) === by);
        if (!isWhole) throw new Error(`position ${position} was ${by}'s, and is ${JSON.stringify([...(there ?? [])])}`);
      }
    },
  };
}
