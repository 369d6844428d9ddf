/** A run as the store keeps it: the key `run/<id>`. */

import * as v from "valibot";
import type { Mutable } from "../../values/mutable.ts";
import { defineFamily } from "../../store/versions/define-state.ts";
import { kindOf } from "../../values/value-copier.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { sealMade } from "../../store/versions/made-state.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { WorkflowId } from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "./coordination.ts";
import type { EndStatus, QueuedIn, RunNote, RunStarted } from "./run-event.ts";
import { newSteps } from "../steps/run-steps.ts";
import type { RunSteps } from "../steps/step-state.ts";

/**
 * How a run stands. `new`: before the first event. `compensating`: the run failed, was cancelled or is being undone, and hasn't come to its end.
 *
 * @since 0.1.0
 */
export type RunStatus = "new" | "running" | "compensating" | EndStatus;

/** A run after a number of events. */
export interface RunState {
  readonly status: RunStatus;
  readonly workflow: WorkflowId;
  readonly input: Payload;
  readonly coordination: Coordination;
  /** True when the run keeps its coordination, also when the system switches to another. */
  readonly pinned: boolean;
  readonly epoch: Epoch;
  /** The fingerprint of the definition that it follows, and a hash of the schema of its input. */
  readonly definition?: string;
  readonly contract?: string;
  /** Present once it has changed to another definition: the epoch since when it follows this one. */
  readonly definedIn?: Epoch;
  /** Present until it begins with its steps: when that is, in milliseconds since the epoch. */
  readonly startsAt?: number;
  /** Present for one that joined a queue, and while it waits there. */
  readonly queue?: QueuedIn;
  readonly isQueued?: true;
  /** The time at which it is cancelled if it hasn't ended, in milliseconds since the epoch. */
  readonly deadline?: number;
  /** The tenant that it is for. */
  readonly tenant?: string;
  /** What it belongs to together with others. */
  readonly session?: string;
  /** Who had it started, as a `traceparent`. */
  readonly caller?: string;
  readonly steps: RunSteps;
  /** The step whose failure ends the run. */
  readonly failed?: string;
  /** Present when the run was cancelled. */
  readonly cancelled?: { readonly reason?: string; readonly isExpired?: true };
  /** Present when it had completed and is to be undone. */
  readonly undone?: { readonly reason?: string };
  /** The step at which undoing stopped: its compensation failed, or it is the point of no return. */
  readonly uncompensated?: string;
  /** The note of the person who resolved the run. */
  readonly resolved?: string;
  /** How many events the run has had. */
  readonly length: number;
  /** The events of this version, and only those: the run's history is the history of its key. */
  readonly events: readonly RunNote[];
}

/** A run before its first event. */
export const newRun: RunState = {
  status: "new",
  workflow: { module: "", name: "", version: "" },
  input: null,
  coordination: "orchestrator",
  pinned: false,
  epoch: 0,
  steps: newSteps([]),
  length: 0,
  events: [],
};
sealMade(newRun);

/** The statuses of a run that has begun. */
export const runStatuses = [
  "running",
  "compensating",
  "completed",
  "failed",
  "cancelled",
  "undone",
  "compensation-failed",
  "resolved",
] as const satisfies readonly RunStatus[];

const statuses: ReadonlySet<unknown> = new Set<RunStatus>(["new", ...runStatuses]);

/**
 * The key `run/<id>`. Only the supervisor writes it, by the rules of `run-machine.ts`, so the schema checks only the
 * status.
 */
export const runState = defineFamily<RunState>({
  name: "run",
  version: 1,
  schema: v.custom<RunState>(
    (state) => typeof state === "object" && state !== null && statuses.has((state as RunState).status),
  ),
  initial: () => newRun,
});

/**
 * A version of the key `run/<id>` as one of a run. An earlier version of Troupe let applications write there too.
 *
 * @throws TroupeError `invalid-state` for anything else.
 */
export function runOf(snapshot: Snapshot): Snapshot<RunState> {
  const fault = faultIn(snapshot.state);
  if (fault === undefined) return snapshot as Snapshot<RunState>;
  const { key, version, author } = snapshot;
  const [path, found] = fault;
  throw new TroupeError(
    "invalid-state",
    `${key}@${version}, written by ${author}, is no run: at ${path}, it has ${kindOf(found)}. ` +
      `Move it to a key of another family, or restore the key.`,
    { details: { key } },
  );
}

/** Where a state is not that of a run, and what it has there. Plain code, since a start looks at every run that may be open. */
function faultIn(state: unknown): readonly [path: string, found: unknown] | undefined {
  if (!isRecord(state)) return ["the root", state];
  const { status, workflow, coordination, epoch, steps, length, events } = state;
  if (!statuses.has(status)) return ["status", status];
  if (!isRecord(workflow) || !["module", "name", "version"].every((part) => typeof workflow[part] === "string"))
    return ["workflow", workflow];
  if (coordination !== "orchestrator" && coordination !== "relay") return ["coordination", coordination];
  if (typeof epoch !== "number") return ["epoch", epoch];
  if (!isRecord(steps) || !isArrayOf(steps["outline"], isRecord) || !Array.isArray(steps["segments"]))
    return ["steps", steps];
  if (typeof length !== "number") return ["length", length];
  if (!isArrayOf(events, (event) => isRecord(event) && typeof event["type"] === "string")) return ["events", events];
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArrayOf(value: unknown, isElement: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isElement);
}

/** True for a run that is recorded and is still to begin with its steps: at a time, or when it has its place in a queue. */
export function isHeldBack({ startsAt, isQueued }: RunState): boolean {
  return startsAt !== undefined || isQueued === true;
}

/** True for a run that can still change. */
export function isOpen({ status }: RunState): boolean {
  return isOpenStatus(status);
}

/** True for the status of a run that can still change. */
export function isOpenStatus(status: RunStatus): boolean {
  return status === "running" || status === "compensating";
}

/**
 * Copies field by field, as steps are copied. This is on the path of every event, and V8 makes a hidden class for each
 * spread of a frozen copy, which took two thirds of the memory of a run (`bench/credit.ts`).
 */
export function copyOfRun(state: RunState): Mutable<RunState> {
  const { status, workflow, input, coordination, pinned, epoch, steps, length, events } = state;
  const copy: Mutable<RunState> = { status, workflow, input, coordination, pinned, epoch, steps, length, events };
  if (state.definition !== undefined) copy.definition = state.definition;
  if (state.contract !== undefined) copy.contract = state.contract;
  if (state.definedIn !== undefined) copy.definedIn = state.definedIn;
  if (state.startsAt !== undefined) copy.startsAt = state.startsAt;
  if (state.queue !== undefined) copy.queue = state.queue;
  if (state.isQueued !== undefined) copy.isQueued = state.isQueued;
  if (state.deadline !== undefined) copy.deadline = state.deadline;
  if (state.tenant !== undefined) copy.tenant = state.tenant;
  if (state.session !== undefined) copy.session = state.session;
  if (state.caller !== undefined) copy.caller = state.caller;
  if (state.failed !== undefined) copy.failed = state.failed;
  if (state.cancelled !== undefined) copy.cancelled = state.cancelled;
  if (state.undone !== undefined) copy.undone = state.undone;
  if (state.uncompensated !== undefined) copy.uncompensated = state.uncompensated;
  if (state.resolved !== undefined) copy.resolved = state.resolved;
  return copy;
}

/** The state after the first event of a run. */
export function beginRun(next: Mutable<RunState>, event: RunStarted): void {
  next.status = "running";
  next.workflow = event.workflow;
  next.input = event.input;
  next.coordination = event.coordination;
  next.pinned = event.pinned;
  next.epoch = event.epoch;
  next.steps = event.begun === undefined ? newSteps(event.steps) : (event.begun as RunSteps);
  if (event.definition !== undefined) next.definition = event.definition;
  if (event.contract !== undefined) next.contract = event.contract;
  if (event.startsAt !== undefined) next.startsAt = event.startsAt;
  if (event.queue !== undefined) {
    next.queue = event.queue;
    next.isQueued = true;
  }
  if (event.deadline !== undefined) next.deadline = event.deadline;
  if (event.tenant !== undefined) next.tenant = event.tenant;
  if (event.session !== undefined) next.session = event.session;
  if (event.caller !== undefined) next.caller = event.caller;
}

/** Nothing holds its steps back any more. */
export function release(next: Mutable<RunState>): void {
  delete next.startsAt;
  delete next.isQueued;
}
