/**
 * Makes a state immutable for good (invariant 1): checks that it is plain data and freezes it to the bottom.
 *
 * `Object.isFrozen` isn't trusted on the way: an object that its maker froze can hold one that is not (immer stops there).
 * Dates, maps, sets and typed arrays are refused because they can be changed although frozen.
 */

import { setField } from "../../values/set-field.ts";
import { kindOf } from "../../values/value-copier.ts";
import type { PatchPath } from "./patch.ts";

const maxDepth = 256;

/** A part of a state that can't be kept. `check-state.ts` turns it into an `invalid-state` error that names the key. */
export class UnfitStateError extends Error {
  readonly path: PatchPath;
  /** What is there: "a function", "an instance of Account". */
  readonly received: string;

  constructor(path: PatchPath, received: string) {
    super(`${path.join(".")} is ${received}`);
    this.path = [...path];
    this.received = received;
  }
}

/**
 * Freezes `value` in place and all it holds. An object without a prototype is let through, and is an ordinary one on
 * other threads.
 *
 * @param path where `value` is in its state; used while walking, and as it was on return.
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

/** A deeply frozen copy. Nothing of `value` is in it, and `value` stays as it is. Throws as {@link seal} does. */
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

/** True for a value without parts; throws for one that no state may hold. */
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

/** Throws unless `value`, which is no array, is a plain object. */
export function checkPlain(value: object, path: PatchPath): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new UnfitStateError(path, kindOf(value));
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw new UnfitStateError(path, "an object with a field named by a symbol");
}

/** Throws for a getter: it could answer differently every time, and on every thread. */
export function checkField(owner: object, key: string, path: PatchPath): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, key);
  if (descriptor?.get !== undefined || descriptor?.set !== undefined)
    throw new UnfitStateError([...path, key], "a getter or setter");
}
