/**
 * Copies a value on its way over a boundary and checks it in the same pass: isolation (invariant 1), an early and exact
 * error for what can't be cloned, and a bound on size (invariant 7).
 */

import { types } from "node:util";
import { encodeError } from "../errors/error-codec.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { fieldBeside, isHole, isSubclassed } from "./array-oddity.ts";
import { transfer, type Transferable } from "./cloneable.ts";
import { setField } from "./set-field.ts";

const maxDepth = 256;

/** How many parts of a path an error's message shows; its details have them all. */
const maxPathShown = 8;

/** The kinds of view on an ArrayBuffer that may be sent. Only the bytes that a view shows are copied. */
export const bufferViews: readonly (new (buffer: ArrayBuffer) => ArrayBufferView)[] = [
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
  BigUint64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
  DataView,
];

/**
 * Copies and checks values, one after another. After each {@link ValueCopier.copy} its fields describe that copy. It
 * allocates nothing but the copy, since it is on the path of every message (`bench/messages.ts`).
 */
export class ValueCopier {
  /** True when JSON carries the last copy without loss. */
  isJson = true;
  /** True when the last copy holds plain forms of transferable objects, which the receiver has to revive. */
  hasTransferred = false;
  /** The approximate size of the last copy on the wire, in bytes. */
  bytes = 0;
  readonly #maxBytes: number;
  /** The limit of the copy that is being made. */
  #limit: number;
  readonly #system: object | undefined;

  /** @param system the one that the copies are for: transferable objects of another one can't cross. */
  constructor(maxBytes: number, system?: object) {
    this.#maxBytes = maxBytes;
    this.#limit = maxBytes;
    this.#system = system;
  }

  /**
   * Returns a deep copy of the value's enumerable fields with string keys, as structured clone does. An object that the value
   * contains twice is copied twice. `what` names the value in errors,
   * such as `message "add"`.
   *
   * @param maxBytes the limit in place of the copier's own. What was accepted within the limit is copied without one from then
   * on, alone or together with others.
   * @throws TroupeError `not-cloneable` with the path and kind of the part that can't cross; `message-too-large` with
   * the limit, as soon as it is exceeded.
   */
  copy(value: unknown, what: string, maxBytes: number = this.#maxBytes): unknown {
    this.begin(maxBytes);
    let copied: unknown;
    try {
      copied = this.#copy(value, 0);
    } catch (failure) {
      throw toUnfit(failure).toError(what);
    }
    if (this.bytes > this.#limit) throw this.#tooLarge(what);
    return copied;
  }

  /** Resets the fields, for a copy that the caller makes and counts itself. */
  begin(maxBytes: number = this.#maxBytes): void {
    this.#limit = maxBytes;
    this.isJson = true;
    this.hasTransferred = false;
    this.bytes = 0;
  }

  /** True when the last copy is larger than the limit. */
  get isTooLarge(): boolean {
    return this.bytes > this.#limit;
  }

  #copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
        this.bytes += value.length + 2;
        return value;
      case "number":
        this.bytes += 8;
        // JSON has no NaN, no infinities and no negative zero
        if (!Number.isFinite(value) || (value === 0 && Object.is(value, -0))) this.isJson = false;
        return value;
      case "boolean":
        this.bytes += 4;
        return value;
      case "undefined":
        this.isJson = false;
        return value;
      case "bigint":
        this.isJson = false;
        this.bytes += BigInt.asIntN(64, value) === value ? 16 : value.toString(16).length;
        return value;
      case "object":
        if (value !== null) return this.#copyObject(value, depth);
        this.bytes += 4;
        return null;
      default:
        throw new Unfit(kindOf(value));
    }
  }

  /**
   * Counts a container's parts before it copies them, and copies none once the limit is exceeded: `copy` throws then. Arrays
   * and fields are copied here, since messages took 1.4 times as long with a method for each.
   */
  #copyObject(value: object, depth: number): unknown {
    if (depth > maxDepth) throw new Unfit(`a structure deeper than ${maxDepth} levels, or a cycle`);
    this.bytes += 2;
    if (Array.isArray(value)) {
      const { length } = value;
      const copy: unknown[] = [];
      this.bytes += length;
      if (this.bytes > this.#limit) return copy;
      checkArray(value);
      for (let i = 0; i < length; i++) {
        try {
          if (isHole(value, i)) throw new Unfit("a hole");
          copy.push(this.#copy(value[i], depth + 1));
        } catch (failure) {
          throw within(failure, i);
        }
      }
      return copy;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return this.#copyExotic(value, depth);
    const fields = value as Record<string, unknown>;
    const keys = Object.keys(fields);
    const copy: Record<string, unknown> = {};
    this.bytes += keys.length * 4;
    if (this.bytes > this.#limit) return copy;
    for (const key of keys) {
      this.bytes += key.length;
      try {
        setField(copy, key, this.#copy(fields[key], depth + 1));
      } catch (failure) {
        throw within(failure, key);
      }
    }
    return copy;
  }

  #copyExotic(value: object, depth: number): unknown {
    if (transfer in value) {
      const plain = (value as Transferable)[transfer](this.#system);
      if (plain === undefined) throw new Unfit("a ref on an actor of another system");
      this.hasTransferred = true;
      return this.#copy(plain, depth + 1);
    }
    this.isJson = false;
    if (types.isMap(value)) return this.#copyMap(value, depth);
    if (types.isSet(value)) return this.#copySet(value, depth);
    if (types.isDate(value)) {
      this.bytes += 8;
      return new Date(value);
    }
    if (types.isArrayBuffer(value) || (ArrayBuffer.isView(value) && types.isArrayBuffer(value.buffer))) {
      this.bytes += value.byteLength;
      return this.bytes > this.#limit ? undefined : copyBytes(value as ArrayBuffer | ArrayBufferView<ArrayBuffer>);
    }
    throw new Unfit(kindOf(value));
  }

  #copyMap(entries: ReadonlyMap<unknown, unknown>, depth: number): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    let at: string | number = 0;
    try {
      for (const [key, value] of entries) {
        this.bytes += 2;
        if (this.bytes > this.#limit) break;
        at = typeof key === "string" || typeof key === "number" ? key : copy.size;
        copy.set(this.#copy(key, depth + 1), this.#copy(value, depth + 1));
      }
    } catch (failure) {
      throw within(failure, at);
    }
    return copy;
  }

  #copySet(members: ReadonlySet<unknown>, depth: number): Set<unknown> {
    const copy = new Set<unknown>();
    try {
      for (const member of members) {
        this.bytes += 1;
        if (this.bytes > this.#limit) break;
        copy.add(this.#copy(member, depth + 1));
      }
    } catch (failure) {
      throw within(failure, copy.size);
    }
    return copy;
  }

  #tooLarge(what: string): TroupeError {
    return new TroupeError(
      "message-too-large",
      `${what} takes more than the limit of ${this.#limit} bytes. Send less, put it in the store and send its key, or raise maxMessageBytes.`,
      { details: { maxBytes: this.#limit } },
    );
  }
}

/**
 * Copies only the bytes that a view shows: a Buffer is often a small part of a pool, and the receiver must not see the
 * rest of it.
 */
function copyBytes(value: ArrayBuffer | ArrayBufferView<ArrayBuffer>): ArrayBuffer | ArrayBufferView {
  const View = bufferViews.find((each) => value instanceof each);
  if (View === undefined) return structuredClone(value);
  const { buffer, byteOffset, byteLength } = value as ArrayBufferView<ArrayBuffer>;
  return new View(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** Thrown for a part that can't cross, and given the path to that part as it passes the containers; never leaves this file. */
class Unfit extends Error {
  readonly path: (string | number)[] = [];

  toError(what: string): TroupeError {
    const parts = this.path.slice(0, maxPathShown).map(pathPart);
    if (this.path.length > maxPathShown) parts.push(" …");
    const where = parts.length === 0 ? "it" : `its field ${parts.join("").replace(/^\./, "")}`;
    return new TroupeError(
      "not-cloneable",
      `${what} can't cross to another actor: ${where} is ${this.message}. Send plain data.`,
      {
        details: { path: this.path, kind: this.message },
        ...(this.cause === undefined ? {} : { cause: this.cause }),
      },
    );
  }
}

function pathPart(part: string | number): string {
  if (typeof part === "number") return `[${part}]`;
  return /^[\w$]+$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
}

function within(failure: unknown, part: string | number): Unfit {
  const unfit = toUnfit(failure);
  unfit.path.unshift(part);
  return unfit;
}

/** An error of the value's own, such as a getter's, a proxy's or a detached buffer's, becomes the part that can't be read. */
function toUnfit(failure: unknown): Unfit {
  if (failure instanceof Unfit) return failure;
  return new Unfit(`something that can't be read (${encodeError(failure).message})`, { cause: failure });
}

/** Throws for an array that has what its copy wouldn't have. */
function checkArray(value: readonly unknown[]): void {
  if (isSubclassed(value)) throw new Unfit(kindOf(value));
  const field = fieldBeside(value);
  if (field !== undefined) throw within(new Unfit("a field of an array, beside its elements"), field);
}

/** Names what a value is, for an error: "the function add", "an instance of Account", "a symbol". Never throws. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "function":
    case "object":
      try {
        return typeof value === "function" ? functionKind(value) : objectKind(value);
      } catch {
        return `${typeof value === "object" ? "an" : "a"} ${typeof value} that can't be read`;
      }
    default:
      return `a ${typeof value}`;
  }
}

function functionKind({ name }: { readonly name: unknown }): string {
  return typeof name === "string" && name !== "" ? `the function ${name}` : "a function";
}

function objectKind(value: object): string {
  if (Array.isArray(value) && !isSubclassed(value)) return "an array";
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: unknown } } | null;
  if (prototype === null || prototype === Object.prototype) return "an object";
  const name = prototype.constructor?.name;
  if (name === undefined || name === "Object") return "an object with a prototype of its own";
  const kind = typeof name === "string" && name !== "" ? `an instance of ${name}` : "an instance of an unnamed class";
  if (types.isProxy(value)) return `a Proxy of ${kind}`;
  return ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer) ? `${kind} over shared memory` : kind;
}
