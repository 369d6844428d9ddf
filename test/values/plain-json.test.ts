import { describe, expect, it } from "vitest";
import { plainJson } from "../../src/values/plain-json.ts";

describe("plain JSON", () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;

  it.each([
    ["nothing", undefined, "null"],
    ["bigints", { n: 12n }, '{"n":"12"}'],
    ["maps", new Map([["a", new Set([1])]]), '[["a",[1]]]'],
    ["bytes", new Uint8Array([1, 2]), "[1,2]"],
    ["dates", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["what contains itself", loop, '"<ref *1> { self: [Circular *1] }"'],
  ])("has a form for %s", (_, value, text) => {
    expect(plainJson(value)).toBe(text);
  });
});
