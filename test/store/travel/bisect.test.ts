import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bisect } from "../../../src/store/travel/bisect.ts";

/** For how many of how many versions it doesn't hold yet, and the number of the first. */
const cases = fc
  .tuple(fc.nat(300), fc.nat(300), fc.integer({ min: 1, max: 1_000 }))
  .map(([a, b, lowest]) => ({ versions: Math.max(a, b), before: Math.min(a, b), lowest }));

describe("bisect", () => {
  it("equals a linear search, in at most ⌈log₂(n + 1)⌉ questions, sync or async", async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.boolean(), async ({ versions, before, lowest }, isAsync) => {
        const all = Array.from({ length: versions }, (_, i) => lowest + i);
        const holds = (version: number): boolean => version >= lowest + before;
        const asked: number[] = [];
        let underway = 0;
        const read = async (version: number): Promise<number> => {
          expect(++underway).toBe(1);
          asked.push(version);
          await Promise.resolve();
          underway--;
          return version;
        };
        const found = await bisect(lowest, lowest + versions - 1, read, (version) =>
          isAsync ? Promise.resolve(holds(version)) : holds(version),
        );
        expect(found).toBe(all.find(holds));
        expect(asked.length).toBeLessThanOrEqual(Math.ceil(Math.log2(versions + 1)));
        expect(new Set(asked).size).toBe(asked.length);
        expect(asked.every((version) => all.includes(version))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("asks nothing where there is nothing", async () => {
    expect(
      await bisect(
        1,
        0,
        () => expect.fail("read"),
        () => true,
      ),
    ).toBeUndefined();
  });

  it("gives what was read of the version, falsy or not", async () => {
    expect(
      await bisect(
        1,
        3,
        async () => 0,
        () => true,
      ),
    ).toBe(0);
  });

  it("ends with what the predicate throws", async () => {
    const searching = bisect(
      1,
      9,
      async (version) => version,
      () => {
        throw new Error("no");
      },
    );
    await expect(searching).rejects.toThrow("no");
  });
});
