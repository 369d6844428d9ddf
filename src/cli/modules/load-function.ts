/** Finds a function that the command line names. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { loadExports } from "./load-exports.ts";

/** Where a function is. */
export interface FunctionLocation {
  /** A path, or a file URL. */
  readonly module: string;
  readonly exportName: string | undefined;
}

/**
 * Imports the module and returns the named function, by default its default export.
 *
 * @param use ends the message of the error for what is no function, such as `of a state`.
 * @throws TroupeError (as a rejection) as {@link loadExports}; `definition-not-found` if it exports no such function.
 */
export async function loadFunction(
  { module, exportName: name = "default" }: FunctionLocation,
  cwd: string,
  use: string,
): Promise<(...given: readonly unknown[]) => unknown> {
  const exports = await loadExports(module, cwd);
  const found: unknown = (exports as Readonly<Record<string, unknown>>)[name];
  if (typeof found === "function") return found as (...given: readonly unknown[]) => unknown;
  throw new TroupeError("definition-not-found", `${module}: its export ${name} is no function ${use}`, {
    details: { module, name },
  });
}
