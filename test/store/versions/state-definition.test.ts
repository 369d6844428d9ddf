import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineState } from "../../../src/store/versions/define-state.ts";
import { stateKey } from "../../../src/store/versions/state-key.ts";

describe("defineState", () => {
  it("makes a family of keys", () => {
    const schema = v.object({ n: v.number() });
    const family = defineState({ name: "a-b_c.1", version: 2, schema, initial: () => ({ n: 0 }) });
    expect(family).toMatchObject({ kind: "state", name: "a-b_c.1", version: 2, schema });
    expect(stateKey(family, "x/y")).toBe("a-b_c.1/x/y");
  });

  it.each(["", "a/b", "a b", "ä"])("refuses the name %j", (name) => {
    const refused = expect.objectContaining({ code: "invalid-options" });
    expect(() => defineState({ name, version: 1, schema: v.number() })).toThrow(refused);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses the version %d", (version) => {
    const refused = expect.objectContaining({ code: "invalid-options" });
    expect(() => defineState({ name: "a", version, schema: v.number() })).toThrow(refused);
  });

  it.each([
    ["a gap", 4, [1, 3]],
    ["one for its own version", 2, [1, 2]],
    ["one for version 0", 2, [0, 1]],
    ["one for a version to come", 2, [1, 5]],
    ["any at version 1", 1, [0]],
    ["one for no version", 2, [Number.NaN]],
    ["the last missing", 3, [1]],
  ])("refuses upcasters with %s", (_what, version, given) => {
    const upcasters = Object.fromEntries(given.map((from) => [from, (old: unknown) => old]));
    expect(() => defineState({ name: "a", version, schema: v.unknown(), upcasters })).toThrow(
      expect.objectContaining({
        code: "invalid-options",
        message: `defineState a: upcasters are functions from the oldest version in the store up to ${version - 1}, without a gap, not ${Object.keys(upcasters).join(", ")}`,
      }),
    );
  });

  it("refuses upcasters that are no functions", () => {
    const upcasters = { 1: undefined } as never;
    const refused = expect.objectContaining({ code: "invalid-options" });
    expect(() => defineState({ name: "a", version: 2, schema: v.unknown(), upcasters })).toThrow(refused);
  });

  it.each([
    [1, []],
    [2, []],
    [2, [1]],
    [4, [3]],
    [4, [2, 3]],
  ])("takes at version %d upcasters from %j", (version, given) => {
    const upcasters = Object.fromEntries(given.map((from) => [from, (old: unknown) => old]));
    expect(defineState({ name: "a", version, schema: v.unknown(), upcasters }).version).toBe(version);
  });
});
