import { describe, expect, it } from "vitest";
import { isLetteredName, isName } from "../../src/values/name.ts";

describe("a name", () => {
  it.each(["a", "A-1", "credit_score", "1.0.0", "-", "..", "0"])("may be %s", (name) => {
    expect(isName(name)).toBe(true);
  });

  it.each(["", " ", "a b", "a/b", "ä", "a\n", "a:b", undefined, null, 5, ["a"]])("can't be %j", (name) => {
    expect(isName(name)).toBe(false);
  });
});

describe("a name with a letter first", () => {
  it.each(["a", "A-1", "credit_score"])("may be %s", (name) => {
    expect(isLetteredName(name)).toBe(true);
  });

  it.each(["1.0.0", "-a", "_a", ".a", "", "a b", "ä", undefined])("can't be %j", (name) => {
    expect(isLetteredName(name)).toBe(false);
  });
});
