/** Turns what the command line says of a system into the system's options. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";
import type { SystemOrder } from "../arguments/system-arguments.ts";
import { loadFunction } from "../modules/load-function.ts";
import { quoted } from "../output/one-line.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Imports the module of `setup`.
 *
 * @throws TroupeError (as a rejection) `definition-not-found` or as the import of a module does for `setup`; `invalid-options` for an environment variable that is not set: agents that miss it would fail, and
 * so might what undoes their work.
 */
export async function systemOptionsOf(
  { coordination, threads, env, setup }: SystemOrder,
  terminal: Pick<Terminal, "cwd" | "env">,
): Promise<Pick<SystemOptions, "coordination" | "threads" | "env" | "logger" | "setup">> {
  const unset = env.filter((name) => terminal.env[name] === undefined);
  if (unset.length > 0)
    throw new TroupeError(
      "invalid-options",
      `--env ${unset.map(quoted).join(", ")}: there is no such environment variable; set it, or leave the option out`,
    );
  const prepare = setup === undefined ? undefined : await loadFunction(setup, terminal.cwd, "that prepares a system");
  return {
    coordination,
    logger: false, // commands tell of each run themselves
    ...(threads === undefined ? {} : { threads }),
    ...(env.length === 0 ? {} : { env }),
    ...(prepare === undefined ? {} : { setup: (system) => prepare(system) as Promise<void> }),
  };
}
