/** Finds the runs that the inputs of a batch have from before it was interrupted. */

import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import type { RunState } from "../../workflows/history/run-state.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { rowError, type InputRow } from "../input/input-row.ts";
import { runIn } from "../journal/find-runs.ts";

/** The run of an input. */
export interface EarlierRun {
  readonly run: string;
  readonly status: RunState["status"];
}

/** The inputs of a batch, and the runs that they have already, by line. */
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
    let problem: string | undefined;
    const found = "error" in row ? undefined : await runIn(store, idOf(line), ({ message }) => (problem = message));
    if (!("error" in row) && found !== undefined) {
      const { run, head } = found;
      const mismatch = mismatchOf(head.state, row.input, workflow);
      if (mismatch === undefined) earlier.set(line, { run, status: head.state.status });
      else problem = `the run ${run} ${mismatch}`;
    }
    checked.push(problem === undefined ? row : rowError({ file, line }, problem));
  }
  return { rows: checked, earlier };
}

function mismatchOf({ workflow: { name, version }, input }: RunState, given: unknown, workflow: WorkflowDefinition) {
  if (name !== workflow.name) return `is one of ${name}@${version}: give the batch the --id that it had`;
  const read = v.safeParse(workflow.input, given); // a run keeps what the schema made of its input
  if (!read.success || !isDeepStrictEqual(codec.encode(read.output, "an input"), input))
    return "had another input: go on with the file that the batch was started with, or choose another --id";
  return undefined;
}
