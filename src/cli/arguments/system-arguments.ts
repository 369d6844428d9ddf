/** The options of the system that a command starts. */

import type { Coordination } from "../../workflows/history/coordination.ts";
import type { Arguments, Flags } from "./arguments.ts";
import { type ModuleTarget, moduleTarget } from "./module-target.ts";

const coordinations = ["orchestrator", "relay"] as const satisfies readonly Coordination[];
const maxThreads = 256;

export const systemFlags = {
  coordination: { type: "string" },
  threads: { type: "string" },
  env: { type: "string", multiple: true },
  setup: { type: "string" },
} as const satisfies Flags;

export interface SystemOrder {
  readonly coordination: Coordination;
  /** `undefined` for the system's default. */
  readonly threads: number | undefined;
  /** The names of environment variables that the threads see. */
  readonly env: readonly string[];
  /** The function that prepares the system; `undefined` for none. */
  readonly setup: ModuleTarget | undefined;
}

/** The lines of {@link systemFlags} in help texts, but for `--coordination`, which commands describe themselves. */
export const systemHelp = `  --threads N           worker threads, 1 to ${maxThreads} (default: one for each core)
  --env NAME            let the agents see this environment variable; may be given several times (default: they see none)
  --setup FILE          a module with a function that prepares the system, such as by starting actors that the agents ask, as
                        the option setup of createSystem does; its default export, or FILE#export`;

/** @throws TroupeError `invalid-options`. */
export function readSystem(given: Arguments): SystemOrder {
  const env = given.texts("env");
  if (env.includes("")) throw given.wrong("--env NAME is missing");
  const pair = env.find((name) => name.includes("="));
  if (pair !== undefined)
    throw given.wrong(`--env takes the name of a variable alone: --env ${pair.slice(0, pair.indexOf("="))}`);
  const setup = given.optional("setup", "--setup FILE");
  return {
    coordination: given.choice("coordination", coordinations),
    threads: given.wholeNumber("threads", maxThreads),
    env: [...new Set(env)],
    setup: setup === undefined ? undefined : moduleTarget(setup, given),
  };
}
