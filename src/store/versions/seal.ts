/**
 * Makes a state immutable (invariant 1): checks that it is plain data and freezes it deeply.
 *
 * It doesn't stop at frozen objects, as immer does, since a frozen object can hold an object that isn't. Dates, maps, sets
 * and typed arrays are refused, because freezing doesn't make them immutable.
 */

import { types } from "node:util";
import { fieldBeside, isHole, isSubclassed } from "../../values/array-oddity.ts";
import { setField } from "../../values/set-field.ts";
import { kindOf } from "../../values/value-copier.ts";
import type { PatchPath } from "./patch.ts";

const maxDepth = 256;

/** How many elements an array has at most. JavaScript's arrays may say 2^32 - 1 at no cost, and each walk over that takes minutes. */
const maxLength = 2 ** 22;

/**
 * The error of a part of a state that can't be kept. `check-state.ts` turns it into an `invalid-state` error that names
 * the key.
 */
export class UnfitStateError extends Error {
  readonly path: PatchPath;
  /** What the part is: "a function", "an instance of Account". */
  readonly received: string;

  constructor(path: PatchPath, received: string) {
    super(`${path.join(".")} is ${received}`);
    this.path = [...path];
    this.received = received;
  }
}

/**
 * Freezes `value` and everything in it, in place. An object without a prototype is accepted, and becomes an ordinary
 * one on other threads.
 *
 * @param path the path of `value` in its state; changed during the walk and restored on return.
 * @throws UnfitStateError for anything but plain objects, arrays, strings, numbers, booleans, bigints, null and
 * undefined: also getters, fields named by symbols, cycles, and structures deeper than 256.
 */
export function seal(value: unknown, path: (string | number)[] = []): void {
  if (isLeaf(value, path)) return;
  if (Array.isArray(value)) {
    checkArray(value, path);
    for (let i = 0; i < value.length; i++) {
      checkElement(value, i, path);
      sealChild(value, i, path);
    }
  } else {
    checkPlain(value, path);
    for (const key of Object.keys(value)) {
      checkField(value, key, path);
      sealChild(value, key, path);
    }
  }
  Object.freeze(value);
}

/** Freezes data that was decoded, and so is plain: {@link seal} without its checks, in a fifth of the time. */
export function sealDecoded(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) sealDecoded((value as Record<string, unknown>)[key]);
  Object.freeze(value);
}

/**
 * Returns a deeply frozen copy that shares nothing with `value`, which stays unchanged. Throws as {@link seal} does.
 */
export function sealedCopy(value: unknown, path: (string | number)[] = []): unknown {
  if (isLeaf(value, path)) return value;
  if (Array.isArray(value)) {
    checkArray(value, path);
    const elements: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      checkElement(value, i, path);
      elements.push(copyChild(value[i], i, path));
    }
    return Object.freeze(elements);
  }
  checkPlain(value, path);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    checkField(value, key, path);
    setField(copy, key, copyChild((value as Record<string, unknown>)[key], key, path));
  }
  return Object.freeze(copy);
}

function copyChild(child: unknown, part: string | number, path: (string | number)[]): unknown {
  path.push(part);
  const copy = sealedCopy(child, path);
  path.pop();
  return copy;
}

function sealChild(owner: object, part: string | number, path: (string | number)[]): void {
  path.push(part);
  seal(ownPart(owner, part, path), path);
  path.pop();
}

/**
 * The part of a state at `part`. A draft of another recipe, such as a part of an actor's draft, is replaced by a copy of what
 * it is now, in `owner` too: frozen, it could not be read any more, and the copy doesn't change with it. So is any proxy.
 *
 * @param path that of the part.
 * @throws UnfitStateError for a proxy that can't be read, as when its recipe has ended.
 */
export function ownPart(owner: object, part: string | number, path: (string | number)[]): unknown {
  const value = (owner as Record<string | number, unknown>)[part];
  if (typeof value !== "object" || !types.isProxy(value)) return value;
  const copy = ownCopy(value, path);
  if (!Reflect.set(owner, part, copy)) throw new UnfitStateError(path, "a draft in something frozen");
  return copy;
}

/** The same for a whole state. */
export function ownState(value: unknown): unknown {
  return types.isProxy(value) ? ownCopy(value, []) : value;
}

function ownCopy(value: unknown, path: (string | number)[]): unknown {
  try {
    return sealedCopy(value, path);
  } catch (error) {
    throw error instanceof UnfitStateError ? error : new UnfitStateError(path, "a draft whose recipe has ended");
  }
}

/** Throws for an array that has what its copy on another thread wouldn't have. */
export function checkArray(value: readonly unknown[], path: PatchPath): void {
  if (isSubclassed(value)) throw new UnfitStateError(path, kindOf(value));
  const field = fieldBeside(value);
  if (field !== undefined) throw new UnfitStateError([...path, field], "a field of an array, beside its elements");
}

/** Throws for a hole. */
export function checkElement(value: readonly unknown[], index: number, path: PatchPath): void {
  if (isHole(value, index)) throw new UnfitStateError([...path, index], "a hole");
}

/** True for a value without parts; throws for a value that a state can't hold. */
export function isLeaf(
  value: unknown,
  path: PatchPath,
): value is undefined | null | boolean | number | bigint | string {
  switch (typeof value) {
    case "object":
      if (value === null) return true;
      if (Array.isArray(value) && value.length > maxLength)
        throw new UnfitStateError(path, `an array of ${value.length} elements, and ${maxLength} are the most`);
      if (path.length > maxDepth) throw new UnfitStateError(path, `a cycle, or deeper than ${maxDepth} levels`);
      return false;
    case "function":
    case "symbol":
      throw new UnfitStateError(path, kindOf(value));
    default:
      return true;
  }
}

/** Throws unless `value`, which isn't an array, is a plain object. */
export function checkPlain(value: object, path: PatchPath): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new UnfitStateError(path, kindOf(value));
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw new UnfitStateError(path, "an object with a field named by a symbol");
}

/** Throws for a getter, which could return another value each time and on each thread. */
export function checkField(owner: object, key: string, path: PatchPath): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, key);
  if (descriptor?.get !== undefined || descriptor?.set !== undefined)
    throw new UnfitStateError([...path, key], "a getter or setter");
}
