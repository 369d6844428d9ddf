/** A value of a state on one line, for people. */

const longest = 120;

/** JSON, with `12n` for bigints, `undefined`, `NaN`, `Infinity` and `-0` as they are written; cut after 120 characters. */
export function valueText(value: unknown): string {
  const text = textOf(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

function textOf(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null) return value === undefined ? "undefined" : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  return `{${Object.entries(value)
    .map(([name, field]) => `${JSON.stringify(name)}:${textOf(field)}`)
    .join(",")}}`;
}
