import { describe, expect, it } from "vitest";
import { delayOf } from "../../src/errors/delay-of.ts";
import { decodeError, encodeError } from "../../src/errors/error-codec.ts";
import { retryAfter, retryDelayOf } from "../../src/errors/retry-after.ts";

const failed = (more: object): Error => Object.assign(new Error("busy"), more);
const boom = (): never => {
  throw new Error("no");
};
const date = "Sun, 06 Nov 1994 08:49:37 GMT";

describe("how long an error says to wait", () => {
  it.each<[string, unknown, number | undefined]>([
    ["its own", retryAfter(250), 250],
    ["now", retryAfter(0), 0],
    [
      "the headers of a response, as fetch has them",
      failed({ response: { headers: new Headers({ "Retry-After": "3" }) } }),
      3_000,
    ],
    ["headers of its own", failed({ headers: new Headers({ "retry-after": "120" }) }), 120_000],
    ["headers in a plain object", failed({ response: { headers: { "Retry-After": 2 } } }), 2_000],
    ["headers that are repeated", failed({ headers: { "retry-after": ["7", "8"] } }), 7_000],
    ["milliseconds", failed({ headers: { "retry-after-ms": "40", "retry-after": "1" } }), 40],
    [
      "a date, from the response's own",
      failed({ headers: { "retry-after": "Sun, 06 Nov 1994 08:49:47 GMT", date } }),
      10_000,
    ],
    ["a date that has passed", failed({ headers: { "retry-after": "Sun, 06 Nov 1994 08:49:07 GMT", date } }), 0],
    ["a date without the response's own", failed({ headers: { "retry-after": date } }), undefined],
    ["words", failed({ headers: { "retry-after": "soon" } }), undefined],
    ["less than nothing", failed({ headers: { "retry-after": "-1" } }), undefined],
    ["an error that says nothing", failed({}), undefined],
    [
      "headers that throw when they are read",
      Object.defineProperty(new Error("busy"), "headers", { get: boom }),
      undefined,
    ],
    ["no error at all", "busy", undefined],
  ])("%s", (_what, error, ms) => {
    expect(retryDelayOf(error)).toBe(ms);
  });

  it("is found among the causes, and survives the way to another thread", () => {
    const error = new Error("the model failed", { cause: failed({ status: 429, headers: { "retry-after": "3" } }) });
    expect(delayOf(error)).toBe(3_000);
    expect(delayOf(decodeError(encodeError(error)))).toBe(3_000);
    expect(delayOf(decodeError(encodeError(decodeError(encodeError(retryAfter(5))))))).toBe(5);
  });
});

it.each<unknown>([-1, Number.NaN, Number.POSITIVE_INFINITY, "5", 5n, Symbol("5")])("is no delay of %s ms", (ms) => {
  expect(() => retryAfter(ms as number)).toThrow(expect.objectContaining({ code: "invalid-options" }));
});
