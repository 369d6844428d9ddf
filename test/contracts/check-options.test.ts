import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { checkOptions, invalidOptions } from "../../src/contracts/check-options.ts";
import { isTroupeError } from "../../src/errors/troupe-error.ts";

const even = v.check((n: number) => n % 2 === 0, "expected an even number");
const one = v.strictObject({ b: v.optional(v.literal(1)) });
const schema = v.strictObject({
  size: v.optional(v.pipe(v.number(), v.integer())),
  items: v.optional(v.array(v.strictObject({ price: v.pipe(v.number(), even) }))),
  more: v.optional(
    v.strictObject({
      a: v.optional(v.strictObject({ b: v.number() })),
      either: v.optional(v.variant("b", [one, v.strictObject({ b: v.literal(2) })])),
      off: v.optional(v.union([v.literal(false), one])),
    }),
  ),
});

function failure(options: unknown): unknown {
  try {
    return checkOptions("open", schema, options);
  } catch (error) {
    return isTroupeError(error) ? { message: error.message, ...error.details } : error;
  }
}

describe("a check of options", () => {
  it("takes what its schema takes", () => {
    expect(failure({ size: 1, items: [{ price: 2 }] })).toBeUndefined();
    expect(failure({})).toBeUndefined();
  });

  it.each([
    [{ size: "1" }, "size", 'Invalid type: Expected number but received "1"'],
    [{ items: [{ price: 2 }, { price: 3 }] }, "items.1.price", "expected an even number"],
    [{ more: { a: {} } }, "more.a.b", "it is missing"],
    [{ more: { a: { bee: 1 } } }, "more.a.bee", "there is no such option; there are b"],
    [{ sise: 1 }, "sise", "there is no such option; there are size, items, more"],
    [{ items: [{ price: 2, prize: 2 }] }, "items.0.prize", "there is no such option; there are price"],
    [{ more: { a: { b: 1, c: 2 } } }, "more.a.c", "there is no such option; there are b"],
    [{ more: { either: { c: 1 } } }, "more.either.c", "there is no such option"],
    [{ more: { off: { c: 1 } } }, "more.off.c", "there is no such option; there are b"],
    [7, "options", "Invalid type: Expected Object but received 7"],
    [{ size: 1.5, items: 2 }, "size", "Invalid integer: Received 1.5"],
  ])("refuses %j and names the first option that is wrong, %s", (options, path, message) => {
    expect(failure(options)).toMatchObject({ message: `open: ${path}: ${message}`, path });
  });

  it("tells what was expected and what was given", () => {
    expect(failure({ size: "1" })).toMatchObject({ expected: "number", received: '"1"' });
    expect(invalidOptions("open", "a.b", { message: "no", expected: "x", received: "y" })).toMatchObject({
      code: "invalid-options",
      message: "open: a.b: no",
      details: { path: "a.b", expected: "x", received: "y" },
    });
  });
});
