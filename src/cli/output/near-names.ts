/** Finds names similar to a mistyped one. */

const most = 3;

/**
 * The three nearest of the names that differ from `name` in at most one letter of five, begin with it, or are its
 * beginning.
 */
export function nearNames(name: string, names: readonly string[]): readonly string[] {
  const limit = Math.max(1, Math.floor(name.length / 5));
  return names
    .map((other) => ({ other, distance: isBeginning(name, other) ? 0 : distance(name, other, limit) }))
    .filter((one) => one.distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ other }) => other);
}

function isBeginning(name: string, other: string): boolean {
  return name !== "" && (other.startsWith(name) || name.startsWith(other));
}

/**
 * How many letters to add, remove, change, or swap with the next one; any number above `limit` if there are more. The
 * optimal string alignment distance (Damerau 1964).
 */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
