/** A stretch of time for people. */

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** `12 ms`, `1.25 s`, `2 min 3 s`, `3 d 4 h`: the two largest units of what is longer than a minute. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(2)} s`;
  const at = units.findIndex(([, length]) => milliseconds >= length);
  const [unit, length] = units[at] ?? units[2];
  const [next, part] = units[at + 1] ?? ["s", 1000];
  const rest = Math.floor((milliseconds % length) / part);
  return `${Math.floor(milliseconds / length)} ${unit}${rest === 0 ? "" : ` ${rest} ${next}`}`;
}
