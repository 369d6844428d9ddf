/** What the commands that go on with runs have in common. */

import type { Arguments, Flags } from "./arguments.ts";
import { journalOf } from "./journal-arguments.ts";
import { type ModuleTarget, moduleTarget } from "./module-target.ts";
import { readSystem, type SystemOrder, systemFlags, systemHelp } from "./system-arguments.ts";

export const takeUpFlags = {
  ...systemFlags,
  journal: { type: "string" },
  json: { type: "boolean" },
  module: { type: "string", multiple: true },
} as const satisfies Flags;

export interface TakeUpOrder extends SystemOrder {
  readonly journal: string;
  /** Modules to search for workflows before those that the runs were started from. */
  readonly modules: readonly ModuleTarget[];
  readonly json: boolean;
  readonly verbose: boolean;
}

/** The end of the help texts of these commands. */
export const takeUpHelp = `  --journal DIR         the folder of the journal, or its postgres:// URL; no system may have it open
  --module FILE         a module that exports the runs' workflows, FILE#export for one of them; may be given several times.
                        Workflows that are in none are loaded from the modules that their runs were started from
  --coordination NAME   orchestrator (default) or relay, for runs without a coordination of their own
${systemHelp}
  --json                a line of JSON for each run
  --verbose             print stacks of errors to stderr
  -h, --help            this text`;

/** @throws TroupeError `invalid-options`. */
export function readTakeUp(given: Arguments): TakeUpOrder {
  return {
    journal: journalOf(given),
    modules: given.texts("module").map((target) => moduleTarget(target, given)),
    ...readSystem(given),
    json: given.flag("json"),
    verbose: given.flag("verbose"),
  };
}
