/** The start of a run that is a fork of another one. */

import { messageOf } from "../../errors/caught.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import { checkOutput } from "../coordination/decide.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { RunStarted } from "../history/run-event.ts";
import type { RunState } from "../history/run-state.ts";
import { placeOf, stepAt } from "../steps/run-places.ts";
import { isSettled, type RunSteps } from "../steps/step-state.ts";
import { forkedSteps } from "./forked-steps.ts";

/** Where a fork begins, and what is other than in the run that it is of. */
export interface ForkPoint {
  readonly run: string;
  readonly version: number;
  /** The run in that version. */
  readonly state: RunState;
  /** The steps that are done again, with all that comes after them, though they had finished. */
  readonly before: readonly string[];
  /** The outputs that stand in for those of steps, by path. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The part of a fork's first event that comes from the run that it is of. @throws TroupeError `invalid-options`. */
export function forkStart(
  { run, version, state, before, outputs }: ForkPoint,
  plan: WorkflowPlan,
  codec: PayloadCodec,
): Pick<RunStarted, "fork" | "input" | "begun"> {
  for (const name of [...before, ...Object.keys(outputs)])
    if (!plan.outlines.some((outline) => outline.name === name)) throw unknownStep(run, name, plan);
  const given = new Map(Object.entries(outputs).map(([name, output]) => [name, outputFor(name, output, plan, codec)]));
  const { steps, inherited } = forkedSteps(state.steps, plan.outlines, before, given);
  for (const name of given.keys()) checkPlace(run, name, steps);
  return { fork: { run, version, inherited }, input: state.input, begun: steps };
}

function outputFor(name: string, output: unknown, plan: WorkflowPlan, codec: PayloadCodec): Payload {
  const step = plan.step.get(name) ?? plan.opening.get(name);
  if (step?.kind !== "agent" && step?.kind !== "wait")
    throw wrong(`outputs: "${name}" is no step of an agent, and no wait: give the outputs of what is in it`);
  try {
    const encoded = codec.encode(output, `the output of the step "${name}"`);
    checkOutput(step, codec.decode(encoded));
    return encoded;
  } catch (error) {
    throw wrong(`outputs: "${name}": ${messageOf(error)}`, error);
  }
}

/** What has an output has to be where a run could come to it. */
function checkPlace(run: string, name: string, steps: RunSteps): void {
  const place = placeOf(steps, name) ?? 0;
  const missing = steps.outline[place]?.after.find((other) => !isSettled(stepAt(steps, placeOf(steps, other) ?? 0)));
  if (missing !== undefined)
    throw wrong(`outputs: "${name}" comes after "${missing}", which has not settled there in the run ${run}`);
}

function unknownStep(run: string, name: string, { outlines }: WorkflowPlan): TroupeError {
  const [whole = ""] = name.split(/[[#]/);
  if (whole !== name && outlines.some((outline) => outline.name === whole))
    return wrong(`of the run ${run}, ${shown(name)} is in "${whole}", and can't be named by itself: name that`);
  return wrong(`the run ${run} has no step ${shown(name)}; it has ${outlines.map((one) => one.name).join(", ")}`);
}

function wrong(message: string, cause?: unknown): TroupeError {
  return new TroupeError("invalid-options", `forkRun: ${message}`, cause === undefined ? {} : { cause });
}
