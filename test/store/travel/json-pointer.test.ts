import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partsOf, pointerOf, valueAt } from "../../../src/store/travel/json-pointer.ts";
import { plainState } from "../support/arbitrary-state.ts";

/** Every place in a state, with what is there. */
function places(value: unknown, path: readonly (string | number)[] = []): [(string | number)[], unknown][] {
  const here: [(string | number)[], unknown] = [[...path], value];
  if (typeof value !== "object" || value === null) return [here];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [here, ...entries.flatMap(([part, child]) => places(child, [...path, part]))];
}

describe("a JSON pointer", () => {
  it("leads to every place in a state", () => {
    fc.assert(
      fc.property(plainState, (state) => {
        for (const [path, value] of places(state)) {
          expect(Object.is(valueAt(state, partsOf(pointerOf(path)))?.value, value)).toBe(true);
        }
      }),
    );
  });

  it("keeps any names apart", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (path) => {
        expect(partsOf(pointerOf(path))).toEqual(path);
      }),
    );
  });

  it.each([
    [["a", "0"], "/a/0"],
    [[""], "/"],
    [["~1", "/"], "/~01/~1"],
    [[], ""],
  ])("of %j is %j", (path, pointer) => {
    expect(pointerOf(path)).toBe(pointer);
  });

  it.each(["a", "a/b", "/~", "/~2", "/a~"])("isn't %j", (text) => {
    expect(() => partsOf(text)).toThrow(expect.objectContaining({ code: "invalid-options" }));
  });

  it.each([
    [{ a: 1 }, "/b"],
    [{ a: 1 }, "/a/b"],
    [{ a: null }, "/a/b"],
    [{}, "/constructor"],
    [{}, "/__proto__"],
    [[1], "/1"],
    [[1], "/-"],
    [[1], "/00"],
    [[1], "/length"],
    ["text", "/0"],
  ])("leads nowhere in %j by %j", (state, pointer) => {
    expect(valueAt(state, partsOf(pointer))).toBeUndefined();
  });

  it("tells undefined from nothing", () => {
    expect(valueAt({ a: undefined }, ["a"])).toEqual({ value: undefined });
  });
});
