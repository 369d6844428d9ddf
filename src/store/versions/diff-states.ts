/**
 * Finds what changed between a sealed state and the next one, and seals the next one on the way.
 *
 * Used instead of immer's own patches, since here removing an element of an array is one patch, not one for each
 * element that moved; fields may be called `constructor`; the order of fields, which programs can observe, is the same
 * on every replica; and sealing takes no second pass.
 */

import type { Patch } from "./patch.ts";
import { isHole } from "../../values/array-oddity.ts";
import { checkArray, checkElement, checkField, checkPlain, isLeaf, ownPart, seal } from "./seal.ts";

/** How much of the old node the new one keeps. */
type Kept = "all" | "some" | "none";

/** What was found so far. */
interface Found {
  readonly patches: Patch[];
  /** True to give a patch for each part, even if one for the whole is shorter. */
  readonly isFine: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Returns patches that turn `base` into `next`; none when they are deeply equal.
 *
 * Guarantees: `applyPatches(base, patches)` equals `next`, in the order of fields too; `next` is deeply frozen
 * afterwards; work and patches grow with the change and the width of the nodes above it, not with the state. Parts that
 * `next` shares with `base` in the same place aren't visited.
 *
 * @param base a sealed state.
 * @param isFine true, for display to people, to report an object or array of which every part changed part by part.
 * Default false: as a whole.
 * @throws UnfitStateError when `next` isn't plain data; it may be frozen in part by then.
 * @example
 * diffStates({ n: 1, tags: ["a"] }, { n: 2, tags: ["a"] }); // [{ op: "replace", path: ["n"], value: 2 }]
 */
export function diffStates(base: unknown, next: unknown, isFine = false): Patch[] {
  const patches: Patch[] = [];
  diffNode(base, next, [], { patches, isFine });
  return patches;
}

function diffNode(base: unknown, next: unknown, path: (string | number)[], found: Found): Kept {
  if (Object.is(base, next)) return "all";
  if (!isLeaf(next, path) && typeof base === "object" && base !== null) {
    if (Array.isArray(next)) {
      if (Array.isArray(base)) return diffArrays(base, next, path, found);
    } else if (!Array.isArray(base)) {
      checkPlain(next, path);
      return diffObjects(base as Fields, next as Fields, path, found);
    }
  }
  seal(next, path);
  found.patches.push({ op: "replace", path: [...path], value: next });
  return "none";
}

function diffObjects(base: Fields, next: Fields, path: (string | number)[], found: Found): Kept {
  const { patches } = found;
  const first = patches.length;
  const baseKeys = Object.keys(base);
  const nextKeys = Object.keys(next);
  const isSameShape = areSameKeys(baseKeys, nextKeys); // the usual case
  if (!isSameShape) {
    if (!keepsOrder(base, baseKeys, nextKeys)) return replaceWhole(next, path, found, first);
    for (const key of baseKeys) {
      if (!Object.hasOwn(next, key)) patches.push({ op: "remove", path: [...path, key] });
    }
  }
  let keptSome = false;
  for (const key of nextKeys) {
    const value = next[key];
    const known = isSameShape || Object.hasOwn(base, key);
    if (known && Object.is(base[key], value)) {
      keptSome = true;
      continue;
    }
    checkField(next, key, path);
    path.push(key);
    const part = ownPart(next, key, path);
    if (!known) {
      seal(part, path);
      patches.push({ op: "add", path: [...path], value: part });
    } else if (diffNode(base[key], part, path, found) !== "none") keptSome = true;
    path.pop();
  }
  return finish(next, keptSome, path, found, first);
}

function diffArrays(base: readonly unknown[], next: readonly unknown[], path: (string | number)[], found: Found): Kept {
  checkArray(next, path);
  const { patches } = found;
  const first = patches.length;
  let start = 0;
  let baseEnd = base.length;
  let nextEnd = next.length;
  while (start < baseEnd && start < nextEnd && Object.is(base[start], next[start]) && !isHole(next, start)) start++;
  while (baseEnd > start && nextEnd > start && Object.is(base[baseEnd - 1], next[nextEnd - 1])) {
    if (isHole(next, nextEnd - 1)) break;
    baseEnd--;
    nextEnd--;
  }
  let keptSome = start > 0 || nextEnd < next.length;
  const both = Math.min(baseEnd, nextEnd);
  for (let i = start; i < nextEnd; i++) {
    checkElement(next, i, path);
    path.push(i);
    const part = ownPart(next, i, path);
    if (i >= both) {
      seal(part, path);
      patches.push({ op: "add", path: [...path], value: part });
    } else if (diffNode(base[i], part, path, found) !== "none") keptSome = true;
    path.pop();
  }
  for (let i = baseEnd - 1; i >= both; i--) patches.push({ op: "remove", path: [...path, i] });
  return finish(next, keptSome, path, found, first);
}

/**
 * Freezes the node, whose children are sealed by now. Replaces its patches by one if the new node keeps nothing of the
 * old.
 */
function finish(
  next: object,
  keptSome: boolean,
  path: readonly (string | number)[],
  { patches, isFine }: Found,
  first: number,
): Kept {
  Object.freeze(next);
  if (patches.length === first) return "all";
  if (keptSome) return "some";
  if (patches.length > first + 1 && !isFine) {
    patches.length = first;
    patches.push({ op: "replace", path: [...path], value: next });
  }
  return "none";
}

function replaceWhole(next: object, path: (string | number)[], { patches }: Found, first: number): Kept {
  seal(next, path);
  patches.length = first;
  patches.push({ op: "replace", path: [...path], value: next });
  return "none";
}

function areSameKeys(baseKeys: readonly string[], nextKeys: readonly string[]): boolean {
  if (baseKeys.length !== nextKeys.length) return false;
  for (let i = 0; i < baseKeys.length; i++) if (baseKeys[i] !== nextKeys[i]) return false;
  return true;
}

/** True when patching `base` field by field, with new fields last, gives the order of `nextKeys`. */
function keepsOrder(base: Fields, baseKeys: readonly string[], nextKeys: readonly string[]): boolean {
  let at = 0;
  let added = false;
  for (const key of nextKeys) {
    if (key === baseKeys[at]) at++;
    else if (isIndexKey(key)) continue; // JavaScript keeps these in ascending order anyway
    else if (!Object.hasOwn(base, key)) {
      added = true;
      continue;
    } else {
      while (at < baseKeys.length && baseKeys[at] !== key) at++;
      if (at === baseKeys.length) return false;
      at++;
    }
    if (added && !isIndexKey(key)) return false;
  }
  return true;
}

function isIndexKey(key: string): boolean {
  const code = key.charCodeAt(0);
  if (!(code >= 48 && code <= 57)) return false;
  const index = Number(key) >>> 0;
  return String(index) === key && index !== 0xffffffff;
}
