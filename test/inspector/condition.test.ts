import { describe, expect, test } from "vitest";
import { conditionOf } from "../../src/inspector/views/condition.ts";

const state = { cents: 150, name: "ann", big: 12n, tags: ["a", 2], "a b": { "c/d": null } };

describe("a condition that is typed in", () => {
  test.each([
    ["/cents > 100", true],
    ["/cents > 150", false],
    ["/cents >= 150", true],
    ["/cents <= 149", false],
    ["/cents < 151", true],
    ["/cents = 150", true],
    ["/cents != 150", false],
    ["/big = 12", true],
    ["/big > 11", true],
    ["/name = ann", true],
    ['/name = "ann"', true],
    ["/name > and", true],
    ["/name contains nn", true],
    ["/tags contains 2", true],
    ['/tags contains "b"', false],
    ['/tags = ["a", 2]', true],
    ["/tags/1 = 2", true],
    ["/tags/2 exists", false],
    ["/tags/2 missing", true],
    ["/name < 5", false], // of another kind
    ["/none != 1", false], // there is nothing to compare
    ["  /cents   =   150  ", true],
    ["= 1", false],
  ])("%s is %s", (text, holds) => {
    expect(conditionOf(text)(state)).toBe(holds);
  });

  test("is about the whole state where it has no path", () => {
    expect(conditionOf(" = 5")(5)).toBe(true);
    expect(conditionOf(" exists")(undefined)).toBe(true);
  });

  test.each(["", "/cents", "/cents >", "/cents exists 5", "/cents ~ 5", "cents > 5", "/a~2 = 1", "process.exit()"])(
    "%s is refused with what one is",
    (text) => {
      expect(() => conditionOf(text)).toThrow(
        expect.objectContaining({ code: "invalid-options", message: expect.stringContaining("/") }),
      );
    },
  );

  test("runs nothing that is typed", () => {
    const holds = conditionOf("/cents = (() => { globalThis.hurt = 1 })()");
    expect(holds({ cents: "(() => { globalThis.hurt = 1 })()" })).toBe(true);
    expect(Reflect.get(globalThis, "hurt")).toBeUndefined();
  });
});
