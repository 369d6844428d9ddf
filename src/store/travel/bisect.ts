/** A binary search for the first version that satisfies a condition. */

/**
 * Finds the first version that satisfies the condition. The result is right only if all later versions satisfy it too.
 *
 * Guarantees: at most ⌈log₂(n + 1)⌉ versions of n are read and tested, one after the other.
 *
 * @returns what was read of that version; `undefined` if no version satisfies the condition.
 */
export async function bisect<V>(
  lowest: number,
  highest: number,
  read: (version: number) => Promise<V>,
  holds: (version: V) => boolean | Promise<boolean>,
): Promise<V | undefined> {
  let [low, high] = [lowest, highest + 1];
  let first: V | undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const version = await read(middle);
    if (await holds(version)) {
      first = version;
      high = middle;
    } else low = middle + 1;
  }
  return first;
}
