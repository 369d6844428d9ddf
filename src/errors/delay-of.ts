/** Finds how long an error says to wait. */

import { causesOf } from "./caught.ts";
import { retryDelayOf } from "./retry-after.ts";

/** Milliseconds after which an error, or the first of its causes that says so, is worth another attempt. */
export function delayOf(error: unknown): number | undefined {
  for (const at of causesOf(error)) {
    const delay = retryDelayOf(at);
    if (delay !== undefined) return delay;
  }
  return undefined;
}
