/** Starts a run that another caller, or an earlier process, may have started: under one id, there is one run. */

import { isDeepStrictEqual } from "node:util";
import { checkContract } from "../../contracts/contract.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { WorkflowDefinition, WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { Run } from "../../workflows/run.ts";
import { checkDefinition } from "../definitions/check-definition.ts";
import { checkOnceOptions, type RunOptions } from "./run-options.ts";

type FoundRun = Run & { readonly workflow: WorkflowId };

export interface RunOncePorts {
  /** Starts it. @throws TroupeError `run-exists`, also as a rejection of `started`. */
  start(): Run;
  /** @throws TroupeError (as a rejection) `no-such-run` */
  find(): Promise<FoundRun>;
  readonly codec: PayloadCodec;
}

/**
 * Resolves to the run once its start is recorded.
 *
 * @throws TroupeError (as a rejection) `invalid-options`; `run-exists` for a run that was found and is of another workflow or was started with another input;
 * what starting rejects with.
 */
export async function runOnce(
  workflow: WorkflowDefinition,
  input: unknown,
  options: RunOptions & { readonly id: string },
  ports: RunOncePorts,
): Promise<Run> {
  checkDefinition("runOnce", ["workflow"], workflow);
  checkOnceOptions(options);
  const { id } = options;
  const found = await findIn(ports);
  if (found !== undefined) return same(id, found, workflow, input, ports);
  try {
    const run = ports.start();
    await run.started;
    return run;
  } catch (error) {
    if (!isTroupeError(error, "run-exists")) throw error;
    return same(id, await ports.find(), workflow, input, ports); // another caller was faster
  }
}

async function findIn({ find }: RunOncePorts): Promise<FoundRun | undefined> {
  try {
    return await find();
  } catch (error) {
    if (!isTroupeError(error, "no-such-run")) throw error;
    return undefined;
  }
}

async function same(
  id: string,
  found: FoundRun,
  { name: agent, version, input: schema }: WorkflowDefinition,
  input: unknown,
  { codec }: RunOncePorts,
): Promise<Run> {
  if (found.workflow.name !== agent || found.workflow.version !== version) {
    const is = `${found.workflow.name}@${found.workflow.version}`;
    throw exists(id, `the run ${id} is one of ${is}, not of ${agent}@${version}`);
  }
  const given = checkContract(schema, input, { agent, version, direction: "input", side: "sender" });
  await found.started;
  const [first] = await found.history();
  const before = first?.event.type === "run-started" ? first.event.input : undefined;
  if (!isDeepStrictEqual(before, codec.decode(codec.encode(given, `the input of a run of ${agent}`))))
    throw exists(id, `the run ${id} was started with another input. Derive ids of runs from what they are for`);
  return found;
}

function exists(run: string, message: string): TroupeError {
  return new TroupeError("run-exists", `${message}.`, { details: { run } });
}
