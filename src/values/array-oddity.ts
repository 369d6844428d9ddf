/** What an array may have that no copy of it would: a class of its own, holes, fields beside its elements. */

/** Above so many elements, fields beside them are not looked for, as that takes longer than to copy the elements. */
const mostLookedThrough = 64;

/** True for the instance of a class that extends Array. Another realm's arrays are arrays. */
export function isSubclassed(array: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(array);
  return prototype !== Array.prototype && !Array.isArray(prototype);
}

/** True for an index without an element: it reads as undefined, but isn't an element that is undefined. */
export function isHole(array: readonly unknown[], index: number): boolean {
  return array[index] === undefined && !Object.hasOwn(array, index);
}

/**
 * The name of a field that an array has beside its elements, such as `index` in what `String.prototype.match` returns; `undefined`
 * for none, and for an array of more than 64 elements.
 */
export function fieldBeside(array: readonly unknown[]): string | undefined {
  if (array.length > mostLookedThrough) return undefined;
  const keys = Object.keys(array); // indices come first
  const last = keys[keys.length - 1];
  if (last === undefined || last === String(array.length - 1)) return undefined; // the usual case
  return keys.find((key) => !/^\d+$/.test(key));
}
