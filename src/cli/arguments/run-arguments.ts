/** The arguments of `troupe run`. */

import type { Arguments, Flags } from "./arguments.ts";
import { moduleTarget } from "./module-target.ts";
import { tenantOf } from "./tenant-argument.ts";
import { readSystem, type SystemOrder, systemFlags } from "./system-arguments.ts";

export interface RunOrder extends SystemOrder {
  /** A path or a file URL, without the export. */
  readonly module: string;
  /** The export to run; `undefined` to find it. */
  readonly exportName: string | undefined;
  /** The path of the file of inputs. */
  readonly input: string;
  /** The folder of the journal; `undefined` for none. */
  readonly journal: string | undefined;
  /** The beginning of the runs' ids; `undefined` for ids that the system makes. */
  readonly id: string | undefined;
  /** The tenant that the runs are for; `undefined` for none. */
  readonly tenant: string | undefined;
  /** True to go on with a batch that was interrupted: inputs that have a run already get no other. */
  readonly isContinued: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
}

export const runFlags = {
  input: { type: "string" },
  ...systemFlags,
  journal: { type: "string" },
  id: { type: "string" },
  tenant: { type: "string" },
  continue: { type: "boolean" },
  json: { type: "boolean" },
} as const satisfies Flags;

/** @throws TroupeError `invalid-options`. */
export function readRun(given: Arguments): RunOrder {
  const [target, ...others] = given.positionals;
  if (target === undefined) throw given.wrong("which module exports the workflow? See troupe run --help");
  if (others.length > 0)
    throw given.wrong(`one module at a time; what is ${others.map((other) => JSON.stringify(other)).join(", ")}?`);
  const input = given.text("input");
  if (input === undefined || input === "")
    throw given.wrong("--input FILE is missing: a .jsonl or .csv file of inputs");
  const journal = given.optional("journal", "--journal DIR");
  const id = given.optional("id", "--id NAME");
  const isContinued = given.flag("continue");
  if (isContinued && (journal === undefined || id === undefined))
    throw given.wrong("--continue needs the --journal DIR and the --id NAME of the batch that was interrupted");
  return {
    ...moduleTarget(target, given),
    input,
    ...readSystem(given),
    journal,
    id,
    tenant: tenantOf(given),
    isContinued,
    json: given.flag("json"),
    verbose: given.flag("verbose"),
  };
}
