/** The check of the options of an ask: by hand, as asks are on the path of every message. */

import type { AskOptions } from "../../actors/actor-ref.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";

const names: ReadonlySet<string> = new Set([
  "timeout",
  "signal",
  "detached",
  "idempotencyKey",
  // of `HostAskOptions`, which Troupe's own code gives
  "key",
  "isRepeat",
  "isTold",
  "listener",
]);

/** @throws TroupeError `invalid-options`; of an idempotency key, `keyOf` of the messenger says what is wrong. */
export function checkAskOptions(type: string, options: AskOptions): void {
  const where = `ask ${shown(type)}`;
  const problem = readGiven(where, () => problemOf(options));
  if (problem !== undefined) throw new TroupeError("invalid-options", `${where}: ${problem}`);
}

function problemOf(options: AskOptions): string | undefined {
  if (typeof options !== "object" || options === null) return `expected options, not ${shown(options)}`;
  for (const name in options) if (!names.has(name)) return `there is no option ${shown(name)}`;
  const { timeout, signal, detached } = options;
  if (timeout !== undefined && (typeof timeout !== "number" || Number.isNaN(timeout)))
    return `timeout is a number of milliseconds or Infinity, not ${shown(timeout)}`;
  if (signal !== undefined && !isSignal(signal)) return `signal is an AbortSignal, not ${shown(signal)}`;
  if (detached !== undefined && typeof detached !== "boolean")
    return `detached is true or false, not ${shown(detached)}`;
  return undefined;
}

/** By its methods, since there are implementations beside the platform's. */
function isSignal({ aborted, addEventListener, removeEventListener }: AbortSignal): boolean {
  return (
    typeof aborted === "boolean" && typeof addEventListener === "function" && typeof removeEventListener === "function"
  );
}
