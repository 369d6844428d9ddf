import type { ErrorCode } from "../../src/errors/error-code.ts";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AskError, isAskError } from "../../src/errors/ask-error.ts";
import { errorCodes } from "../../src/errors/error-code.ts";
import { decodeError, type EncodedError, encodeError } from "../../src/errors/error-codec.ts";
import { isRefusal, Refusal } from "../../src/errors/refusal.ts";
import { isTroupeError, TroupeError } from "../../src/errors/troupe-error.ts";

/** The way over a link. Both forms that a batch may travel in bring the same. */
function carry(thrown: unknown): EncodedError {
  const encoded = encodeError(thrown);
  const carried = JSON.parse(JSON.stringify(encoded)) as EncodedError;
  expect(carried).toStrictEqual(encoded);
  expect(structuredClone(encoded)).toStrictEqual(encoded);
  return carried;
}

const cross = (thrown: unknown): unknown => decodeError(carry(thrown));
const crossError = (error: unknown) => cross(error) as Error & { code?: unknown; errors?: unknown[] };

function throwing(): never {
  throw new Error("not to be read");
}

/** An object whose every trap throws. */
const hostile = () => new Proxy({}, new Proxy({}, { get: () => throwing }));

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const cyclic = (): object => {
  const object: Record<string, unknown> = { name: "loop" };
  return Object.assign(object, { self: object });
};

describe("errors of ours", () => {
  it("gives those without a stack one of their own, and leaves the limit of stacks as it was", () => {
    const limit = Error.stackTraceLimit;
    const { stack: _, ...cause } = encodeError(new Error("no stack"));
    const back = decodeError({ ...encodeError(new TroupeError("system-closed", "with one")), cause }) as Error;
    expect((back.cause as Error).stack).toContain("error-codec.test.ts");
    expect(Error.stackTraceLimit).toBe(limit);
    expect(new Error("made later").stack).toContain("error-codec.test.ts");
  });

  it("keeps name, message, code, stack, details and cause", () => {
    const cause = new TroupeError<ErrorCode>("conflict", "lost", { details: { base: 1 } });
    const error = new TroupeError<ErrorCode>("step-failed", "step risk failed", {
      cause,
      details: { step: "risk", attempts: 3 },
    });
    const back = crossError(error);
    expect(isTroupeError(back, "step-failed")).toBe(true);
    expect(isTroupeError(back.cause, "conflict")).toBe(true);
    expect(back).toMatchObject({ name: "TroupeError", message: error.message, details: error.details });
    expect(back.stack).toBe(error.stack);
    expect(back.cause).toMatchObject({ message: "lost", details: { base: 1 }, stack: cause.stack });
  });

  it.each(["rejected", "failed", "timed-out", "cancelled"] as const)("keeps the outcome %s of an ask", (outcome) => {
    const back = cross(new AskError<ErrorCode>(outcome, "mailbox-full", "full", { details: { to: "1/a" } }));
    expect(isAskError(back)).toBe(true);
    expect(back).toMatchObject({ name: "AskError", outcome, code: "mailbox-full", details: { to: "1/a" } });
    expect(back).toMatchObject({ mayHaveRun: outcome !== "rejected" });
    for (const mayHaveRun of [true, false]) {
      expect(cross(new AskError<ErrorCode>(outcome, "mailbox-full", "full", { mayHaveRun }))).toMatchObject({
        mayHaveRun,
      });
    }
  });

  it("keeps the name of a subclass, which its guard is told by code and details", () => {
    class LostRaceError extends TroupeError {
      override get name(): string {
        return "LostRaceError";
      }
    }
    const back = crossError(new LostRaceError("conflict", "lost", { details: { mine: 1 } }));
    expect(back.name).toBe("LostRaceError");
    expect(String(back)).toBe("LostRaceError: lost");
    expect(Object.keys(back)).not.toContain("name");
    expect(isTroupeError(back, "conflict")).toBe(true);
  });

  it("keeps the details that JSON has when one of them is something else", () => {
    const details = {
      version: 3,
      flag: false,
      nothing: null,
      missing: undefined,
      big: 12n ** 20n,
      nan: Number.NaN,
      list: [1, undefined, 2n],
      at: new Date(0),
      map: new Map([["a", new Set([1])]]),
      error: new RangeError("far"),
      act: function act() {},
      mark: Symbol("mark"),
      loop: cyclic(),
      hidden: revoked(),
      get broken() {
        return throwing();
      },
      proto: JSON.parse('{"__proto__": 1}') as object,
    };
    expect(carry(new TroupeError<ErrorCode>("conflict", "lost", { details })).details).toEqual({
      version: 3,
      flag: false,
      nothing: null,
      big: "3833759992447475122176n",
      nan: "NaN",
      list: [1, null, "2n"],
      at: "1970-01-01T00:00:00.000Z",
      map: [["a", [1]]],
      error: "RangeError: far",
      act: "[Function: act]",
      mark: "Symbol(mark)",
      loop: "<ref *1> { name: 'loop', self: [Circular *1] }",
      hidden: "<Revoked Proxy>",
      proto: details.proto,
    });
  });

  it("survives details that are none", () => {
    for (const details of [undefined, null, "text", 5, cyclic(), hostile()]) {
      const error = Object.defineProperty(new TroupeError<ErrorCode>("conflict", "lost"), "details", {
        value: details,
      });
      expect(cross(error)).toMatchObject({ message: "lost" });
    }
  });
});

describe("errors of others", () => {
  it.each([
    ["Error", new Error("bad")],
    ["TypeError", new TypeError("bad")],
    ["Custom", Object.assign(new Error("bad"), { name: "Custom" })],
    [
      "Mute",
      new (class Mute extends Error {
        override name = "Mute";
      })("bad"),
    ],
  ])("keeps the name %s, message and stack, and makes no error of ours of it", (name, error) => {
    const back = crossError(error);
    expect(back).toBeInstanceOf(Error);
    expect(isTroupeError(back)).toBe(false);
    expect([back.name, back.message, back.stack]).toEqual([name, "bad", error.stack]);
    expect("code" in back).toBe(false);
    expect("cause" in back).toBe(false);
    expect(Object.keys(back)).toEqual([]);
  });

  it.each(["ENOENT", 22, 0, -1.5])("keeps the code %s", (code) => {
    expect(crossError(Object.assign(new Error("bad"), { code })).code).toBe(code);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 5n, {}, null, () => 1, Symbol("code")])(
    "leaves out the code %s",
    (code) => {
      expect("code" in crossError(Object.assign(new Error("bad"), { code }))).toBe(false);
    },
  );

  it("takes no outcome from them, whatever it is", () => {
    const back = crossError(Object.assign(new Error("bad"), { outcome: () => "rejected" }));
    expect("outcome" in back).toBe(false);
    expect(isAskError(back)).toBe(false);
  });

  it("keeps a DOMException's name and code", () => {
    const { reason } = AbortSignal.abort() as { reason: DOMException };
    expect(crossError(reason)).toMatchObject({ name: "AbortError", message: reason.message, code: 20 });
  });

  it("knows an error of another realm", () => {
    const foreign = runInContext("new TypeError('elsewhere')", createContext()) as Error;
    expect(foreign).not.toBeInstanceOf(Error);
    expect(crossError(foreign)).toMatchObject({ name: "TypeError", message: "elsewhere" });
  });

  it("keeps what an AggregateError gathered", () => {
    const error = new AggregateError(
      [new TypeError("one"), "two", undefined, new TroupeError<ErrorCode>("conflict", "lost")],
      "all failed",
      { cause: new Error("why") },
    );
    const back = crossError(error);
    expect(back).toBeInstanceOf(AggregateError);
    expect(back).toMatchObject({ name: "AggregateError", message: "all failed", cause: { message: "why" } });
    expect(back.errors).toHaveLength(3); // undefined says nothing
    expect(back.errors?.[0]).toMatchObject({ name: "TypeError", message: "one" });
    expect(back.errors?.[1]).toBe("two");
    expect(isTroupeError(back.errors?.[2], "conflict")).toBe(true);
  });

  it("rebuilds the one that Promise.any rejects with", async () => {
    const failure: unknown = await Promise.any([Promise.reject(new Error("a")), Promise.reject(new Error("b"))]).catch(
      (error: unknown) => error,
    );
    expect(crossError(failure).errors).toMatchObject([{ message: "a" }, { message: "b" }]);
  });

  it("keeps an error's own strange fields out of harm's way", () => {
    const strange = {
      stack: [{ line: 1 }],
      name: Symbol("name"),
      message: { reason: 1n },
      code: {},
      cause: () => 1,
    };
    const error = new Error("bad");
    for (const [field, value] of Object.entries(strange)) Object.defineProperty(error, field, { value });
    const back = crossError(error);
    expect([back.name, back.message, back.cause]).toEqual(["Error", "{ reason: 1n }", "[Function: cause]"]);
    expect(typeof back.stack).toBe("string");
  });

  it.each(["name", "message", "stack", "code", "cause", "errors", "details", "outcome"])(
    "does without %s where its getter throws, and keeps the rest",
    (field) => {
      const make = [
        () => new Error("bad", { cause: "why" }),
        () => new AggregateError([1], "bad", { cause: "why" }),
        () => new AskError<ErrorCode>("failed", "handler-failed", "bad", { cause: "why" }),
      ];
      for (const build of make) {
        const error = Object.defineProperty(build(), field, { get: throwing });
        const back = crossError(error);
        expect(back).toBeInstanceOf(Error);
        if (field !== "message") expect(back.message).toBe("bad");
        if (field !== "cause") expect(back.cause).toBe("why");
        if (field !== "code" && isTroupeError(error)) expect(isTroupeError(back, "handler-failed")).toBe(true);
      }
    },
  );
});

describe("causes", () => {
  it("keeps a refusal, with its code and details", () => {
    const refusal = new Refusal("card-declined", "the bank declined", {
      details: { limit: 5 },
      cause: new Error("402"),
    });
    const back = decodeError(encodeError(refusal)) as Refusal;
    expect(isRefusal(back)).toBe(true);
    expect(back).toMatchObject({ name: "Refusal", code: "card-declined", message: "the bank declined" });
    expect([back.details, (back.cause as Error).message]).toEqual([{ limit: 5 }, "402"]);
  });

  it("keeps a chain of them, of any kind", () => {
    const error = new Error("a", {
      cause: new TroupeError<ErrorCode>("conflict", "b", { cause: new TypeError("c", { cause: 5 }) }),
    });
    const back = crossError(error);
    expect(back).toMatchObject({ message: "a", cause: { code: "conflict", cause: { name: "TypeError", cause: 5 } } });
  });

  it.each([null, 0, "", false])("tells a cause of %s from none", (cause) => {
    const back = crossError(new Error("bad", { cause }));
    expect("cause" in back).toBe(true);
    expect(back.cause).toBe(cause);
  });

  it("ends a cyclic chain where it closes", () => {
    const [a, b] = [new Error("a"), new Error("b")];
    a.cause = b;
    b.cause = a;
    expect(crossError(a)).toMatchObject({ message: "a", cause: { message: "b" } });
    expect("cause" in (crossError(a).cause as Error)).toBe(false);
    a.cause = a;
    expect("cause" in crossError(a)).toBe(false);
  });

  const countOf = ({ cause, errors = [] }: EncodedError): number =>
    1 + (cause === undefined ? 0 : countOf(cause)) + errors.reduce((sum, each) => sum + countOf(each), 0);

  it("encodes each error once, however often it is a cause", () => {
    const shared = new Error("shared");
    const all = Array.from({ length: 10 }, (_, i) => new AggregateError([shared], `${i}`, { cause: shared }));
    for (const each of all) (each.errors as unknown[]).push(...all);
    expect(countOf(carry(new AggregateError(all, "all")))).toBe(12);
  });

  it("ends a chain that has no end", () => {
    const endless = (): Error => Object.defineProperty(new Error("more"), "cause", { get: endless });
    expect(countOf(carry(endless()))).toBeLessThan(100);
    const bushy = (): Error =>
      Object.defineProperty(new AggregateError([], "more"), "errors", { get: () => Array.from({ length: 50 }, bushy) });
    expect(countOf(carry(bushy()))).toBeLessThan(100);
  });
});

describe("thrown values that are no errors", () => {
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a string", "text"],
    ["the empty string", ""],
    ["a number", 42],
    ["false", false],
    ["an array", [1, [null, "a"]]],
    ["an object", { status: 404, body: { reasons: ["gone"] } }],
    ["a look-alike of an encoded error", { kind: "value", name: "undefined", message: "m" }],
    ["a field named __proto__", JSON.parse('{"__proto__": {"a": 1}}')],
  ])("come back as they were: %s", (_, value) => {
    expect(cross(value)).toStrictEqual(value);
  });

  it.each([
    ["NaN", Number.NaN, "NaN"],
    ["a bigint", 5n, "5n"],
    ["a symbol", Symbol("mark"), "Symbol(mark)"],
    ["a function", function act() {}, "[Function: act]"],
    ["an unnamed function", () => {}, "[Function (anonymous)]"],
    ["a class", class Foo extends Map {}, "[class Foo extends Map]"],
    ["a cycle", cyclic(), "<ref *1> { name: 'loop', self: [Circular *1] }"],
    ["a bigint inside", { a: [1n] }, { a: ["1n"] }],
    ["a map", new Map([["a", 1]]), [["a", 1]]],
    ["an object whose toJSON throws", { a: 1, toJSON: throwing }, inspect({ a: 1, toJSON: throwing })],
  ])("come back as JSON has them, or described: %s", (_, value, expected) => {
    expect(cross(value)).toEqual(expected);
  });

  it("say in their message what they are", () => {
    expect(encodeError({ status: 404 }).message).toBe("{ status: 404 }");
    expect(encodeError("text").message).toBe("text");
    expect(encodeError(undefined).message).toBe("undefined");
  });

  it.each<[string, () => unknown]>([
    ["a revoked proxy", revoked],
    ["a proxy whose traps throw", hostile],
    [
      "a proxy of an error whose traps throw",
      () => new Proxy(new Error("bad"), new Proxy({}, { get: () => throwing })),
    ],
    ["a getter that throws", () => Object.defineProperty({}, "a", { get: throwing, enumerable: true })],
    ["an inspection that throws", () => ({ loop: cyclic(), [inspect.custom]: throwing, toJSON: throwing })],
    ["no prototype", () => Object.create(null) as unknown],
    ["a tag that throws", () => Object.defineProperty(cyclic(), Symbol.toStringTag, { get: throwing })],
  ])("never make it throw: %s", (_, make) => {
    const value = make();
    expect(typeof encodeError(value).message).toBe("string");
    cross(value);
    expect(crossError(new Error("bad", { cause: value })).message).toBe("bad");
    expect(crossError(new AggregateError([value], "bad")).message).toBe("bad");
    expect(cross(new TroupeError<ErrorCode>("conflict", "bad", { details: { value } }))).toMatchObject({
      code: "conflict",
    });
  });
});

describe("any thrown thing", () => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const { thrown } = fc.letrec<{ thrown: unknown; error: unknown }>((tie) => ({
    thrown: fc.oneof({ maxDepth: 4 }, anything, tie("error"), tie("error")),
    error: fc
      .record({
        kind: fc.constantFrom("error", "troupe", "ask", "refusal", "aggregate"),
        message: text,
        name: fc.option(text, { nil: undefined }),
        code: fc.constantFrom(...errorCodes),
        details: fc.dictionary(text, anything),
        options: fc.oneof(fc.constant({}), fc.record({ cause: tie("thrown") })),
        errors: fc.array(tie("thrown"), { maxLength: 3 }),
        outcome: fc.constantFrom("rejected", "failed", "timed-out", "cancelled"),
      })
      .map(({ kind, message, name, code, details, options, errors, outcome }) => {
        if (kind === "troupe") return new TroupeError(code, message, { details, ...options });
        if (kind === "ask") return new AskError(outcome, code, message, { details, ...options });
        if (kind === "refusal") return new Refusal(code, message, { details, ...options });
        const error = kind === "error" ? new Error(message, options) : new AggregateError(errors, message, options);
        return name === undefined ? error : Object.assign(error, { name });
      }),
  }));

  it("is encoded without a throw to what both wire forms carry", () => {
    fc.assert(fc.property(thrown, (value) => void carry(value)));
  });

  /** Without what a value is called before JSON made something else of it. */
  const bare = ({ kind, cause, errors, ...rest }: EncodedError): unknown => ({
    ...(kind === "value" ? { value: rest.value } : { kind, ...rest }),
    cause: cause && bare(cause),
    errors: errors?.map(bare),
  });

  it("is the same after one crossing as after many", () => {
    fc.assert(
      fc.property(thrown, (value) => {
        const once = carry(value);
        expect(bare(carry(decodeError(once)))).toStrictEqual(bare(once));
      }),
    );
  });
});

describe("an error of any size", () => {
  const big = "h".repeat(5_000_000);

  it("is cut to a bounded one, and says how long its parts were", () => {
    const message = crossError(new Error(big));
    expect(message.message).toMatch(/^h+ … \(5000000 characters\)$/);
    expect(message.message.length).toBe(16_384);
    expect(message.stack).toMatch(/^Error: h+ … \(5000000 characters\)\n +at /); // with the place, which is what counts
    expect(crossError(Object.assign(new Error("small"), { stack: big })).stack).toHaveLength(32_768);
    expect(cross(big)).toMatch(/^h+ … \(5000000 characters\)$/);
    expect(cross({ body: big })).toMatch(/^{ body: 'h+'/);
    const details = { why: big, n: 1 };
    expect(cross(new TroupeError<ErrorCode>("conflict", "small", { details }))).toMatchObject({
      details: { why: expect.stringMatching(/^h+ … \(5000000 characters\)$/) as string, n: 1 },
    });
  });

  it("takes no more when it has many causes, or is carried again", () => {
    let chain = new Error(big);
    for (let n = 0; n < 100; n++) chain = new AggregateError([new Error(big), { big }], big, { cause: chain });
    const once = carry(chain);
    expect(JSON.stringify(once).length).toBeLessThan(200_000);
    const again = carry(decodeError(once));
    expect(again.message).toBe(once.message);
    expect(JSON.stringify(again).length).toBeLessThan(200_000);
  });

  it("cuts no character in two", () => {
    const { message } = crossError(new Error("😀".repeat(20_000)));
    expect(message.replaceAll("😀", "")).toBe(" … (40000 characters)");
  });
});

it("keeps the HTTP status of an error, wherever its client put it", () => {
  const statuses = [
    { status: 503 },
    { statusCode: 429 },
    { response: { status: 404 } },
    { status: "ok" },
    { status: 7 },
  ];
  const carried = statuses.map((fields) => decodeError(encodeError(Object.assign(new Error("no"), fields))));
  expect(carried.map((error) => (error as { status?: number }).status)).toEqual([503, 429, 404, undefined, undefined]);
});
