/** Turns what the command line says of a system into the system's options. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";
import type { SystemOrder } from "../arguments/system-arguments.ts";
import { quoted } from "../output/one-line.ts";
import type { Terminal } from "./terminal.ts";

/**
 * @throws TroupeError `invalid-options` for an environment variable that is not set: agents that miss it would fail, and
 * so might what undoes their work.
 */
export function systemOptionsOf(
  { coordination, threads, env }: SystemOrder,
  terminal: Pick<Terminal, "env">,
): Pick<SystemOptions, "coordination" | "threads" | "env" | "logger"> {
  const unset = env.filter((name) => terminal.env[name] === undefined);
  if (unset.length > 0)
    throw new TroupeError(
      "invalid-options",
      `--env ${unset.map(quoted).join(", ")}: there is no such environment variable; set it, or leave the option out`,
    );
  const logger = false; // commands tell of each run themselves
  return { coordination, logger, ...(threads === undefined ? {} : { threads }), ...(env.length === 0 ? {} : { env }) };
}
