/** The search for the first version for which something holds. */

/**
 * Reads versions and asks of each whether it holds, until it is known which is the first. Right when it holds for every
 * version after that one too.
 *
 * Guarantees: at most ⌈log₂(n + 1)⌉ versions of n are read and asked about, one after the other.
 *
 * @returns what was read of that version; `undefined` when it holds for none.
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
