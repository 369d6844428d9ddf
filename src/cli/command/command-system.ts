/** What commands need of a system. */

import type { Run } from "../../workflows/run.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";

export interface CommandSystem {
  run(workflow: WorkflowDefinition, input: unknown, options?: { readonly id?: string }): StartedRun;
  findRun(id: string): Promise<Run>;
  close(): Promise<void>;
}

/** How a command gets a system; tests give their own. */
export type StartSystem = (options: SystemOptions) => Promise<CommandSystem>;

/** A run, as far as this file has to know it. */
export interface StartedRun {
  /** There when it can be looked up later. */
  readonly id?: string | undefined;
  readonly result: Promise<unknown>;
  cancel(reason?: string): Promise<void>;
}
