/** Finds the refusal that an error comes from. */

import { causesOf } from "./caught.ts";
import { isRefusal, type Refusal } from "./refusal.ts";

/**
 * The {@link Refusal} that an error is, or has among its causes; `undefined` if there is none. The error of a run whose step
 * was refused has it there, and so has that of an ask whose handler refused.
 *
 * @example
 * try { await run.result; }
 * catch (error) {
 *   if (refusalOf(error)?.code !== "card-declined") throw error;
 *   await askForAnotherCard();
 * }
 * @since 0.1.0
 */
export function refusalOf(error: unknown): Refusal | undefined {
  for (const at of causesOf(error)) if (isRefusal(at)) return at;
  return undefined;
}
