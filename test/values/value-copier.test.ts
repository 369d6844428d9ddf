import { inspect, isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { createDraft, enableMapSet, finishDraft } from "immer";
import { describe, expect, it, vi } from "vitest";
import { isTroupeError, type TroupeError } from "../../src/errors/troupe-error.ts";
import { transfer, type Transferable, type Transferred } from "../../src/values/cloneable.ts";
import { kindOf, ValueCopier } from "../../src/values/value-copier.ts";

enableMapSet();

const unlimited = () => new ValueCopier(Number.POSITIVE_INFINITY);
const copyOf = <T>(value: T): T => unlimited().copy(value, "the value") as T;

function errorOf(value: unknown, copier = unlimited()): TroupeError {
  try {
    copier.copy(value, "the value");
  } catch (error) {
    if (isTroupeError(error)) return error;
    throw error;
  }
  throw new Error("it was copied");
}

class Ref implements Transferable {
  readonly address: string;
  constructor(address: string) {
    this.address = address;
  }
  [transfer](): Transferred {
    return { "@troupe": "ref", address: this.address };
  }
}

class Account {
  balance = 1;
}

const unnamed = () => class extends Account {};

function throwing(): never {
  throw new RangeError("not now");
}

// ---- arbitrary values

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toJSON",
    "hasOwnProperty",
    "length",
    "0",
    "-0",
    "then",
    "\ud800",
    "@troupe",
  ),
);
const primitive = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.bigInt(),
);
const json = fc.oneof(
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
  fc.boolean(),
  fc.constant(null),
);
const bytes = fc
  .uint8Array({ maxLength: 32 })
  .chain((array) =>
    fc.constantFrom<unknown>(
      array,
      array.buffer,
      array.subarray(array.length >> 1),
      new DataView(array.buffer),
      Buffer.from(array),
      new Uint16Array(array.buffer, 0, array.length >> 1),
      new Float64Array(array.buffer, 0, array.length >> 3),
      new BigInt64Array(array.buffer, 0, array.length >> 3),
    ),
  );

/** A plain object that assigns nothing: a field named `__proto__` is a field. */
const fieldsOf = (part: fc.Arbitrary<unknown>) =>
  fc
    .tuple(fc.array(fc.tuple(text, part), { maxLength: 5 }), fc.boolean())
    .map(([entries, isBare]) =>
      isBare
        ? Object.defineProperties(
            Object.create(null),
            Object.fromEntries(
              Object.entries(Object.fromEntries(entries)).map(([key, value]) => [
                key,
                { value, enumerable: true, writable: true, configurable: true },
              ]),
            ),
          )
        : Object.fromEntries(entries),
    );

const plainOf = (leaf: fc.Arbitrary<unknown>) =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 5 }),
      fieldsOf(tie("value")),
    ),
  })).value;

const dense = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    primitive,
    fc.array(tie("value"), { maxLength: 5 }),
    fieldsOf(tie("value")),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((members) => new Set(members)),
    fc.date({ noInvalidDate: true }), // Node.js 20 finds no two invalid dates equal
    bytes,
  ),
})).value;

// ---- oracles

const shown = (value: unknown): string =>
  inspect(value, { depth: Infinity, maxArrayLength: null, maxStringLength: null, compact: false });

/** Every object that can be reached and changed. */
function objectsOf(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== "object" || value === null || found.has(value)) return found;
  found.add(value);
  if (ArrayBuffer.isView(value)) found.add(value.buffer);
  else if (value instanceof Map) for (const [key, entry] of value) objectsOf(entry, objectsOf(key, found));
  else if (value instanceof Set) for (const member of value) objectsOf(member, found);
  else for (const key of Object.keys(value)) objectsOf((value as Record<string, unknown>)[key], found);
  return found;
}

function scramble(object: object): void {
  if (object instanceof ArrayBuffer) new Uint8Array(object).fill(0xee);
  else if (ArrayBuffer.isView(object)) scramble(object.buffer);
  else if (object instanceof Date) object.setTime(-1);
  else if (object instanceof Map) object.clear();
  else if (object instanceof Set) object.add("scrambled");
  else if (Array.isArray(object)) object.splice(0, object.length, "scrambled");
  else for (const key of Object.keys(object)) Reflect.deleteProperty(object, key);
}

function isLossless(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false; // a bigint or undefined
  }
}

// ---- tests

describe("a copy (invariant 1)", () => {
  it("has an invalid date where the original has one", () => {
    const copy = new ValueCopier(1_000).copy({ at: new Date(Number.NaN) }, "it") as { at: Date };
    expect(copy.at).toBeInstanceOf(Date);
    expect(copy.at.getTime()).toBeNaN();
  });

  it("is what structured clone makes, in the same order, sharing nothing with the original", () => {
    fc.assert(
      fc.property(dense, (value) => {
        const clone: unknown = structuredClone(value);
        const copy = copyOf(value);
        expect(isDeepStrictEqual(copy, clone), `${shown(copy)} and ${shown(clone)}`).toBe(true);
        expect(shown(copy)).toBe(shown(clone));
        const originals = objectsOf(value);
        for (const object of objectsOf(copy)) expect(originals.has(object)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("shows nothing that is done to the original afterwards, and the other way round", () => {
    fc.assert(
      fc.property(dense, (value) => {
        const [before, copy] = [shown(value), copyOf(value)];
        const copied = shown(copy);
        const second = copyOf(value);
        for (const object of objectsOf(second)) scramble(object);
        expect(shown(value)).toBe(before);
        for (const object of objectsOf(value)) scramble(object);
        expect(shown(copy)).toBe(copied);
      }),
    );
  });

  it("may be changed, frozen as the original is", () => {
    const copy = copyOf(Object.freeze({ list: Object.freeze([1]) })) as { list: number[] };
    copy.list.push(2);
    expect(copy).toEqual({ list: [1, 2] });
  });

  class Stack extends Array<number> {}
  it.each<[string, unknown, readonly (string | number)[], string]>([
    ["a hole", { list: Object.assign(new Array<number>(2), [1]) }, ["list", 1], "a hole"],
    [
      "a hole at the end",
      Object.assign(
        new Array<number>(100),
        Array.from({ length: 99 }, () => 1),
      ),
      [99],
      "a hole",
    ],
    ["an array of a class", [Stack.of(1)], [0], "an instance of Stack"],
    [
      "fields beside the elements",
      { found: /b/.exec("abc") },
      ["found", "index"],
      "a field of an array, beside its elements",
    ],
  ])("refuses arrays that would not arrive as they are: %s", (_what, value, path, kind) => {
    const error = errorOf(value, unlimited());
    expect(error).toMatchObject({ code: "not-cloneable", details: { kind } });
    expect((error.details as { path: readonly unknown[] }).path.slice(0, path.length)).toEqual(path);
  });

  it("takes __proto__ for a field", () => {
    const copy = copyOf(JSON.parse('{"__proto__": {"polluted": true}}') as object);
    expect(Object.keys(copy)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect("polluted" in copy).toBe(false);
  });

  it("leaves out what structured clone leaves out: symbols' fields, hidden fields, what is inherited", () => {
    const value = Object.defineProperty({ a: 1, [Symbol("b")]: () => 1 }, "c", { value: () => 1 });
    expect(Reflect.ownKeys(copyOf(value))).toEqual(["a"]);
    const bare = Object.create(null, { a: { value: 1, enumerable: true } }) as object;
    expect(Object.getPrototypeOf(copyOf(bare))).toBe(Object.prototype);
  });

  it("reads each getter once", () => {
    const get = vi.fn<() => object>(() => ({ n: 1 }));
    expect(copyOf(Object.defineProperty({}, "a", { get, enumerable: true }))).toEqual({ a: { n: 1 } });
    expect(get).toHaveBeenCalledOnce();
  });

  it("has two of an object that is there twice", () => {
    const shared = { n: 1 };
    const copy = copyOf({ a: shared, b: shared });
    expect(copy.a).not.toBe(copy.b);
    expect(copy).toEqual({ a: { n: 1 }, b: { n: 1 } });
  });

  it("of bytes holds what the view shows and not the rest of its buffer", () => {
    const pooled = Buffer.from("secret neighbours").subarray(0, 6);
    const copy = copyOf<Uint8Array>(pooled);
    expect(copy).toStrictEqual(new Uint8Array(Buffer.from("secret")));
    expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, 6]);
    const { buffer } = new Uint8Array([1, 2, 3, 4, 5]);
    const view = copyOf(new DataView(buffer, 2, 2));
    expect([...new Uint8Array(view.buffer)]).toEqual([3, 4]);
  });

  it("of a subclass is of what structured clone knows", () => {
    class Ordered extends Map<string, number> {}
    class Instant extends Date {}
    const copy = copyOf({ map: new Ordered([["a", 1]]), at: new Instant(5) });
    expect(copy).toStrictEqual({ map: new Map([["a", 1]]), at: new Date(5) });
  });

  it("of a draft is of what the draft says now", () => {
    const draft = createDraft({ list: [{ n: 1 }], map: new Map([["a", { n: 1 }]]), set: new Set([1]) });
    draft.list[0]!.n = 2;
    draft.map.get("a")!.n = 3;
    draft.set.add(4);
    const copy = copyOf(draft);
    finishDraft(draft);
    expect(copy).toStrictEqual({ list: [{ n: 2 }], map: new Map([["a", { n: 3 }]]), set: new Set([1, 4]) });
  });

  it("has the plain form of what says how it travels", () => {
    const copier = unlimited();
    const copy = copier.copy({ who: new Ref("1/a"), all: new Map([["b", new Ref("1/b")]]) }, "the value");
    expect(copy).toEqual({
      who: { "@troupe": "ref", address: "1/a" },
      all: new Map([["b", { "@troupe": "ref", address: "1/b" }]]),
    });
    expect(copier.hasTransferred).toBe(true);
    copier.copy({ who: { "@troupe": "ref", address: "1/a" } }, "the value");
    expect(copier.hasTransferred).toBe(false);
    copier.copy(new Ref("1/a"), "the value");
    expect([copier.hasTransferred, copier.isJson]).toEqual([true, true]);
  });

  it("does not depend on what the copier copied before, or failed to", () => {
    const copier = new ValueCopier(100);
    expect(() => copier.copy("x".repeat(200), "the value")).toThrow("limit");
    expect(() => copier.copy([-0, new Ref("1/a"), Symbol("s")], "the value")).toThrow("symbol");
    expect(copier.copy({ a: 1 }, "the value")).toEqual({ a: 1 });
    expect([copier.isJson, copier.hasTransferred]).toEqual([true, false]);
  });
});

describe("isJson", () => {
  it("is true for exactly the copies that JSON brings back as they are", () => {
    const copier = unlimited();
    fc.assert(
      fc.property(fc.oneof(plainOf(json), plainOf(primitive), dense), (value) => {
        const copy = copier.copy(value, "the value");
        expect(copier.isJson).toBe(isLossless(copy));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["-0", -0],
    ["NaN", Number.NaN],
    ["infinity", Number.NEGATIVE_INFINITY],
    ["undefined", undefined],
    ["a field of undefined", { a: undefined }],
    ["a bigint", 1n],
    ["a date", new Date(0)],
    ["an empty map", new Map()],
    ["an empty set", new Set()],
    ["bytes", new Uint8Array(0)],
  ])("is false for %s", (_, value) => {
    const copier = unlimited();
    copier.copy([0, { deep: [value] }, 0], "the value");
    expect(copier.isJson).toBe(false);
  });
});

describe("what can't cross", () => {
  const kinds: [string, () => unknown, string][] = [
    ["a function", () => function add() {}, "the function add"],
    [
      "an unnamed function",
      () =>
        (
          () => () =>
            1
        )(),
      "a function",
    ],
    ["a class", () => Account, "the function Account"],
    ["a symbol", () => Symbol("s"), "a symbol"],
    ["an instance", () => new Account(), "an instance of Account"],
    ["a Promise", () => Promise.resolve(1), "an instance of Promise"],
    ["an Error", () => new TypeError("bad"), "an instance of TypeError"],
    ["a WeakMap", () => new WeakMap(), "an instance of WeakMap"],
    ["a RegExp", () => /a/, "an instance of RegExp"],
    ["a boxed number", () => Object(5) as unknown, "an instance of Number"],
    ["shared memory", () => new SharedArrayBuffer(8), "an instance of SharedArrayBuffer"],
    [
      "a view of shared memory",
      () => new Uint8Array(new SharedArrayBuffer(8)),
      "an instance of Uint8Array over shared memory",
    ],
    ["what inherits", () => Object.create({ a: 1 }) as unknown, "an object with a prototype of its own"],
    ["an instance of an unnamed class", () => new (unnamed())(), "an instance of an unnamed class"],
    ["a proxy of a Map", () => new Proxy(new Map(), {}), "a Proxy of an instance of Map"],
    ["a proxy of a Date", () => new Proxy(new Date(), {}), "a Proxy of an instance of Date"],
    ["what pretends to be a Map", () => Object.create(Map.prototype) as unknown, "an instance of Map"],
    ["what pretends to be a Date", () => Object.create(Date.prototype) as unknown, "an instance of Date"],
  ];
  const unreadable: [string, () => unknown, string][] = [
    ["a getter that throws", () => Object.defineProperty({}, "get", { get: throwing, enumerable: true }), "not now"],
    ["a proxy that throws", () => new Proxy({}, { ownKeys: throwing }), "not now"],
    ["a proxy that throws at once", () => new Proxy({}, { getPrototypeOf: throwing }), "not now"],
    [
      "a form that throws",
      () =>
        new (class extends Ref {
          override [transfer] = throwing;
        })("1/a"),
      "not now",
    ],
    ["a Map whose iterator throws", () => Object.assign(new Map(), { [Symbol.iterator]: throwing }), "not now"],
    ["a detached view", () => detached(), "detached"],
    ["a revoked proxy", () => revoked(), "revoked"],
    ["a revoked draft", () => staleDraft(), "revoked"],
  ];

  function detached(): Uint8Array {
    const view = new Uint8Array(8);
    structuredClone(view, { transfer: [view.buffer] });
    return view;
  }

  function revoked(): object {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  }

  function staleDraft(): object {
    const draft = createDraft({ n: 1 });
    finishDraft(draft);
    return draft;
  }

  it.each(kinds)("is named: %s", (_, make, kind) => {
    const error = errorOf(make());
    expect(error.code).toBe("not-cloneable");
    expect(error.details).toEqual({ path: [], kind });
    expect(error.message).toBe(`the value can't cross to another actor: it is ${kind}. Send plain data.`);
  });

  it.each(kinds)("is named with its path: %s", (_, make, kind) => {
    const error = errorOf({ ok: 1, list: [0, { "two words": new Map([["key", new Set([1, 2, make()])]]) }] });
    expect(error.details).toEqual({ path: ["list", 1, "two words", "key", 2], kind });
    expect(error.message).toContain(`its field list[1]["two words"].key[2] is ${kind}.`);
  });

  it.each(unreadable)("is named with its path and why it can't be read: %s", (_, make, why) => {
    const error = errorOf({ list: [make()] });
    expect(error.code).toBe("not-cloneable");
    expect(error.details["path"]).toEqual(expect.arrayContaining(["list", 0]));
    expect(error.message).toMatch(/its field list\[0\](\.get|\[0\])? is something that can't be read \(.+\)/);
    expect(error.message).toContain(why);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each<[string, unknown, (string | number)[]]>([
    [
      "a key of a map",
      new Map<unknown, unknown>([
        ["a", 1],
        [Symbol("s"), 1],
      ]),
      [1],
    ],
    ["under a number", new Map([[5, Symbol("s")]]), [5]],
    [
      "under an object",
      new Map<unknown, unknown>([
        [{}, 1],
        [{}, Symbol("s")],
      ]),
      [1],
    ],
    ["inside a key", new Map([[{ id: Symbol("s") }, 1]]), [0, "id"]],
    ["a member of a set", new Set(["a", Symbol("s")]), [1]],
  ])("has a path too when it is %s", (_, value, path) => {
    expect(errorOf(value).details).toEqual({ path, kind: "a symbol" });
  });

  it("is named first where there are several", () => {
    expect(errorOf([1, [Symbol("s")], () => 1]).details["path"]).toEqual([1, 0]);
  });

  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { in: value };
    return value;
  };

  it("is a structure too deep, and not one that just fits", () => {
    expect(shown(copyOf(nested(257)))).toBe(shown(nested(257)));
    for (const levels of [258, 300, 100_000]) {
      expect(errorOf(nested(levels)).details["kind"]).toBe("a structure deeper than 256 levels, or a cycle");
    }
  });

  it.each<[string, () => unknown]>([
    [
      "an object",
      () => {
        const a: Record<string, unknown> = {};
        return Object.assign(a, { child: { parent: a } });
      },
    ],
    [
      "an array",
      () => {
        const a: unknown[] = [];
        a.push(1, a);
        return a;
      },
    ],
    [
      "a map",
      () => {
        const a = new Map<unknown, unknown>();
        return a.set("a", a);
      },
    ],
    [
      "a set",
      () => {
        const a = new Set<unknown>();
        return a.add(a);
      },
    ],
    [
      "its own plain form",
      () => {
        const a = new Ref("1/a");
        return Object.assign(a, { [transfer]: () => a });
      },
    ],
  ])("is a cycle through %s, told in a message that one can read", (_, make) => {
    const error = errorOf(make());
    expect(error.details["kind"]).toBe("a structure deeper than 256 levels, or a cycle");
    expect(error.message.length).toBeLessThan(300);
  });
});

describe("the limit on size (invariant 7)", () => {
  it("is met by exactly the values whose size is counted as no more", () => {
    const copier = unlimited();
    fc.assert(
      fc.property(dense, (value) => {
        copier.copy(value, "the value");
        const size = copier.bytes;
        expect(size).toBeGreaterThanOrEqual(0);
        expect(shown(new ValueCopier(size).copy(value, "the value"))).toBe(shown(copyOf(value)));
        if (size > 0) expect(errorOf(value, new ValueCopier(size - 1)).code).toBe("message-too-large");
      }),
    );
  });

  it("counts about what the value takes as JSON", () => {
    const copier = unlimited();
    const ascii = fc.string({ unit: "grapheme-ascii" });
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
    fc.assert(
      fc.property(plainOf(fc.oneof(ascii, number, fc.boolean(), fc.constant(null))), (value) => {
        const copy = copier.copy(value, "the value");
        const { length } = JSON.stringify(copy).replaceAll(/\\u[\da-f]{4}/g, "?");
        expect(copier.bytes).toBeGreaterThan(length / 4);
        expect(copier.bytes).toBeLessThanOrEqual(length * 8);
      }),
    );
  });

  it.each<[string, unknown, number]>([
    ["a string", "x".repeat(1000), 1000],
    ["bytes", new Uint8Array(1000), 1000],
    ["a view, and not its buffer", new Uint8Array(new ArrayBuffer(1_000_000), 0, 1000), 1000],
    ["a bigint", 2n ** 8000n, 1000],
    ["nulls", new Array(1000).fill(null), 4000],
    ["undefineds", new Array(1000).fill(undefined), 1000],
    ["keys", { ["x".repeat(1000)]: 1 }, 1000],
    ["an entry's key", new Map([["x".repeat(1000), 1]]), 1000],
  ])("counts %s", (_, value, least) => {
    const copier = unlimited();
    copier.copy(value, "the value");
    expect(copier.bytes).toBeGreaterThanOrEqual(least);
    expect(copier.bytes).toBeLessThanOrEqual(least * 2.1);
  });

  it("is named in the error", () => {
    const error = errorOf("x".repeat(101), new ValueCopier(100));
    expect(error).toMatchObject({ code: "message-too-large", details: { maxBytes: 100 } });
    expect(error.message).toContain("the value takes more than the limit of 100 bytes");
  });

  const doubling = (levels: number): unknown => {
    let value: unknown = "leaf";
    for (let i = 0; i < levels; i++) value = [value, value];
    return value;
  };
  function* endless(): Generator<[number, number]> {
    for (let i = 0; ; i++) yield [i, i];
  }

  it.each<[string, () => unknown]>([
    ["an array of four thousand million holes", () => new Array(2 ** 32 - 1)],
    ["an array that claims any length", () => new Proxy([], { get: (_, key) => (key === "length" ? 2 ** 53 : 0) })],
    ["2 to the 200 leaves", () => doubling(200)],
    ["a map without end", () => Object.assign(new Map(), { [Symbol.iterator]: endless })],
    ["a set without end", () => Object.assign(new Set(), { [Symbol.iterator]: endless })],
    ["a long array of long arrays", () => new Array(1000).fill(new Array(1000).fill(new Array(1000).fill(1)))],
  ])("is enough for an early end: %s", (_, make) => {
    expect(errorOf(make(), new ValueCopier(4096)).code).toBe("message-too-large");
  });

  it("keeps buffers beyond it from being copied", () => {
    const clone = vi.spyOn(globalThis, "structuredClone");
    const slice = vi.spyOn(ArrayBuffer.prototype, "slice");
    const buffer = new ArrayBuffer(8192);
    expect(errorOf([buffer, new Uint8Array(buffer), new DataView(buffer)], new ValueCopier(4096)).code).toBe(
      "message-too-large",
    );
    expect(clone).not.toHaveBeenCalled();
    expect(slice).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it("keeps what comes after from being read", () => {
    const get = vi.fn<() => string>(() => "more");
    const later = Object.defineProperty({}, "more", { get, enumerable: true });
    expect(errorOf(["x".repeat(5000), later, [later]], new ValueCopier(4096)).code).toBe("message-too-large");
    expect(get).not.toHaveBeenCalled();
  });
});

describe("kindOf", () => {
  const Odd = Object.defineProperty(class Odd extends Account {}, "name", { value: Symbol("odd") });
  it.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a number", 1],
    ["a string", ""],
    ["a boolean", false],
    ["a bigint", 1n],
    ["a symbol", Symbol("s")],
    ["an array", []],
    ["an object", {}],
    ["an object", Object.create(null)],
    ["an instance of Map", new Map()],
    ["a function", Odd],
    ["an instance of an unnamed class", new Odd()],
    ["an object with a prototype of its own", Object.create(Object.create(null))],
  ])("says %s", (kind, value) => {
    expect(kindOf(value)).toBe(kind);
  });

  it("never throws", () => {
    const traps = new Proxy({}, { get: () => throwing });
    expect(kindOf(new Proxy({}, traps))).toBe("an object that can't be read");
    expect(kindOf(new Proxy(() => 1, traps))).toBe("a function that can't be read");
  });
});
