import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sealedCopy } from "../../../src/store/versions/seal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { blame, type Blame } from "../../../src/store/travel/blame.ts";
import { failure } from "../support/failure.ts";

/** Versions of `k/1`, oldest first; `from` is the number of the first that is kept. */
function chainOf(states: readonly unknown[], from = 1): readonly Snapshot[] {
  return states.map((state, i) => ({
    key: "k/1",
    version: from + i,
    parent: from + i - 1,
    author: `author-${from + i}`,
    time: 100 * (from + i),
    position: from + i,
    schema: 1,
    ...(i % 2 === 0 ? { cause: `run/r${from + i}` } : {}),
    state: sealedCopy(state),
  }));
}

/** Newest first, in pages; counts the pages that were read. */
class Pages {
  read = 0;
  readonly #versions: readonly Snapshot[];
  readonly #size: number;

  constructor(versions: readonly Snapshot[], size = 3) {
    this.#versions = versions.toReversed();
    this.#size = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Snapshot[]> {
    for (let at = 0; at < this.#versions.length; at += this.#size) {
      this.read++;
      yield this.#versions.slice(at, at + this.#size);
    }
  }
}

async function who(states: readonly unknown[], path: string, from?: number): Promise<Blame> {
  const [found] = await blame(new Pages(chainOf(states, from)), () => [path]);
  return found!;
}

describe("blame", () => {
  it("names version, author, run and time of the last set", async () => {
    const states = [{ n: 1 }, { n: 2 }, { n: 2, other: 1 }, { n: 2, other: 2 }];
    expect(await who(states, "/n")).toEqual({
      path: "/n",
      value: 2,
      version: 2,
      author: "author-2",
      time: 200,
      exact: true,
    });
    expect(await who(states, "/other")).toMatchObject({ version: 4 });
    expect(await who([{ n: 1 }, { n: 1 }, { n: 3 }], "/n")).toMatchObject({ version: 3, run: "r3", cause: "run/r3" });
  });

  it("goes by values: changed and changed back is set, set to the same is not", async () => {
    expect(await who([{ n: 1 }, { n: 2 }, { n: 1 }, { n: 1, x: 0 }], "/n")).toMatchObject({ version: 3 });
    expect(await who([{ a: { b: [1, 2] } }, { a: { b: [1, 2] } }], "/a")).toMatchObject({ version: 1 });
    expect(await who([{ n: 0 }, { n: -0 }], "/n")).toMatchObject({ version: 2 });
    expect(await who([{ n: NaN }, { n: NaN }], "/n")).toMatchObject({ version: 1 });
    expect(await who([{ n: 1 }, {}, { n: 1 }], "/n")).toMatchObject({ version: 3 });
    expect(await who([{ n: undefined }, {}, { n: undefined }], "/n")).toMatchObject({ version: 3 });
  });

  it("follows elements by their index, and whole states", async () => {
    expect(await who([{ l: ["b"] }, { l: ["a", "b"] }], "/l/1")).toMatchObject({ value: "b", version: 2 });
    expect(await who([{ n: 1 }, { n: 2 }, { n: 2 }], "")).toMatchObject({ version: 2 });
  });

  it("isn't exact about what is as old as the oldest version kept", async () => {
    expect(await who([{ n: 1 }, { n: 1 }], "/n", 5)).toMatchObject({ version: 5, exact: false });
    expect(await who([{ n: 1 }, { n: 2 }], "/n", 5)).toMatchObject({ version: 6, exact: true });
    expect(await who([{ n: 1 }], "/n")).toMatchObject({ version: 1, exact: true });
  });

  it("reads no further than it has to", async () => {
    const pages = new Pages(chainOf(Array.from({ length: 30 }, (_, n) => ({ n: Math.floor(n / 5) }))));
    expect(await blame(pages, () => ["/n"])).toMatchObject([{ version: 26 }]);
    expect(pages.read).toBe(2);
  });

  it("answers for several paths in one walk, in their order", async () => {
    const states = [
      { a: 1, b: 1, c: 1 },
      { a: 1, b: 2, c: 1 },
      { a: 1, b: 2, c: 3 },
    ];
    const pages = new Pages(chainOf(states), 1);
    const found = await blame(pages, ({ state }) => Object.keys(state as object).map((name) => `/${name}`));
    expect(found.map(({ path, version }) => [path, version])).toEqual([
      ["/a", 1],
      ["/b", 2],
      ["/c", 3],
    ]);
    expect(pages.read).toBe(3);
  });

  it("finds nothing in no history", async () => {
    expect(await blame(new Pages([]), () => ["/n"])).toEqual([]);
  });

  it("says that there is no such path", async () => {
    const error = await failure(who([{ a: { b: 1 } }, { a: {} }], "/a/b"));
    expect(error).toMatchObject({ code: "no-such-path", details: { key: "k/1", path: "/a/b", version: 2 } });
    expect((error as Error).message).toContain("k/1 has nothing at /a/b in its newest version, 2.");
    expect(await failure(who([{ a: 1 }], "a"))).toMatchObject({ code: "invalid-options" });
  });

  it("equals a linear search from the newest back", async () => {
    const value = fc.constantFrom<unknown>(0, 1, -0, null, "x", [1], [1, 2], { y: 1 }, undefined);
    const state = fc.record({ a: value, b: value }, { requiredKeys: [], noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(state, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (states, size) => {
          const newest = states.at(-1)!;
          for (const name of Object.keys(newest) as ("a" | "b")[]) {
            let version = states.length;
            const same = (index: number): boolean => {
              const other = states[index];
              return other !== undefined && name in other && isDeepStrictEqual(other[name], newest[name]);
            };
            while (same(version - 2)) version--;
            const [found] = await blame(new Pages(chainOf(states), size), () => [`/${name}`]);
            expect(found).toMatchObject({ version, exact: true });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
