/** What a span says of an error: what kind it is, and never what it says. */

import type { EncodedError } from "../errors/error-codec.ts";

/** For an error whose name may be data of the application. */
const other = "_OTHER";

const builtIn = new Set([
  ...["Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError"],
  ...["AggregateError", "AbortError", "TimeoutError"],
]);

/** Returns the code of an error of Troupe's or of a refusal, or the name of one of JavaScript's; `_OTHER` for any other. */
export function failureName({ kind, code, name }: EncodedError): string {
  if ((kind === "troupe" || kind === "refusal") && code !== undefined) return String(code);
  return kind === "error" && builtIn.has(name) ? name : other;
}
