import fc from "fast-check";
import { expect, it } from "vitest";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { lastVersion } from "../../../src/store/history/last-version.ts";
import { recordOf } from "../support/requests.ts";

/** A journal with one key whose versions are at these positions. */
function journalOf(positions: readonly number[]): Journal {
  const journal = memoryJournal();
  for (const [i, position] of positions.entries()) void journal.append([recordOf("a/1", i + 1, position)]);
  return journal;
}

const positions = fc
  .uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 40 })
  .map((list) => list.sort((a, b) => a - b));

it("is what a linear search finds, in as many reads as the newest version has binary digits", async () => {
  await fc.assert(
    fc.asyncProperty(positions, fc.nat(210), fc.boolean(), async (list, position, isSlow) => {
      const journal = journalOf(list);
      let reads = 0;
      const meta: Journal["meta"] = (key, version) => {
        reads++;
        return isSlow ? Promise.resolve(journal.meta(key, version)) : journal.meta(key, version);
      };
      const found = lastVersion({ meta }, "a/1", 1, list.length, (other) => other.position <= position);
      expect(await found).toBe(list.filter((other) => other <= position).length);
      expect(reads).toBeLessThanOrEqual(list.length.toString(2).length);
      if (!isSlow) expect(found).toBeTypeOf("number");
    }),
  );
});

it("takes what was trimmed for early enough", async () => {
  const journal = journalOf([1, 3, 5, 7, 9]);
  await journal.trim("a/1", 3);
  const upTo = (position: number): unknown => lastVersion(journal, "a/1", 1, 5, (other) => other.position <= position);
  expect([4, 5, 6, 9].map(upTo)).toEqual([2, 3, 3, 5]);
  expect(lastVersion(journal, "a/1", 4, 5, () => false)).toBe(3);
});
