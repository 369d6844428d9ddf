/** The state of a key before its first commit. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { checkPlainState } from "./check-state.ts";
import { seal } from "./seal.ts";
import type { StateDefinition } from "./state-definition.ts";
import { stateKey } from "./state-key.ts";

/**
 * Returns `initial(id)`, deeply frozen.
 *
 * @throws TroupeError `no-such-key` without an `initial`; `invalid-state` when it isn't plain data.
 */
export function initialState<S>(definition: StateDefinition<S>, id: string): S {
  const key = stateKey(definition, id);
  if (definition.initial === undefined) {
    throw new TroupeError(
      "no-such-key",
      `${key} has no version, and ${definition.name} no initial state. Put it first, or give defineState an "initial".`,
      { details: { key } },
    );
  }
  const state = definition.initial(id);
  checkPlainState(definition, key, () => seal(state));
  return state;
}
