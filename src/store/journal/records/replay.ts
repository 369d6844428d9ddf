/** Computes a version's state from its record and the state before. */

import { applyPatches } from "../../versions/apply-patches.ts";
import type { Patch } from "../../versions/patch.ts";
import { sealDecoded } from "../../versions/seal.ts";
import type { StateKey } from "../../versions/state-key.ts";
import { corruptVersion } from "./corrupt-record.ts";
import { startsAnew } from "./record-codec.ts";

/**
 * Applies decoded patches to a sealed state; the result is sealed, too.
 *
 * @throws TroupeError `journal-corrupt` that names the version, for patches that don't fit.
 */
export function replay(key: StateKey, version: number, state: unknown, patches: readonly Patch[]): unknown {
  if (patches.length === 0) return state;
  const from = patches.findLastIndex((patch) => startsAnew([patch]));
  const anew = patches[from];
  let base = state;
  if (anew?.op === "replace") sealDecoded((base = anew.value));
  try {
    return applyPatches(base, patches.slice(from + 1));
  } catch (cause) {
    throw corruptVersion(key, version, "its patches don't fit the version before", cause);
  }
}
