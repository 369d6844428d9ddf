/** Tells an agent that is broken from one that says no. */

import { statusOf } from "../../errors/http-status.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { ErrorCode } from "../../errors/error-code.ts";

/** How deep causes are searched: a getter can make causes without end. */
const maxDepth = 32;

/** Errors of the language and the platform: code that is wrong, memory that is short, a peer that doesn't answer. */
const names: ReadonlySet<unknown> = new Set([
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "EvalError",
  "URIError",
  "AggregateError",
  "TimeoutError",
]);

/** Codes of Node.js, of the system (`ECONNRESET`, `EAI_AGAIN`), and of undici, which `fetch` stands on. */
const code = /^(E(AI_)?[A-Z0-9]+|ERR_[A-Z0-9_]+|UND_ERR_[A-Z0-9_]+)$/;

/** Too slow, too many, or broken on its side. Any other 4xx is an answer. */
const statuses: ReadonlySet<number> = new Set([408, 429]);

/** What Troupe throws of itself where nothing is broken: another commit came first; or a handler threw, as its cause says. */
const answers: ReadonlySet<ErrorCode> = new Set(["conflict", "handler-failed"]);

/**
 * True for an error that shows that something is broken: one of the language or the platform, one with a system's code or a status of
 * a server that fails, or one of Troupe's, by itself or among its causes. False for what an agent says on purpose, such as
 * `new Error("the card was declined")`: that it can say so shows that it works.
 */
export function isBreakage(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < maxDepth && typeof at === "object" && at !== null; depth++) {
    if (isTroupeError(at) ? !answers.has(at.code) : isBroken(at)) return true;
    at = (at as { readonly cause?: unknown }).cause;
  }
  return false;
}

function isBroken(error: { readonly name?: unknown; readonly code?: unknown }): boolean {
  const status = statusOf(error);
  if (status !== undefined && (status >= 500 || statuses.has(status))) return true;
  return names.has(error.name) || (typeof error.code === "string" && code.test(error.code));
}
