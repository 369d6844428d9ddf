import { expect, it } from "vitest";
import { nearNames } from "../../../src/cli/output/near-names.ts";

const keys = ["account/ada", "account/bob", "run/1", "run/2", "plan/x"];

it.each([
  ["acount/ada", ["account/ada"]],
  ["account/adam", ["account/ada"]],
  ["account", ["account/ada", "account/bob"]],
  ["account/ada/notes", ["account/ada"]],
  ["run/3", ["run/1", "run/2"]],
  ["acocunt/ada", ["account/ada"]],
  ["rnu/1", ["run/1"]],
  ["", []],
  ["something else entirely", []],
])("of %j are %j", (name, near) => {
  expect(nearNames(name, keys)).toEqual(near);
});

it("are three at most, the nearest first", () => {
  expect(nearNames("aaab", ["aaax", "aaab1", "aaac", "aaad", "aaae"])).toHaveLength(3);
  expect(nearNames("aaab", ["aaxx", "aaax", "aaab1"])[0]).toBe("aaab1");
});
