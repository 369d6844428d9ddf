/** The private state of an actor with handlers: what it may hold, and that a handler that throws has changed nothing of it. */

import { types } from "node:util";
import { createDraft, finishDraft, isDraftable } from "immer";
import { TroupeError } from "../../errors/troupe-error.ts";
import { transfer } from "../../values/cloneable.ts";
import { setField } from "../../values/set-field.ts";
import { kindOf } from "../../values/value-copier.ts";

const maxDepth = 256;
const noFields: Fields = {};

type Path = readonly unknown[];
type Fields = Readonly<Record<string, unknown>>;
type Bytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/**
 * Owns the state. A draft protects plain objects, arrays, maps and sets: what a handler changes in them is dropped when it
 * throws. It hands out everything else as it is. So dates and bytes are copied for each handler, where there are any. Other
 * objects are refused, except for actor refs and frozen objects, which don't change.
 */
export class ActorState {
  readonly #definition: string;
  #state: object;
  /** True when it may hold dates or bytes. */
  #hasMutable: boolean;

  /** @throws TroupeError `invalid-state`. */
  constructor(definition: string, initial: object) {
    this.#definition = definition;
    this.#state = initial;
    this.#hasMutable = this.#check(initial, undefined);
  }

  /** As it is between two messages. */
  get current(): object {
    return this.#state;
  }

  /** A draft for one handler. */
  draft(): object {
    return createDraft(this.#hasMutable ? (copyMutable(this.#state) as object) : this.#state);
  }

  /**
   * Makes a draft the state.
   *
   * @throws TroupeError `invalid-state` that names the part that a state can't hold; the state is what it was.
   */
  finish(draft: object): void {
    const next = finished(draft, this.#definition);
    if (next === this.#state) return;
    this.#hasMutable = this.#check(next, this.#hasMutable ? undefined : this.#state);
    this.#state = next;
  }

  /**
   * True when it holds dates or bytes. Parts that are the same in `before`, which holds none, aren't looked at again. Written for
   * speed, as each message gets here: the usual containers come first, and `path` is one array, changed on the way.
   */
  #check(value: object, before: unknown, path: unknown[] = []): boolean {
    if (path.length > maxDepth) throw unfit(this.#definition, path, `a cycle, or deeper than ${maxDepth} levels`);
    if (types.isProxy(value)) throw unfit(this.#definition, path, "a part of a draft whose recipe has ended");
    if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
      return this.#checkFields(value, before, path);
    if (types.isMap(value) || types.isSet(value)) return this.#checkEntries(value, before, path);
    if (isDetached(value)) throw unfit(this.#definition, path, "bytes that were transferred");
    if (types.isDate(value) || isBytes(value)) return true;
    if (isDraftable(value)) return this.#checkFields(value, before, path);
    if (transfer in value || Object.isFrozen(value)) return false;
    throw unfit(this.#definition, path, kindOf(value));
  }

  #checkFields(value: object, before: unknown, path: unknown[]): boolean {
    const known = (before ?? noFields) as Fields;
    let hasMutable = false;
    for (const key of Object.keys(value))
      if (this.#checkPart((value as Fields)[key], known[key], key, path)) hasMutable = true;
    return hasMutable;
  }

  #checkEntries(
    value: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
    before: unknown,
    path: unknown[],
  ): boolean {
    let hasMutable = false;
    for (const [key, part] of value.entries())
      if (this.#checkPart(part, partAt(before, key, part), key, path)) hasMutable = true;
    return hasMutable;
  }

  #checkPart(part: unknown, before: unknown, key: unknown, path: unknown[]): boolean {
    if (typeof part !== "object" || part === null || part === before) return false;
    path.push(key);
    const hasMutable = this.#check(part, before, path);
    path.pop();
    return hasMutable;
  }
}

/**
 * The state that a draft has become.
 *
 * @throws TroupeError `invalid-state` for a part of another draft that has ended, such as one that a recipe got.
 */
export function finished(draft: object, definition: string): object {
  try {
    return finishDraft(draft);
  } catch (error) {
    const path = endedDraft(draft, []);
    if (path === undefined) throw error;
    throw unfit(definition, path, "a part of a draft whose recipe has ended", error);
  }
}

function unfit(definition: string, path: Path, received: string, cause?: unknown): TroupeError {
  const where = path.map(String).join(".");
  return new TroupeError(
    "invalid-state",
    `the state of the actor ${definition} can't hold what it has at ${where === "" ? "its root" : where}: ${received}. ` +
      "Keep plain data, maps and sets, dates and bytes, refs, and objects that are frozen; copy what comes from another draft.",
    {
      details: { definition, path: where, expected: "plain data", received },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function isBytes(value: object): value is Bytes {
  return types.isArrayBuffer(value) || (ArrayBuffer.isView(value) && types.isArrayBuffer(value.buffer));
}

/** The parts of a plain object, array, map or set, with what finds each in another version. */
function partsOf(value: object): Iterable<readonly [key: unknown, part: unknown]> {
  return types.isMap(value) || types.isSet(value) ? value.entries() : Object.entries(value);
}

function partAt(container: unknown, key: unknown, part: unknown): unknown {
  if (typeof container !== "object" || container === null) return undefined;
  if (types.isMap(container)) return container.get(key);
  if (types.isSet(container)) return container.has(part) ? part : undefined;
  return (container as Fields)[key as string];
}

/** The same value with all dates and bytes in it copied; what holds none is not copied. */
function copyMutable(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (types.isDate(value)) return new Date(value);
  if (isBytes(value)) return copyBytes(value);
  if (!isDraftable(value)) return value;
  let changed = false;
  const parts = [...partsOf(value)].map(([key, part]) => {
    const copy = copyMutable(part);
    changed ||= copy !== part;
    return [key, copy] as const;
  });
  if (!changed) return value;
  if (types.isMap(value)) return new Map(parts);
  if (types.isSet(value)) return new Set(parts.map(([, part]) => part));
  if (Array.isArray(value)) return parts.map(([, part]) => part);
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<PropertyKey, unknown>;
  for (const [key, part] of parts) setField(copy, key as string, part);
  for (const symbol of Object.getOwnPropertySymbols(value)) copy[symbol] = (value as typeof copy)[symbol];
  return copy;
}

/** True for bytes that belong to another thread by now: a copy of them can't be made for the next handler. */
function isDetached(value: object): boolean {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (!types.isArrayBuffer(buffer) || buffer.byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).byteLength > 0;
  } catch {
    return true; // only that throws for a detached one, as long as Node.js 20 has no other way to ask
  }
}

/** A copy of the same class: a Buffer stays one. */
function copyBytes(value: Bytes): Bytes {
  if (!ArrayBuffer.isView(value)) return value.slice(0);
  const { buffer, byteOffset, byteLength } = value;
  if (value instanceof DataView) return new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
  return Uint8Array.prototype.slice.call(value); // the same for all typed arrays
}

/** The path to a part of a draft that was revoked; `undefined` for none. */
function endedDraft(value: object, path: Path): Path | undefined {
  if (path.length > maxDepth) return undefined;
  for (const key of types.isMap(value) ? value.keys() : Object.keys(value)) {
    let part: unknown;
    try {
      part = partAt(value, key, undefined);
      Array.isArray(part); // throws, as reading it may do, for a proxy that was revoked
    } catch {
      return [...path, key];
    }
    const found = typeof part === "object" && part !== null ? endedDraft(part, [...path, key]) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
