import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineState, stateKey } from "../../src/store/state-definition.ts";

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
});
