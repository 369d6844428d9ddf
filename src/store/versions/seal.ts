/**
 * Makes a state immutable (invariant 1): checks that it is plain data and freezes it deeply.
 *
 * It doesn't stop at frozen objects, as immer does, since a frozen object can hold an object that isn't. Dates, maps, sets
 * and typed arrays are refused, because freezing doesn't make them immutable.
 */

import { setField } from "../../values/set-field.ts";
import { kindOf } from "../../values/value-copier.ts";
import type { PatchPath } from "./patch.ts";

const maxDepth = 256;

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
    for (let i = 0; i < value.length; i++) sealChild(value[i], i, path);
  } else {
    checkPlain(value, path);
    for (const key of Object.keys(value)) {
      checkField(value, key, path);
      sealChild((value as Record<string, unknown>)[key], key, path);
    }
  }
  Object.freeze(value);
}

/**
 * Returns a deeply frozen copy that shares nothing with `value`, which stays unchanged. Throws as {@link seal} does.
 */
export function sealedCopy(value: unknown, path: (string | number)[] = []): unknown {
  if (isLeaf(value, path)) return value;
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (child, i) => copyChild(child, i, path)));
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

function sealChild(child: unknown, part: string | number, path: (string | number)[]): void {
  path.push(part);
  seal(child, path);
  path.pop();
}

/** True for a value without parts; throws for a value that a state can't hold. */
export function isLeaf(
  value: unknown,
  path: PatchPath,
): value is undefined | null | boolean | number | bigint | string {
  switch (typeof value) {
    case "object":
      if (value === null) return true;
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
