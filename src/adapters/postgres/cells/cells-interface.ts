/** What users of cells hold: their options, and what a process among those that share cells can be asked. */

import type { Observable } from "rxjs";
import type { ShutdownSignal } from "../../../ports/signals.ts";
import type { System } from "../../../runtime/system/system.ts";
import type { SystemOptions } from "../../../runtime/system/system-options.ts";
import type { RunOptions } from "../../../runtime/workflows/run-options.ts";
import type { WorkflowDefinition } from "../../../workflows/definition/workflow-definition.ts";
import type { CellSeen } from "./balance.ts";
import type { CellRun } from "./cell-run.ts";
import type { CellsEvent } from "./cells-events.ts";

/**
 * How cells are shared. What is not the cells' own is for the system of each cell: limits such as `maxRuns`, and the policies of agents,
 * are those of a cell.
 *
 * @since 0.1.0
 */
export interface CellsOptions extends Pick<
  SystemOptions,
  | ("coordination" | "retention" | "runs" | "env" | "maxMessageBytes" | "askTimeout" | "loadTimeout" | "maxRuns")
  | ("resourceLimits" | "stallTimeout" | "maxWaitingRuns" | "onOverload" | "logger")
> {
  /** The URL of the database, as that of {@link postgresJournal}. */
  readonly journal: string;
  /** The schema of the tables. Default `"troupe"`. */
  readonly schema?: string;
  /** Milliseconds for which an owner keeps its cells that isn't heard of any more, as for {@link postgresJournal}. Default 10,000; at least 1,000. */
  readonly lease?: number;
  /** How many cells there are, from 1 to 256. Fixed when the first process makes the tables. Default 64. */
  readonly cells?: number;
  /** The workflows of which runs may be submitted; the owner of a run's cell starts it with its own definition of that name and version. */
  readonly workflows: readonly (WorkflowDefinition<never> | WorkflowDefinition)[];
  /** Prepares the system of each cell that this process takes, before any run of it goes on, as that of `createSystem`. Default: nothing. */
  readonly setup?: (system: System, cell: number) => void | Promise<void>;
  /** False for a process that takes no cells: it submits runs and reads what comes of them. Default true. */
  readonly owns?: boolean;
  /** How many worker threads the process has for all its cells: 1 to 256. Default: one for each core that Node.js may use. */
  readonly threads?: number;
  /** Signals on which all cells are handed over, after which the process ends by the signal. Default: none. */
  readonly shutdownOn?: readonly ShutdownSignal[];
}

/**
 * What a run is submitted with.
 *
 * @since 0.1.0
 */
export interface SubmitOptions extends Omit<RunOptions, "onOverload"> {
  /**
   * What decides on its cell, such as its tenant or its conversation: runs of one key are in one cell. A run of the same id is only found there, so an id has
   * one key. Default: the run's id.
   */
  readonly key?: string;
}

/**
 * Who has which cell, at one moment.
 *
 * @since 0.1.0
 */
export interface CellsView {
  /** The processes that share the cells. */
  readonly members: readonly string[];
  /** Each cell, in which epoch it is, and the member that owns it; `undefined` for one that is free. */
  readonly cells: readonly CellSeen[];
}

/**
 * A process among those that share the cells of a journal.
 *
 * @since 0.1.0
 */
export interface Cells extends AsyncDisposable {
  /** How many cells there are. */
  readonly count: number;
  /** What this process is called in {@link CellsView}. */
  readonly member: string;
  /** The numbers of the cells that it has now, from 1. */
  readonly owned: readonly number[];
  /** What happens to its cells. Hot. */
  readonly events$: Observable<CellsEvent>;
  /** The cell of a key. */
  cellOf(key: string): number;
  /** The system of a cell that this process has; `undefined` for any other. It is closed when the cell goes elsewhere. */
  system(cell: number): System | undefined;
  /**
   * Submits a run, and resolves when that is recorded. The owner of its cell starts it, in whatever process; submitted again under its id, from anywhere, it is the
   * same run.
   *
   * @throws TroupeError (as a rejection) `run-exists` where the run of this id is one of another workflow, or was submitted with another input;
   * `contract-violated`; `not-cloneable`, also for an input with a ref on an actor, as messages don't cross cells; `message-too-large`; `invalid-options`;
   * `system-closed`; the error of the database.
   * @example
   * const run = await cells.submit(creditDecision, application, { id: "order-7", key: application.tenant });
   * const { decision } = await run.result;
   */
  submit<Input, Output, Waits, Steps, Parts>(
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    input: Input,
    options?: SubmitOptions,
  ): Promise<CellRun<Output, Steps>>;
  /**
   * Finds a run that was submitted, from any process.
   *
   * @param options `key` as it was submitted with.
   * @throws TroupeError (as a rejection) `no-such-run`; `system-closed`; the error of the database.
   */
  findRun(id: string, options?: { readonly key?: string }): Promise<CellRun>;
  /** Reads who has which cell. Rejects where the database can't be reached. */
  look(): Promise<CellsView>;
  /**
   * Gives all cells back, and ends. No run fails by it: what was in flight goes on from its last finished step, with the next owner. Resolves
   * when the cells are free.
   */
  close(): Promise<void>;
}
