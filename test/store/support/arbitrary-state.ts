/** Random states, and random recipes over them. */

import type { Draft } from "immer";
import fc from "fast-check";

/** Few names, so that states have much in common; some that trip up naive code. */
const fieldName = fc.constantFrom("a", "b", "c", "7", "12", "constructor", "__proto__", "length", "");

const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, 1, 2, "x", "y", "", NaN),
  fc.bigInt({ min: 0n, max: 2n }),
  fc.constant(undefined),
);

/** Plain data: nested objects and arrays of leaves. */
export const plainState: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof({ maxDepth: 4, depthSize: "small" }, leaf, tie("list"), tie("fields")),
  list: fc.array(tie("node"), { maxLength: 5 }),
  fields: fc.array(fc.tuple(fieldName, tie("node")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
})).node;

/** States whose nodes can all be drafted and are found in the same places. */
export interface Shelf {
  a?: Item;
  b?: Item;
  c?: Item | { wrapped: Item | undefined };
  list: Item[];
}

interface Item {
  x: number;
  y: { z: number; constructor?: unknown };
}

const plain = { noNullPrototype: true };

const item = fc.record({ x: fc.nat(9), y: fc.record({ z: fc.nat(9) }, plain) }, plain);

export const shelf: fc.Arbitrary<Shelf> = fc.record(
  { a: item, b: item, c: item, list: fc.array(item, { maxLength: 6 }) },
  { requiredKeys: ["list"], noNullPrototype: true },
);

/** A step of a recipe: which, where, where else. */
export type Step = readonly [step: number, to: number, from: number];

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.nat(11), fc.nat(9), fc.nat(9)), {
  minLength: 1,
  maxLength: 8,
});

/** Changes a shelf as recipes do: edits, moves, duplicates, wraps, deletes, splices, sorts. */
export function takeSteps(draft: Draft<Shelf>, taken: readonly Step[]): void {
  for (const [step, to, from] of taken) {
    const target = slot(draft, to);
    const source = slot(draft, from).get();
    switch (step) {
      case 0:
        if (source !== undefined) target.set(source as Item);
        break;
      case 1:
        if (isItem(source)) source.x = to;
        break;
      case 2:
        if (isItem(source)) source.y.z = to;
        break;
      case 3:
        draft.list.splice(to % (draft.list.length + 1), from % 3);
        break;
      case 4:
        draft.list.unshift({ x: 9, y: { z: from } });
        break;
      case 5:
        if (isItem(source)) draft.list.push(source);
        break;
      case 6:
        target.remove();
        break;
      case 7:
        draft.list.reverse();
        break;
      case 8:
        draft.list.sort((one, other) => one.x - other.x);
        break;
      case 9:
        if (isItem(source)) draft.c = { wrapped: source };
        break;
      case 10:
        if (isItem(source)) source.y.constructor = { z: to };
        break;
      default:
        target.set({ x: from, y: { z: to } });
    }
  }
}

function isItem(value: unknown): value is Item {
  return typeof value === "object" && value !== null && "y" in value;
}

function slot(draft: Draft<Shelf>, index: number): { get(): unknown; set(item: Item): void; remove(): void } {
  const field = (["a", "b", "c"] as const)[index];
  if (field !== undefined) {
    return {
      get: () => draft[field],
      set(value) {
        draft[field] = value;
      },
      remove() {
        delete draft[field];
      },
    };
  }
  const i = index % Math.max(1, draft.list.length);
  return {
    get: () => draft.list[i],
    set(value) {
      draft.list[i] = value;
    },
    remove: () => void draft.list.splice(i, 1),
  };
}
