/** What `troupe run` is asked to do. */

import type { Coordination } from "../actors/supervisor/coordination.ts";
import type { Arguments, Flags } from "./arguments.ts";
import { moduleTarget } from "./module-target.ts";

const coordinations = ["orchestrator", "relay"] as const satisfies readonly Coordination[];
const maxThreads = 256;

export interface RunOrder {
  /** A path or a file URL, without the export. */
  readonly module: string;
  /** The export to run; `undefined` to find it. */
  readonly exportName: string | undefined;
  /** The path of the file of inputs. */
  readonly input: string;
  readonly coordination: Coordination;
  /** `undefined` for what the system takes by default. */
  readonly threads: number | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
}

export const runFlags = {
  input: { type: "string" },
  coordination: { type: "string" },
  threads: { type: "string" },
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
  return {
    ...moduleTarget(target, given),
    input,
    coordination: given.choice("coordination", coordinations),
    threads: given.wholeNumber("threads", maxThreads),
    json: given.flag("json"),
    verbose: given.flag("verbose"),
  };
}
