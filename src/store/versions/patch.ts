/** The changes between two states, in the shape of immer's patches, so that tools for those work with these. */

/**
 * The path to a value in a state: names of fields and indexes of elements. `[]` is the state itself.
 *
 * @experimental
 * @since 0.1.0
 */
export type PatchPath = readonly (string | number)[];

/**
 * One change. In an array `add` inserts and `remove` closes the gap. A list of patches applies in order.
 *
 * Guarantees: plain data; the value of a patch that `diff-states.ts` made is deeply frozen. A `replace` or `add`
 * of `undefined` may lose its `value` on a JSON channel and means the same without it.
 *
 * @experimental
 * @since 0.1.0
 */
export interface Patch {
  readonly op: "replace" | "add" | "remove";
  readonly path: PatchPath;
  readonly value?: unknown;
}
