/** A key's family without its schema: the command line uses states as they are. */

import * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { StateDefinition } from "../../store/versions/state-definition.ts";
import { defineFamily } from "../../store/versions/define-state.ts";
import type { StateKey } from "../../store/versions/state-key.ts";

export interface UntypedKey {
  readonly definition: StateDefinition;
  readonly id: string;
}

/**
 * @param version the version of the schema that states are written under.
 * @throws TroupeError `no-such-key` for text that isn't a key, which is a family's name, a slash and an id.
 */
export function untypedKey(key: StateKey, version: number): UntypedKey {
  const slash = key.indexOf("/");
  if (slash < 1) throw new TroupeError("no-such-key", `${key} is no key: write the family's name, a slash and an id`);
  const name = key.slice(0, slash);
  return { definition: defineFamily({ name, version, schema: v.unknown() }), id: key.slice(slash + 1) };
}
