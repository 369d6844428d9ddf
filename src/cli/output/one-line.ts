/** Makes text safe for a terminal: on one line, without characters that a terminal obeys. */

import { inspect } from "node:util";
import { visible } from "./visible.ts";

/** `text` on one line: line breaks and tabs become a blank, and what a terminal obeys is {@link visible}. */
export function oneLine(text: string): string {
  return visible(text.replaceAll(/\s*[\n\t\r\v\f\u0085\u2028\u2029]+\s*/gu, " ").trim());
}

/** The message of any thrown value, on one line. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return oneLine(thrown.message) || thrown.name;
  return oneLine(typeof thrown === "string" ? thrown : inspect(thrown, { depth: 1 }));
}

/** A value quoted for a message: as JSON, cut when long. */
export function quoted(value: string): string {
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}..."`;
}
