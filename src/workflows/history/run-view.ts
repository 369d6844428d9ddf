/** A run as it stands, read off one of its versions. Pure; needs no workflow's code. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Snapshot, VersionAt } from "../../store/versions/snapshot.ts";
import type { Finished } from "../definition/workflow-builder.ts";
import type { Coordination } from "./coordination.ts";
import type { QueuedIn } from "./run-event.ts";
import { attemptOf } from "./run-progress.ts";
import type { RunState, RunStatus } from "./run-state.ts";
import { hasOutput, outputAt } from "./run-outputs.ts";
import { placedSteps } from "../steps/run-steps.ts";
import type { StepState, StepStatus } from "../steps/step-state.ts";
import { isParked } from "./run-waits.ts";
import type { StepOutline } from "../steps/step-outline.ts";

/**
 * A step of a run as it stands.
 *
 * @since 0.1.0
 */
export interface StepView {
  /** `open`: a wait, a pause, a sub-workflow, an each or a loop that has begun; `closed`: the run turned back before it was over. `waiting`: it is tried again later. */
  readonly status: StepStatus;
  /** The agent that does it, such as `credit-score@1.0.0`; absent for a step that no agent does. */
  readonly agent?: string;
  /** The newest attempt, once there is one. */
  readonly attempt?: number;
  /** What is asked; present for a wait that has opened. */
  readonly question?: unknown;
  /** When a wait or a pause began, and when it ends without an answer, in milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** How many rounds of a loop have started; present once it has begun. */
  readonly rounds?: number;
  /** How many messages no round of a loop has read; absent for none. */
  readonly unread?: number;
  /** Who answered a wait, if they were named. */
  readonly by?: string;
  /** Why it failed, or could not be undone. */
  readonly error?: string;
}

/**
 * A run as it stands in one of its versions. `Steps` is the output of each step by name; `unknown` where the workflow isn't known.
 *
 * @since 0.1.0
 */
export interface RunView<Steps = unknown> {
  readonly run: string;
  /** Name and version, such as `purchase@1.0.0`. */
  readonly workflow: string;
  /** `new`: it waits for its turn, and nothing of it is recorded. */
  readonly status: RunStatus;
  /** True while it only waits for an answer, a time, or its place in a queue. */
  readonly isParked: boolean;
  readonly coordination: Coordination;
  /** The tenant that it is for; absent for none. */
  readonly tenant?: string;
  /** The queue that it joined, and whether it waits there; `system.queues.waiting` has its position. Absent for none. */
  readonly queue?: QueuedIn & { readonly isWaiting: boolean };
  /** The version of `run/<id>`, and when that was committed, in milliseconds since the epoch. */
  readonly version: number;
  readonly changed: number;
  /** Each step by its path, in the order declared; a sub-workflow is followed by its steps. Behind them, the items of eaches and the rounds of
   * loops: of these the newest two, and all that can be undone. */
  readonly steps: Readonly<Record<string, StepView>>;
  /** The outputs that there are, by step. */
  readonly outputs: OutputsSoFar<Steps>;
}

/**
 * The outputs of a run that goes on: of steps that have not finished, there is none. An intersection, since TypeScript 5.9 takes no run of a
 * known workflow for a `Run` where the whole is a condition.
 */
export type OutputsSoFar<Steps> = { readonly [Name in keyof Steps]?: Finished<Steps[Name]> } & (unknown extends Steps
  ? Readonly<Record<string, unknown>>
  : unknown);

/**
 * Which version of a run to look at. Default: the newest.
 *
 * @since 0.1.0
 */
export interface ViewOptions {
  readonly at?: VersionAt;
}

export function viewOf(run: string, { state, version, time }: Snapshot<RunState>, codec: PayloadCodec): RunView {
  const steps = placedSteps(state.steps);
  const { name, version: of } = state.workflow;
  return {
    run,
    workflow: `${name}@${of}`,
    status: state.status,
    isParked: isParked(state),
    coordination: state.coordination,
    ...(state.tenant === undefined ? {} : { tenant: state.tenant }),
    ...(state.queue === undefined ? {} : { queue: { ...state.queue, isWaiting: state.isQueued === true } }),
    version,
    changed: time,
    steps: Object.fromEntries(steps.map(({ step, about }) => [step.name, stepView(step, about, codec)])),
    outputs: Object.fromEntries(
      steps.flatMap(({ step, place, about }) =>
        hasOutput(step, about) ? [[step.name, codec.decode(outputAt(state.steps, place))]] : [],
      ),
    ),
  };
}

function stepView(step: StepState, { agent, kind }: StepOutline, codec: PayloadCodec): StepView {
  const { status, loop, inbox, wait: { since, until, told } = {} } = step;
  const error = step.undoError ?? step.error;
  return {
    status,
    ...(agent === undefined ? {} : { agent }),
    ...(agent === undefined || status === "pending" || status === "skipped" ? {} : { attempt: attemptOf(step) }),
    ...(kind === "wait" && since !== undefined ? { question: codec.decode(step.input) } : {}),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(loop === undefined ? {} : { rounds: loop.round }),
    ...(inbox === undefined || inbox.told === inbox.read ? {} : { unread: inbox.told - inbox.read }),
    ...(told?.by === undefined ? {} : { by: told.by }),
    ...(error === undefined ? {} : { error: error.message }),
  };
}
