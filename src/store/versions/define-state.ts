/** Defines a family of versioned keys. */

import { isName, nameRule } from "../../values/name.ts";
import { schemaProblem } from "../../contracts/check-schema.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { StateDefinition, StateOptions, Upcaster } from "./state-definition.ts";
import { checkFamily } from "./reserved-families.ts";
import { upcastTo } from "./upcast.ts";
import { unknownOption } from "../../contracts/unknown-option.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { shown } from "../../values/shown.ts";

/**
 * Defines a family of versioned keys, `name/<id>`.
 *
 * @throws TroupeError `invalid-options` for an invalid name or version, for a name that Troupe keeps for itself (`run`, `mail`,
 * `breaker` and some more), for a schema that isn't valibot's or is asynchronous, for an option that doesn't exist, for upcasters with a gap, or for an upcaster of a version that isn't older than this one.
 * @example
 * export const account = defineState({
 *   name: "account", version: 2, schema: v.object({ cents: v.number() }), initial: () => ({ cents: 0 }),
 *   upcasters: { 1: (old: { euros: number }) => ({ cents: old.euros * 100 }) },
 * });
 * @since 0.1.0
 */
export function defineState<S>(options: StateOptions<S>): StateDefinition<S> {
  return readGiven("defineState", () => {
    checkFamily(options.name);
    return defineFamily(options);
  });
}

/** The same for any family: {@link defineState} is for an application's. */
export function defineFamily<S>(options: StateOptions<S>): StateDefinition<S> {
  const { name, version, upcasters = {}, initial } = options;
  if (!isName(name)) {
    throw new TroupeError("invalid-options", `defineState: the name ${shown(name)} may have ${nameRule}`);
  }
  const isSpread = "kind" in options; // the next version of a family may take over the fields of the one before
  const unknown = isSpread ? undefined : unknownOption(options, ["name", "version", "schema", "initial", "upcasters"]);
  if (unknown !== undefined) throw new TroupeError("invalid-options", `defineState ${name}: ${unknown}`);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new TroupeError(
      "invalid-options",
      `defineState ${name}: version is a whole number from 1, not ${shown(version)}`,
    );
  }
  const problem = schemaProblem(options.schema);
  if (problem !== undefined) throw new TroupeError("invalid-options", `defineState ${name}: schema ${problem}`);
  if (initial !== undefined && typeof initial !== "function")
    throw new TroupeError(
      "invalid-options",
      `defineState ${name}: initial is a function that makes the state of a key without a version, not ${shown(initial)}`,
    );
  checkUpcasters(name, version, upcasters);
  return { kind: "state", ...options, upcast: upcastTo(options) };
}

/** Checks the upcasters now, as a gap would otherwise show only when a state needs it, perhaps much later. */
function checkUpcasters(name: string, version: number, upcasters: Readonly<Record<number, Upcaster>>): void {
  if (typeof upcasters !== "object" || upcasters === null)
    throw new TroupeError(
      "invalid-options",
      `defineState ${name}: upcasters are functions by the version that they read, not ${shown(upcasters)}`,
    );
  const given = Object.keys(upcasters);
  const first = version - given.length;
  const due = given.map((_, i) => String(first + i));
  if (first >= 1 && given.every((from, i) => from === due[i] && typeof upcasters[Number(from)] === "function")) return;
  throw new TroupeError(
    "invalid-options",
    `defineState ${name}: upcasters are functions from the oldest version in the store up to ${version - 1}, without a gap, not ${given.join(", ")}`,
  );
}
