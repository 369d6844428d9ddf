/** Applies patches to a sealed state; the counterpart of `diff-states.ts`. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { setField } from "../../values/set-field.ts";
import type { Patch, PatchPath } from "./patch.ts";
import { seal } from "./seal.ts";

/**
 * Returns `base` with the patches applied.
 *
 * Guarantees: `base` is untouched; every subtree that no patch reaches into is the identical object in the result; the
 * result is deeply frozen when `base` is. Values of the patches are frozen in place, not copied.
 *
 * @param base a sealed state; `undefined` for a key without a version, where the first patch must be a `replace` at
 * path `[]`.
 * @throws TroupeError `invalid-state` for a patch that doesn't fit, UnfitStateError for a value that isn't plain data.
 */
export function applyPatches(base: unknown, patches: readonly Patch[]): unknown {
  const copies = new Set<object>();
  let root = base;
  for (const patch of patches) {
    if (patch.op !== "remove") seal(patch.value, [...patch.path]);
    if (patch.path.length > 0) root = applyOne(root, patch, copies);
    else if (patch.op === "replace") root = patch.value;
    else throw doesNotFit(patch);
  }
  for (const copy of copies) Object.freeze(copy);
  return root;
}

function applyOne(root: unknown, patch: Patch, copies: Set<object>): unknown {
  const { path } = patch;
  const ownRoot = ownCopy(root, patch, copies);
  let node = ownRoot;
  for (let i = 0; i < path.length - 1; i++) {
    const part = path[i] as string | number;
    const child = ownCopy(childOf(node, part, patch), patch, copies);
    put(node, part, child);
    node = child;
  }
  change(node, path[path.length - 1] as string | number, patch);
  return ownRoot;
}

function change(node: object, part: string | number, patch: Patch): void {
  if (!Array.isArray(node)) {
    if (patch.op !== "add") childOf(node, part, patch);
    if (patch.op === "remove") delete (node as Record<string, unknown>)[part];
    else put(node, part, patch.value);
    return;
  }
  if (patch.op !== "add") childOf(node, part, patch);
  else if (!isIndex(part) || part > node.length) throw doesNotFit(patch);
  if (patch.op === "add") node.splice(part as number, 0, patch.value);
  else if (patch.op === "remove") node.splice(part as number, 1);
  else node[part as number] = patch.value;
}

/** Returns a copy of the node that may be changed until it is frozen: the node itself if it is such a copy. */
function ownCopy(node: unknown, patch: Patch, copies: Set<object>): object {
  if (typeof node !== "object" || node === null) throw doesNotFit(patch);
  if (copies.has(node)) return node;
  const copy: object = Array.isArray(node) ? node.slice() : { ...node };
  copies.add(copy);
  return copy;
}

function childOf(node: object, part: string | number, patch: Patch): unknown {
  if (Array.isArray(node) ? isIndex(part) && part < node.length : Object.hasOwn(node, part)) {
    return (node as Record<string | number, unknown>)[part];
  }
  throw doesNotFit(patch);
}

function put(node: object, part: string | number, value: unknown): void {
  if (Array.isArray(node)) node[part as number] = value;
  else setField(node as Record<string, unknown>, String(part), value);
}

function isIndex(part: string | number): part is number {
  return typeof part === "number" && Number.isInteger(part) && part >= 0;
}

function doesNotFit({ op, path }: { readonly op: string; readonly path: PatchPath }): TroupeError {
  return new TroupeError(
    "invalid-state",
    `A patch (${op} at ${path.length === 0 ? "the root" : path.join(".")}) doesn't fit the state it is for. Compute patches from the version named as parent.`,
    { details: { op, path } },
  );
}
