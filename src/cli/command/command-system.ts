/** What commands need from a system. */

import type { Run } from "../../workflows/run.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { ForkOptions } from "../../runtime/workflows/fork-options.ts";
import type { RunOptions } from "../../runtime/workflows/run-options.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";

export interface CommandSystem {
  run(workflow: WorkflowDefinition, input: unknown, options?: Pick<RunOptions, "id" | "tenant">): CommandRun;
  findRun(id: string): Promise<Run>;
  forkRun(id: string, options: ForkOptions): Promise<Run>;
  /** Present when the command asked for one. */
  readonly inspector?: { readonly url: string } | undefined;
  close(): Promise<void>;
}

/** Starts a system for a command; tests pass their own. */
export type StartSystem = (options: SystemOptions) => Promise<CommandSystem>;

/** The part of a run that `troupe run` uses. */
export type CommandRun = Pick<Run, "id" | "result" | "cancel" | "events$" | "view">;

/** A run of an input. */
export interface StartedRun {
  /** Present when the run can be looked up later. */
  readonly id?: string | undefined;
  readonly result: Promise<unknown>;
  /** Resolves to the names of the waits when it goes no further without an answer. */
  readonly asks?: Promise<readonly string[]>;
  cancel(reason?: string): Promise<void>;
}
