import { describe, expect, it } from "vitest";
import { setField } from "../../src/values/set-field.ts";

describe("setField", () => {
  it.each(["a", "0", "constructor", "__proto__"])("sets a field named %s as data", (name) => {
    const target: Record<string, unknown> = { before: 1 };
    setField(target, name, { isAdmin: true });
    setField(target, name, { isAdmin: false });
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
    expect(Object.entries(target)).toHaveLength(2);
    expect(Object.getOwnPropertyDescriptor(target, name)).toEqual({
      value: { isAdmin: false },
      writable: true,
      enumerable: true,
      configurable: true,
    });
  });
});
