/** A condition on a state, from the command line: a value at a path, or a module's function. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { partsOf, valueAt } from "../../store/travel/json-pointer.ts";
import { compares } from "../../store/travel/value-test.ts";
import type { Arguments, Flags } from "./arguments.ts";
import { loadFunction } from "../modules/load-function.ts";
import { type ModuleTarget, moduleTarget } from "./module-target.ts";
import { messageOf, quoted } from "../output/one-line.ts";

export type Condition = (state: unknown, snapshot: Snapshot) => boolean | Promise<boolean>;

export const conditionFlags = {
  path: { type: "string" },
  equals: { type: "string" },
  above: { type: "string" },
  below: { type: "string" },
  exists: { type: "boolean" },
  module: { type: "string" },
} as const satisfies Flags;

const signs = { equals: "=", above: ">", below: "<" } as const;

/**
 * Reads the condition: `--module FILE#export`, or `--path` with one of the other options. Returns a function that imports
 * the module, if there is one, and resolves to the condition.
 *
 * @throws TroupeError `invalid-options`.
 */
export function conditionOf(given: Arguments): (cwd: string) => Promise<Condition> {
  const module = given.text("module");
  const path = given.text("path");
  const comparisons = (["equals", "above", "below"] as const).filter((name) => given.text(name) !== undefined);
  const count = comparisons.length + (given.flag("exists") ? 1 : 0);
  if (module !== undefined) {
    if (path !== undefined || count > 0) throw given.wrong("give --module or --path, not both");
    const target = moduleTarget(module, given);
    return (cwd) => exported(target, cwd);
  }
  if (path === undefined || count !== 1) {
    throw given.wrong(
      "say what to look for: --path P with one of --equals, --above, --below, --exists; or --module FILE#export",
    );
  }
  const parts = partsOf(path);
  const [name] = comparisons;
  const wanted = name === undefined ? undefined : jsonValue(given, name);
  return async () => (state) => {
    const found = valueAt(state, parts);
    return found !== undefined && (name === undefined || compares(found.value, signs[name], wanted));
  };
}

function jsonValue(given: Arguments, name: string): unknown {
  const text = given.text(name) ?? "";
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw given.wrong(`--${name} must be JSON, such as 680 or '"text"', got ${quoted(text)}`, cause);
  }
}

async function exported(target: ModuleTarget, cwd: string): Promise<Condition> {
  const { module, exportName: name = "default" } = target;
  const holds = await loadFunction(target, cwd, "of a state. Export one that says whether it holds.");
  return async (state, snapshot) => {
    try {
      return Boolean(await holds(state, snapshot));
    } catch (cause) {
      throw new TroupeError(
        "module-failed",
        `${module}: ${name} threw at version ${snapshot.version}: ${messageOf(cause)}`,
        {
          cause,
          details: { module, name, version: snapshot.version },
        },
      );
    }
  };
}
