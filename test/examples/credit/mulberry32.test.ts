import fc from "fast-check";
import { expect, it } from "vitest";
import { mulberry32 } from "../../../examples/credit/mulberry32.ts";

it("gives numbers from 0 up to 1, the same for the same seed", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [first, second] = [mulberry32(seed), mulberry32(seed)];
      for (let i = 0; i < 20; i++) {
        const drawn = first();
        expect(second()).toBe(drawn);
        expect(drawn >= 0 && drawn < 1).toBe(true);
      }
    }),
  );
});

it("spreads its numbers evenly", () => {
  const random = mulberry32(42);
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 10_000; i++) {
    const bucket = Math.floor(random() * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
