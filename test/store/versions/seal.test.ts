import fc from "fast-check";
import { diffStates } from "../../../src/store/versions/diff-states.ts";
import { describe, expect, it } from "vitest";
import { seal, sealedCopy, UnfitStateError } from "../../../src/store/versions/seal.ts";
import { plainState } from "../support/arbitrary-state.ts";
import { expectSame, isDeeplyFrozen, nodesOf } from "../support/deeply.ts";

class Account {
  cents = 0;
}

const unfit: readonly [what: string, value: unknown, path: readonly (string | number)[], received: string][] = [
  ["a function", { f: () => 1 }, ["f"], "the function f"],
  ["a symbol", { list: [1, Symbol("s")] }, ["list", 1], "a symbol"],
  ["a class instance", { a: { b: new Account() } }, ["a", "b"], "an instance of Account"],
  ["a date", { at: new Date(0) }, ["at"], "an instance of Date"],
  ["a map", [new Map()], [0], "an instance of Map"],
  ["a set", [[], new Set()], [1], "an instance of Set"],
  ["a typed array", { bytes: new Uint8Array(2) }, ["bytes"], "an instance of Uint8Array"],
  ["a promise", { later: Promise.resolve() }, ["later"], "an instance of Promise"],
  ["an error", new TypeError("no"), [], "an instance of TypeError"],
  [
    "a getter",
    {
      ok: 1,
      get now() {
        return 1;
      },
    },
    ["now"],
    "a getter or setter",
  ],
  ["a field named by a symbol", { [Symbol("s")]: 1 }, [], "an object with a field named by a symbol"],
];

describe("seal", () => {
  it("freezes to the bottom and changes nothing (invariant 1)", () => {
    fc.assert(
      fc.property(plainState, (state) => {
        const copy = structuredClone(state);
        seal(state);
        expect(isDeeplyFrozen(state)).toBe(true);
        expectSame(state, copy);
      }),
    );
  });

  it("doesn't trust an object that was frozen by its maker", () => {
    const inner = { n: 1 };
    const state = Object.freeze({ list: Object.freeze([inner]) });
    seal(state);
    expect(Object.isFrozen(inner)).toBe(true);
  });

  it("takes objects without a prototype", () => {
    const state: unknown = Object.assign(Object.create(null), { n: 1 });
    seal(state);
    expect(Object.isFrozen(state)).toBe(true);
  });

  it("gives the path back as it got it", () => {
    const path = ["a"];
    seal({ b: [{ c: 1 }] }, path);
    expect(path).toEqual(["a"]);
  });

  it("refuses a cycle", () => {
    const state: Record<string, unknown> = {};
    state["self"] = { state };
    expect(() => seal(state)).toThrow(/a cycle, or deeper than 256 levels/);
  });

  it("takes 256 levels", () => {
    let state: unknown = {};
    for (let i = 0; i < 256; i++) state = [state];
    seal(state);
    expect(() => seal([state])).toThrow(UnfitStateError);
  });
});

describe.each([
  ["seal", seal],
  ["sealedCopy", sealedCopy],
])("%s", (_name, check) => {
  it.each(unfit)("refuses %s and says where it is", (_what, value, path, received) => {
    let thrown: unknown;
    try {
      check(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UnfitStateError);
    expect(thrown).toMatchObject({ path, received });
  });
});

describe("sealedCopy", () => {
  it("is equal, frozen to the bottom, and has no object of the original (invariant 1)", () => {
    fc.assert(
      fc.property(plainState, (state) => {
        const before = structuredClone(state);
        const copy = sealedCopy(state);
        expectSame(copy, before);
        expect(isDeeplyFrozen(copy)).toBe(true);
        const originals = new Set(nodesOf(state));
        expect(nodesOf(copy).filter((node) => originals.has(node))).toEqual([]);
      }),
    );
  });

  it("leaves the original unfrozen", () => {
    const state = { list: [{ n: 1 }] };
    sealedCopy(state);
    expect(nodesOf(state).some((node) => Object.isFrozen(node))).toBe(false);
  });

  it("keeps a field called __proto__ a field", () => {
    const copy = sealedCopy(JSON.parse('{"__proto__": {"admin": true}}')) as object;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.keys(copy)).toEqual(["__proto__"]);
  });
});

describe("arrays that another thread would get otherwise", () => {
  class Stack extends Array<number> {}
  const holed = (): unknown[] => Object.assign(new Array<unknown>(2), [undefined]);
  it.each<[string, () => unknown, string]>([
    ["a hole", () => ({ a: holed() }), "a.1 is a hole"],
    ["an array of a class", () => ({ a: Stack.of(1) }), "a is an instance of Stack"],
    ["fields beside the elements", () => ({ a: /b/.exec("b") }), "a.index is a field of an array, beside its elements"],
  ])("are refused, with the path: %s", (_what, make, message) => {
    for (const work of [
      () => seal(make()),
      () => sealedCopy(make()),
      () => diffStates(sealedCopy({ a: [undefined, undefined] }), make()),
      () => diffStates(sealedCopy({}), make()),
    ])
      expect(work).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
  });
});

it("refuses an array that says to be longer than any that can be walked", () => {
  const long: unknown[] = [];
  long.length = 2 ** 32 - 1;
  for (const pass of [seal, sealedCopy]) {
    expect(() => pass({ list: long })).toThrow("list is an array of 4294967295 elements, and 4194304 are the most");
  }
});
