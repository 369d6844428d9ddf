/** Rules, by key, for which versions of a history are kept. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { StateKey } from "../versions/state-key.ts";

/**
 * - `"all"`: every version.
 * - `last`: this many of the newest versions.
 * - `age`: every version that was the newest at some time within this many
 *   milliseconds.
 *
 * @since 0.1.0
 */
export type Keep = "all" | { readonly last: number } | { readonly age: number };

/**
 * What to keep of the keys that match a pattern.
 *
 * @example
 * const retention = [{ keys: "run/*", keep: { age: 7 * 24 * 3600_000 } }, { keys: "cache/*", keep: { last: 10 } }];
 * @since 0.1.0
 */
export interface RetentionRule {
  /** A key; `*` stands for any text, slashes too. */
  readonly keys: string;
  readonly keep: Keep;
}

interface SplitRule {
  /** The key's parts, between which there may be any text. */
  readonly parts: readonly string[];
  readonly keep: Keep;
}

/** Finds the rule for a key: the first that matches applies; without one, all versions are kept. */
export class RetentionRules {
  readonly #rules: readonly SplitRule[];

  /** @throws TroupeError `invalid-options` that names the rule. */
  constructor(rules: readonly RetentionRule[]) {
    this.#rules = rules.map(({ keys, keep }) => {
      checkKeep(keys, keep);
      return { parts: keys.split("*"), keep };
    });
  }

  keepOf(key: StateKey): Keep {
    for (const { parts, keep } of this.#rules) if (hasParts(key, parts)) return keep;
    return "all";
  }
}

/** Whether a key is these parts in their order, with any text between them. */
function hasParts(key: StateKey, [first = "", ...others]: readonly string[]): boolean {
  const last = others.pop();
  if (last === undefined) return key === first;
  if (!key.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = key.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return key.length - last.length >= at && key.endsWith(last);
}

function checkKeep(keys: string, keep: Keep): void {
  if (keep === "all") return;
  if ("last" in keep ? Number.isSafeInteger(keep.last) && keep.last >= 1 : Number.isFinite(keep.age) && keep.age >= 0)
    return;
  throw new TroupeError(
    "invalid-options",
    `retention of ${JSON.stringify(keys)}: keep is "all", { last: a whole number from 1 } or { age: milliseconds from 0 }, not ${JSON.stringify(keep)}`,
    { details: { keys, keep } },
  );
}
