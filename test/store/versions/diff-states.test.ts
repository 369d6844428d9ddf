import fc from "fast-check";
import { Immer, type Draft } from "immer";
import { describe, expect, it } from "vitest";
import { applyPatches } from "../../../src/store/versions/apply-patches.ts";
import { diffStates } from "../../../src/store/versions/diff-states.ts";
import type { Patch } from "../../../src/store/versions/patch.ts";
import { seal, UnfitStateError } from "../../../src/store/versions/seal.ts";
import { plainState, shelf, steps, takeSteps } from "../support/arbitrary-state.ts";
import { expectSame, isDeeplyFrozen, nodesOf } from "../support/deeply.ts";

function sealed<T>(state: T): T {
  seal(state);
  return state;
}

describe("diffStates and applyPatches", () => {
  it("make any state into any other, field order and all", () => {
    fc.assert(
      fc.property(plainState, plainState, (base, next) => {
        const patches = diffStates(sealed(base), next);
        const applied = applyPatches(base, patches);
        expectSame(applied, next);
        expect(isDeeplyFrozen(applied)).toBe(true);
        expect(isDeeplyFrozen(next)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("make a state into what any recipe made of it", () => {
    const immer = new Immer({ autoFreeze: false });
    fc.assert(
      fc.property(shelf, steps, (base, taken) => {
        sealed(base);
        const next = immer.produce(base, (draft: Draft<typeof base>) => takeSteps(draft, taken));
        const patches = diffStates(base, next);
        const applied = applyPatches(base, patches);
        expectSame(applied, next);
        expect(isDeeplyFrozen(next)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("say the same after a way through structured clone", () => {
    fc.assert(
      fc.property(plainState, plainState, (base, next) => {
        const patches = structuredClone(diffStates(sealed(base), next));
        expectSame(applyPatches(base, patches), next);
      }),
    );
  });

  it("say the same after a way through JSON, where the states are JSON", () => {
    const json = fc
      .jsonValue({ maxDepth: 3, noUnicodeString: true })
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    fc.assert(
      fc.property(json, json, (base, next) => {
        const patches = JSON.parse(JSON.stringify(diffStates(sealed(base), next))) as Patch[];
        expectSame(applyPatches(base, patches), next);
      }),
    );
  });

  it("have nothing to say about equal states", () => {
    fc.assert(
      fc.property(plainState, (state) => {
        expect(diffStates(sealed(structuredClone(state)), state)).toEqual([]);
      }),
    );
  });

  it("share every subtree that no patch reaches into", () => {
    fc.assert(
      fc.property(shelf, steps, (base, taken) => {
        sealed(base);
        const next = new Immer({ autoFreeze: false }).produce(base, (draft: Draft<typeof base>) =>
          takeSteps(draft, taken),
        );
        const patches = diffStates(base, next);
        const applied = applyPatches(base, patches) as typeof base;
        for (const field of ["a", "b", "c"] as const) {
          if (!patches.some(({ path }) => path.length === 0 || path[0] === field))
            expect(applied[field]).toBe(base[field]);
        }
        if (!patches.some(({ path }) => path.length === 0 || path[0] === "list")) expect(applied.list).toBe(base.list);
      }),
    );
  });
});

describe("diffStates", () => {
  const diffs: readonly [what: string, base: unknown, next: unknown, patches: readonly Patch[]][] = [
    ["a changed field", { n: 1, t: 1 }, { n: 2, t: 1 }, [{ op: "replace", path: ["n"], value: 2 }]],
    ["an added field", { n: 1 }, { n: 1, m: 2 }, [{ op: "add", path: ["m"], value: 2 }]],
    ["a removed field", { n: 1, m: 2 }, { m: 2 }, [{ op: "remove", path: ["n"] }]],
    [
      "a field that is undefined now",
      { n: 1, m: 1 },
      { n: undefined, m: 1 },
      [{ op: "replace", path: ["n"], value: undefined }],
    ],
    ["a nested field", { a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, [{ op: "replace", path: ["a", "b"], value: 2 }]],
    ["an element removed at the front", [1, 2, 3], [2, 3], [{ op: "remove", path: [0] }]],
    ["an element inserted in the middle", [1, 2, 3], [1, 9, 2, 3], [{ op: "add", path: [1], value: 9 }]],
    ["an element appended", { l: [1] }, { l: [1, 2] }, [{ op: "add", path: ["l", 1], value: 2 }]],
    [
      "two elements removed, last first",
      [1, 2, 3, 4],
      [1, 4],
      [
        { op: "remove", path: [2] },
        { op: "remove", path: [1] },
      ],
    ],
    [
      "another kind of node",
      { a: [1], b: 1 },
      { a: { 0: 1 }, b: 1 },
      [{ op: "replace", path: ["a"], value: { 0: 1 } }],
    ],
    [
      "a leaf in the place of a node",
      { a: [1], b: 1 },
      { a: null, b: 1 },
      [{ op: "replace", path: ["a"], value: null }],
    ],
    [
      "nothing in common",
      { a: 1, b: { c: 2 } },
      { a: 2, b: { c: 3 } },
      [{ op: "replace", path: [], value: { a: 2, b: { c: 3 } } }],
    ],
    ["minus zero", { n: 0, m: 1 }, { n: -0, m: 1 }, [{ op: "replace", path: ["n"], value: -0 }]],
    ["another order of fields", { a: 1, b: 2 }, { b: 2, a: 1 }, [{ op: "replace", path: [], value: { b: 2, a: 1 } }]],
    [
      "a number among fields named by numbers",
      { 3: 1, x: 1 },
      { 2: 1, 3: 1, x: 1 },
      [{ op: "add", path: ["2"], value: 1 }],
    ],
  ];

  it.each(diffs)("says %s in the fewest patches", (_what, base, next, patches) => {
    expect(diffStates(sealed(base), next)).toStrictEqual(patches);
  });

  it("shares the values of its patches with the next state", () => {
    const added = { deep: { n: 1 } };
    const [patch] = diffStates(sealed({ a: 1 }), { a: 1, added });
    expect(patch?.value).toBe(added);
  });

  it("doesn't look into what is the same object", () => {
    const looked = new Proxy({ n: 1 }, { ownKeys: () => expect.fail("looked into") });
    const base = Object.freeze({ looked, n: 1 });
    expect(diffStates(base, { looked, n: 2 })).toHaveLength(1);
  });

  it("freezes what it walked through, also where nothing is new", () => {
    const next = { a: { b: 1 }, n: 1 };
    diffStates(sealed({ a: { b: 1 }, n: 1 }), next);
    expect(isDeeplyFrozen(next)).toBe(true);
  });

  it.each([
    ["in a changed field", { a: { b: 1 }, n: 1 }, { a: { b: () => 1 }, n: 1 }, ["a", "b"]],
    ["in an added field", { n: 1 }, { n: 1, m: { d: new Date(0) } }, ["m", "d"]],
    ["in an added element", { l: [1] }, { l: [1, new Map()] }, ["l", 1]],
    ["in the place of a node", { a: { b: 1 }, n: 1 }, { a: new Date(0), n: 1 }, ["a"]],
    ["as a getter", { a: 1, n: 1 }, Object.defineProperty({ n: 1 }, "a", { get: () => 2, enumerable: true }), ["a"]],
    ["in a reordered node", { a: 1, b: 1 }, { b: new Date(0), a: 1 }, ["b"]],
  ])("refuses what isn't plain data %s", (_where, base, next, path) => {
    let thrown: unknown;
    try {
      diffStates(sealed(base), next);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UnfitStateError);
    expect((thrown as UnfitStateError).path).toEqual(path);
  });

  it("takes as many patches as there are changes, however large the state", () => {
    const base = sealed({ items: Array.from({ length: 5_000 }, (_, n) => ({ n })), name: "x" });
    const items = [...base.items];
    items[4_321] = { n: -1 };
    expect(diffStates(base, { ...base, items })).toEqual([{ op: "replace", path: ["items", 4_321, "n"], value: -1 }]);
  });
});

describe("applyPatches", () => {
  it("leaves the base as it was", () => {
    fc.assert(
      fc.property(plainState, plainState, (base, next) => {
        const before = structuredClone(base);
        applyPatches(base, diffStates(sealed(base), next));
        expectSame(base, before);
      }),
    );
  });

  it("starts from nothing with a replacement of the root", () => {
    expect(applyPatches(undefined, [{ op: "replace", path: [], value: { n: 1 } }])).toEqual({ n: 1 });
  });

  it("returns the base itself for no patches", () => {
    const base = sealed({ n: 1 });
    expect(applyPatches(base, [])).toBe(base);
  });

  it("patches what an earlier patch put there, and not the patch", () => {
    const value = { n: 1, list: [1] };
    const patches: Patch[] = [
      { op: "add", path: ["a"], value },
      { op: "replace", path: ["a", "n"], value: 2 },
      { op: "add", path: ["a", "list", 1], value: 2 },
    ];
    expect(applyPatches(sealed({}), patches)).toEqual({ a: { n: 2, list: [1, 2] } });
    expect(value).toEqual({ n: 1, list: [1] });
  });

  it("can't be made to reach a prototype", () => {
    const patches: Patch[] = [{ op: "add", path: ["__proto__", "polluted"], value: true }];
    expect(() => applyPatches(sealed({}), patches)).toThrow(/doesn't fit/);
    expect(() => applyPatches(sealed({}), [{ op: "add", path: ["constructor", "x"], value: 1 }])).toThrow(
      /doesn't fit/,
    );
    expect(Object.keys(applyPatches(sealed({}), [{ op: "add", path: ["__proto__"], value: {} }]) as object)).toEqual([
      "__proto__",
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each<[what: string, base: unknown, patch: Patch]>([
    ["a path through nothing", { a: 1 }, { op: "replace", path: ["b", "c"], value: 1 }],
    ["a path through a leaf", { a: 1 }, { op: "replace", path: ["a", "c"], value: 1 }],
    ["a replacement of a field that isn't there", {}, { op: "replace", path: ["a"], value: 1 }],
    ["a removal of a field that isn't there", {}, { op: "remove", path: ["a"] }],
    ["a removal of an element that isn't there", [1], { op: "remove", path: [1] }],
    ["an insertion beyond the end", [1], { op: "add", path: [2], value: 1 }],
    ["an element named by a string", [1], { op: "replace", path: ["0"], value: 1 }],
    ["a negative index", [1], { op: "add", path: [-1], value: 1 }],
    ["a field of a key without a state", undefined, { op: "add", path: ["a"], value: 1 }],
    ["a removal of the root", { a: 1 }, { op: "remove", path: [] }],
    ["an addition at the root", { a: 1 }, { op: "add", path: [], value: 1 }],
  ])("refuses %s", (_what, base, patch) => {
    expect(() => applyPatches(sealed(base), [patch])).toThrow(expect.objectContaining({ code: "invalid-state" }));
  });

  it("refuses values that aren't plain data", () => {
    expect(() => applyPatches(sealed({}), [{ op: "add", path: ["a"], value: [new Date(0)] }])).toThrow(UnfitStateError);
  });

  it("copies each node on the way once, however many patches go through it", () => {
    const base = sealed({ a: { b: { n: 1, m: 1, o: 1 }, keep: { x: 1 } } });
    const patches: Patch[] = ["n", "m", "o"].map((field) => ({ op: "replace", path: ["a", "b", field], value: 2 }));
    const applied = applyPatches(base, patches) as typeof base;
    expect(applied).toEqual({ a: { b: { n: 2, m: 2, o: 2 }, keep: { x: 1 } } });
    expect(applied.a.keep).toBe(base.a.keep);
    expect(nodesOf(applied)).toHaveLength(4);
  });
});
