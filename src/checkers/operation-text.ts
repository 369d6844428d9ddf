/** An operation in words, such as `write 4` or `read → 4`. */

import type { Operation } from "./operation.ts";

/** In one line. What it was answered stands behind an arrow. */
export function operationText({ input, output }: Operation): string {
  const answer = output === undefined ? "" : ` → ${valueText(output)}`;
  return `${inputText(input)}${answer}`;
}

function inputText(input: unknown): string {
  if (typeof input !== "object" || input === null || !("f" in input)) return valueText(input);
  const { f, ...rest } = input;
  return [String(f), ...Object.values(rest).map(valueText)].join(" ");
}

function valueText(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return JSON.stringify(value) ?? String(value);
}
