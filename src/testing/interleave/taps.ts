/**
 * Puts taps into what tasks share, in place: into each function, so that a promise it gives is delivered when the schedule says so; and,
 * where a run is looked at, into what holds values, so that it is known who read and wrote which version.
 */

import { types } from "node:util";
import { TroupeError } from "../../errors/troupe-error.ts";

/** What hears of the uses of what is shared. */
export interface Tap {
  /** Gives what the caller is to get in place of the promise that a call has given. */
  deliver(name: string, given: PromiseLike<unknown>): unknown;
  /** Hears of each read and write; absent where a run is not looked at, since they are no choices. */
  readonly values?:
    | { read(place: string, value: unknown): void; wrote(place: string, value: unknown): void }
    | undefined;
}

/** Methods of lists and maps that change them. */
const writing = new Set([
  ...["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"],
  ...["set", "add", "delete", "clear"],
]);
/** Those of maps and sets that concern one key. */
const ofOneKey = new Set(["get", "has", "set", "add", "delete"]);

/** More objects than this are no small thing that tasks share, but a part of the program. */
const mostObjects = 5_000;

/**
 * Puts taps into everything that `root` leads to: plain objects and instances of classes. Returns a function that takes them out
 * again. What is frozen can't be tapped.
 *
 * @throws TroupeError `invalid-options` for a frozen object with functions, and for more than 5,000 objects.
 */
export function tapAll(root: object, tap: Tap): () => void {
  const tapping = new Tapping(tap);
  tapping.object(root, "");
  return () => tapping.remove();
}

class Tapping {
  readonly #tap: Tap;
  readonly #tapped = new Set<object>();
  readonly #before: (() => void)[] = [];

  constructor(tap: Tap) {
    this.#tap = tap;
  }

  remove(): void {
    for (const restore of this.#before.toReversed()) restore();
  }

  object(object: object, path: string): void {
    if (this.#tapped.has(object) || isLeaf(object)) return;
    this.#tapped.add(object);
    if (this.#tapped.size > mostObjects)
      throw unusable(
        path,
        `leads to more than ${mostObjects} objects; share less, such as the functions that are called`,
      );
    if (Array.isArray(object) || types.isMap(object) || types.isSet(object)) this.#collection(object, path);
    else this.#fields(object, path);
  }

  #fields(object: object, path: string): void {
    const own = Object.getOwnPropertyDescriptors(object) as Record<string, PropertyDescriptor>;
    for (const [name, { value, ...rest }] of Object.entries(own) as [
      string,
      PropertyDescriptor & { value: unknown },
    ][]) {
      const place = path === "" ? name : `${path}.${name}`;
      if (typeof value === "function")
        this.#define(object, name, place, { ...rest, value: this.#called(value, place) });
      else {
        if (typeof value === "object" && value !== null) this.object(value, place);
        if ("writable" in rest && rest.configurable === true) this.#value(object, name, place, value, rest.enumerable);
      }
    }
    for (let from = protoOf(object); from !== null && from !== Object.prototype; from = protoOf(from))
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
        if (name === "constructor" || typeof value !== "function" || Object.hasOwn(object, name)) continue;
        const place = path === "" ? name : `${path}.${name}`;
        const tapped = { value: this.#called(value as object, place), writable: true, configurable: true };
        this.#define(object, name, place, tapped);
      }
  }

  /** The methods of a collection give no promises to deliver: taps only tell of its reads and writes. */
  #collection(collection: object, path: string): void {
    const { values } = this.#tap;
    if (values === undefined) return;
    const isKeyed = !Array.isArray(collection);
    const methods = Object.getOwnPropertyDescriptors(protoOf(collection) as object) as Record<
      string,
      PropertyDescriptor
    >;
    for (const [name, { value: method }] of Object.entries(methods)) {
      if (name === "constructor" || typeof method !== "function" || !Object.isExtensible(collection)) continue;
      const value = function (this: unknown, ...given: readonly unknown[]): unknown {
        const place = isKeyed && ofOneKey.has(name) ? `${path}[${keyText(given[0])}]` : path;
        const result: unknown = Reflect.apply(method as () => unknown, this, given);
        if (writing.has(name)) values.wrote(place, isKeyed ? given[1] : collection);
        else values.read(place, result);
        return result;
      };
      this.#define(collection, name, path, { value, writable: true, configurable: true });
    }
    const held: Iterable<unknown> = types.isMap(collection) ? collection.values() : (collection as Iterable<unknown>);
    for (const one of held) if (typeof one === "object" && one !== null) this.object(one, `${path}[]`);
  }

  #value(object: object, name: string, place: string, first: unknown, enumerable = true): void {
    const { values } = this.#tap;
    if (values === undefined) return;
    let value = first;
    const tapped = {
      configurable: true,
      enumerable,
      get: () => {
        // a part with taps of its own tells itself what is read of it
        if (typeof value !== "object" || value === null || !this.#tapped.has(value)) values.read(place, value);
        return value;
      },
      set: (next: unknown) => {
        value = next;
        values.wrote(place, next);
      },
    };
    this.#define(object, name, place, tapped, () =>
      Object.defineProperty(object, name, { value, configurable: true, enumerable, writable: true }),
    );
  }

  #called(target: object, place: string): object {
    const { deliver } = this.#tap;
    return new Proxy(target as (...given: readonly unknown[]) => unknown, {
      apply: (called, self, given: readonly unknown[]) => {
        const result: unknown = Reflect.apply(called, self, given);
        return isThenable(result) ? deliver(place, result) : result;
      },
    });
  }

  #define(object: object, name: string, place: string, descriptor: PropertyDescriptor, restore?: () => void): void {
    const before = Reflect.getOwnPropertyDescriptor(object, name);
    if (!Reflect.defineProperty(object, name, descriptor))
      throw unusable(
        place,
        "is a function of a frozen object, so that its calls can't be seen; give one that isn't frozen",
      );
    this.#before.push(
      restore ??
        (before === undefined
          ? () => void Reflect.deleteProperty(object, name)
          : () => void Object.defineProperty(object, name, before)),
    );
  }
}

/** The error of something shared that can't be. */
export function unusable(path: string, why: string): TroupeError {
  return new TroupeError("invalid-options", `interleave: shared${path === "" ? "" : `.${path}`} ${why}`, {
    details: { path },
  });
}

/** What has no parts that tasks share, or none that can be tapped. */
function isLeaf(object: object): boolean {
  return (
    types.isPromise(object) ||
    types.isDate(object) ||
    types.isRegExp(object) ||
    types.isNativeError(object) ||
    types.isAnyArrayBuffer(object) ||
    types.isWeakMap(object) ||
    types.isWeakSet(object) ||
    types.isProxy(object) ||
    ArrayBuffer.isView(object)
  );
}

function protoOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function keyText(key: unknown): string {
  return typeof key === "object" && key !== null ? "…" : String(key);
}
