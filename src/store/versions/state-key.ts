/** The keys of the store. */

import { caught } from "../../errors/caught.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { sentence } from "../../values/sentence.ts";
import { shown } from "../../values/shown.ts";

/**
 * A key of the store: the family's name, a slash and the id.
 *
 * @since 0.1.0
 */
export type StateKey = string;

/**
 * The key of one member of a family.
 *
 * @throws TroupeError `invalid-options` for what is no definition of a state, and for an id that is no text.
 */
export function stateKey(definition: { readonly name: string }, id: string): StateKey {
  const name = familyOf(definition);
  if (typeof id !== "string")
    throw new TroupeError("invalid-options", `the id of a ${name} is a text, not ${shown(id)}`);
  return `${name}/${id}`;
}

/** The key of one member of a family whose states are read or written: for that, the family has to be defined. */
export function definedKey(definition: { readonly name: string; readonly kind: "state" }, id: string): StateKey {
  const key = stateKey(definition, id);
  if (definition.kind !== "state") throw noDefinition(definition);
  return key;
}

function familyOf(definition: { readonly name: string }): string {
  let name: unknown;
  try {
    ({ name } = definition);
  } catch (thrown) {
    throw noDefinition(definition, caught(thrown));
  }
  if (typeof name !== "string") throw noDefinition(definition);
  return name;
}

/** The error for anything else where what `defineState` returned is due. */
function noDefinition(given: unknown, cause?: unknown): TroupeError {
  const what =
    given === undefined ? "undefined. Is it exported under that name, and is its import not circular?" : shown(given);
  return new TroupeError(
    "invalid-options",
    sentence(`the store expected what defineState returned, not ${what}`),
    cause === undefined ? {} : { cause },
  );
}
