/** Finds the runs that the inputs of a batch have from before it was interrupted. */

import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { PayloadCodec } from "../../contracts/payload-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import { runOf, type RunState, runState } from "../../workflows/history/run-state.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { rowError, type InputRow } from "../input/input-row.ts";

/** The run of an input. */
export interface EarlierRun {
  readonly run: string;
  readonly status: RunState["status"];
}

/** The inputs of a batch, and the runs of those that have one, by line. */
export interface Batch {
  readonly rows: readonly InputRow[];
  readonly earlier: ReadonlyMap<number, EarlierRun>;
}

export interface BatchOptions {
  readonly file: string;
  readonly workflow: WorkflowDefinition;
  /** The id of the run of an input. */
  readonly idOf: (line: number) => string;
}

const codec = new PayloadCodec({ maxBytes: Number.MAX_SAFE_INTEGER });

/**
 * Looks each input's run up. An input whose run is one of another workflow, or had another input, or can't be read, is
 * replaced by its error: the file or the name isn't that of the batch.
 */
export async function withEarlierRuns(
  store: OwnedStore,
  rows: readonly InputRow[],
  { file, workflow, idOf }: BatchOptions,
): Promise<Batch> {
  const earlier = new Map<number, EarlierRun>();
  const checked: InputRow[] = [];
  for (const row of rows) {
    const { line } = row;
    const found = "error" in row ? undefined : await stateOf(store, idOf(line));
    if ("error" in row || found === undefined) {
      checked.push(row);
    } else if (typeof found === "string") {
      checked.push(rowError({ file, line }, found));
    } else {
      const problem = mismatchOf(found, row.input, workflow);
      if (problem === undefined) earlier.set(line, { run: idOf(line), status: found.status });
      checked.push(problem === undefined ? row : rowError({ file, line }, `the run ${idOf(line)} ${problem}`));
    }
  }
  return { rows: checked, earlier };
}

/** The state of a run, the problem of reading it, or `undefined` if there is no such run. */
async function stateOf(store: OwnedStore, run: string): Promise<RunState | string | undefined> {
  try {
    const head = await store.snapshot(runState, run);
    return head === undefined ? undefined : runOf(head).state;
  } catch (error) {
    if (!isTroupeError(error, "journal-corrupt") && !isTroupeError(error, "invalid-state")) throw error;
    return error.message;
  }
}

function mismatchOf({ workflow: { name, version }, input }: RunState, given: unknown, workflow: WorkflowDefinition) {
  if (name !== workflow.name) return `is one of ${name}@${version}: give the batch the --id that it had`;
  const read = v.safeParse(workflow.input, given); // a run keeps what the schema made of its input
  if (!read.success || !isDeepStrictEqual(codec.encode(read.output, "an input"), input))
    return "had another input: go on with the file that the batch was started with, or choose another --id";
  return undefined;
}
