/** Makes text safe for a terminal: on one line, without control characters. */

import { inspect } from "node:util";

/** `text` on one line: line breaks and other control characters become a blank. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s*[\p{Cc}\u2028\u2029]+\s*/gu, " ").trim();
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
