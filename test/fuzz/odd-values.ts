/**
 * Values that no one expects, each made from a description. A description is plain data: it can be printed, shrunk, sent to another
 * thread and pasted into a test, which many of the values can't.
 */

export type Description =
  | { readonly odd: OddName }
  | { readonly text: string }
  | { readonly number: number }
  | { readonly list: readonly Description[] }
  | { readonly fields: readonly (readonly [string, Description])[]; readonly as: Shape };

/** What kind of object has the fields. */
export type Shape = "plain" | "frozen" | "without-prototype" | "instance" | "map" | "getters";

/** What functions and getters of odd values throw. A caller whose own code throws it gets it back as it is. */
export class OwnError extends Error {
  override readonly name = "OwnError";
}

class Account {
  readonly cents = 5;
}

function never(): never {
  throw new OwnError("not to be read");
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function circle(): object {
  const one: Record<string, unknown> = {};
  one["self"] = { list: [one] };
  return one;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function rejected(): Promise<never> {
  const promise = Promise.reject(new OwnError("rejected"));
  promise.catch(() => undefined);
  return promise;
}

function unreadable(field: string): object {
  return Object.defineProperty({}, field, { get: never, enumerable: true });
}

function withField(field: string, value: unknown): object {
  return { [field]: value };
}

function errorWithout(field: string): Error {
  return Object.defineProperty(new Error("odd"), field, { get: never });
}

const makers = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  NaN: () => Number.NaN,
  "-0": () => -0,
  infinity: () => Number.POSITIVE_INFINITY,
  "minus infinity": () => Number.NEGATIVE_INFINITY,
  "2^53": () => 2 ** 53,
  "2^32": () => 2 ** 32,
  "1e300": () => 1e300,
  bigint: () => 2n ** 70n,
  "no text": () => "",
  "a lone surrogate": () => "\uD800",
  "a long text": () => "long ".repeat(20_000),
  "a text with a null character": () => "a\u0000b",
  "a text with control characters": () => "\u001B[2J\u202E\n",
  __proto__: () => "__proto__",
  constructor: () => "constructor",
  "a reserved family": () => "run",
  "a key": () => "run/7",
  "a symbol": () => Symbol("odd"),
  "a well-known symbol": () => Symbol.asyncIterator,
  "a function": () => () => undefined,
  "a function that throws": () => never,
  "an async function that throws": () => async () => never(),
  "a generator function": () =>
    function* () {
      yield 1;
    },
  "a class": () => Account,
  "an instance": () => new Account(),
  "an invalid date": () => new Date(Number.NaN),
  "a date": () => new Date(0),
  "a revoked proxy": () => revoked({}),
  "a revoked proxy of a list": () => revoked([]),
  "a revoked proxy of a function": () => revoked(never),
  "a proxy that throws": () =>
    new Proxy({}, { get: never, has: never, ownKeys: never, getPrototypeOf: never, getOwnPropertyDescriptor: never }),
  "a proxy": () => new Proxy({ a: 1 }, {}),
  "a proxy as prototype": () =>
    Object.create(new Proxy({}, { getPrototypeOf: never, get: never, has: never })) as object,
  "a getter that throws": () => unreadable("value"),
  "a kind that throws": () => unreadable("kind"),
  "an object that is no text": () => ({ toString: never, valueOf: never, toJSON: never, [Symbol.toPrimitive]: never }),
  "an object without a prototype": () => Object.create(null) as object,
  "a circle": circle,
  "a circle of a list": () => {
    const list: unknown[] = [];
    list.push(list);
    return list;
  },
  "a sparse list": () => Object.assign([], { 3: 1 }),
  "a list without end": () => Object.assign([], { length: 2 ** 32 - 1 }),
  "a list with a field": () => Object.assign([1], { name: "odd" }),
  "a list of a subclass": () => new (class Row extends Array<number> {})(3),
  "a wide list": () => Array.from({ length: 10_000 }, (_, i) => i),
  "what is nested deeply": () => nested(5_000),
  "a map of itself": () => {
    const map = new Map<unknown, unknown>();
    return map.set(map, map);
  },
  "a set": () => new Set([1, Symbol("odd")]),
  "a weak map": () => new WeakMap(),
  "a promise": () => Promise.resolve(1),
  "a rejected promise": rejected,
  "a thenable that throws": () => withField("then", never),
  "a thenable that can't be read": () => unreadable("then"),
  "a thenable": () => withField("then", (resolve: (value: unknown) => void) => resolve(1)),
  "bytes of shared memory": () => new Uint8Array(new SharedArrayBuffer(8)),
  "shared memory": () => new SharedArrayBuffer(8),
  "a detached buffer": detached,
  "a view": () => new DataView(new ArrayBuffer(8), 2, 4),
  "a buffer": () => Buffer.from("odd"),
  floats: () => new Float32Array([Number.NaN, -0]),
  "an error": () => new TypeError("odd", { cause: new Error("inner") }),
  "an error that is its own cause": () => {
    const error = new Error("odd");
    error.cause = error;
    return error;
  },
  "an error of errors": () => new AggregateError([new Error("one"), Symbol("odd"), null], "odd"),
  "an error whose message can't be read": () => errorWithout("message"),
  "an error whose stack can't be read": () => errorWithout("stack"),
  "an error whose code can't be read": () => errorWithout("code"),
  "an error of 2 MB": () => new Error("odd ".repeat(500_000)),
  "a regular expression": () => /(a+)+$/y,
  "a URL": () => new URL("file:///nowhere"),
  "a boxed text": () => new String("odd"),
  "a signal": () => new AbortController().signal,
  "an aborted signal": () => AbortSignal.abort(),
  "a signal aborted for an odd reason": () => AbortSignal.abort(revoked({})),
  "an event target": () => new EventTarget(),
} satisfies Record<string, () => unknown>;

export type OddName = keyof typeof makers;

export const oddNames = Object.keys(makers) as OddName[];

/** The value that a description describes, made anew each time. */
export function valueOf(description: Description): unknown {
  if ("odd" in description) return makers[description.odd]();
  if ("text" in description) return description.text;
  if ("number" in description) return description.number;
  if ("list" in description) return description.list.map(valueOf);
  const fields = description.fields.map(([name, field]) => {
    const value = valueOf(field);
    return [name, name === "then" && typeof value === "function" ? heard(value as OddThen) : value] as const;
  });
  switch (description.as) {
    case "map":
      return new Map(fields);
    case "frozen":
      return Object.freeze(withFields({}, fields));
    case "without-prototype":
      return withFields(Object.create(null) as object, fields);
    case "instance":
      return withFields(new Account(), fields);
    case "plain":
      return withFields({}, fields);
    case "getters":
      return fields.reduce((object, [name, value]) => {
        Object.defineProperty(object, name, { get: () => value, enumerable: true, configurable: true });
        return object;
      }, {});
  }
}

type OddThen = (...given: unknown[]) => unknown;

/** `await` ignores what a `then` returns. That a promise among it is rejected unheard is the doing of the value, and ends its thread. */
function heard(then: OddThen): OddThen {
  return (...given) => {
    const returned = then(...given);
    if (returned instanceof Promise) returned.catch(() => undefined);
    return returned;
  };
}

/** With own fields, also one of the name `__proto__`. */
function withFields(object: object, fields: readonly (readonly [string, unknown])[]): object {
  for (const [name, value] of fields)
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  return object;
}
