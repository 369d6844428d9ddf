/** What can happen to a run. Its history is a list of these. */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { Payload } from "../payload-codec.ts";
import type { WorkflowId } from "../workflow-definition.ts";
import type { Coordination, Epoch } from "./coordination.ts";

/** A step as its run knows it: enough to judge events without the workflow's code. */
export interface StepOutline {
  readonly name: string;
  /** The agent that does it, such as `credit-score@1.0.0`. */
  readonly agent: string;
  readonly after: readonly string[];
  /** True when the agent can undo it. */
  readonly compensable: boolean;
}

/** The first event of every run. A run that is `pinned` keeps its coordination whatever the system switches to. */
export interface RunStarted {
  readonly type: "run-started";
  readonly workflow: WorkflowId;
  readonly input: Payload;
  readonly steps: readonly StepOutline[];
  readonly coordination: Coordination;
  readonly pinned: boolean;
  readonly epoch: Epoch;
}

/** `by` says who decided it, `epoch` under which switch of the coordination. */
export interface StepStarted {
  readonly type: "step-started";
  readonly step: string;
  readonly input: Payload;
  readonly by: Coordination;
  readonly epoch: Epoch;
}

/** The step's output, which its agent's contract has passed. */
export interface StepFinished {
  readonly type: "step-finished";
  readonly step: string;
  readonly output: Payload;
}

/** The step threw, violated its contract, was cut off, or could not start at all. */
export interface StepFailed {
  readonly type: "step-failed";
  readonly step: string;
  readonly error: EncodedError;
  /** There only for a step that could not start: under which switch of the coordination that was found. */
  readonly epoch?: Epoch;
}

/** A finished step is being undone; `by` and `epoch` as for {@link StepStarted}. */
export interface CompensationStarted {
  readonly type: "compensation-started";
  readonly step: string;
  readonly by: Coordination;
  readonly epoch: Epoch;
}

/** The step is undone. */
export interface CompensationFinished {
  readonly type: "compensation-finished";
  readonly step: string;
}

/** The step could not be undone. */
export interface CompensationFailed {
  readonly type: "compensation-failed";
  readonly step: string;
  readonly error: EncodedError;
  /** There only for a compensation that could not start. */
  readonly epoch?: Epoch;
}

/** Somebody asked for the run's end. */
export interface CancelRequested {
  readonly type: "cancel-requested";
  readonly reason?: string;
}

/** From here on the run is decided under another coordination. */
export interface CoordinationSwitched {
  readonly type: "coordination-switched";
  readonly coordination: Coordination;
  readonly epoch: Epoch;
}

/** How a run can end. */
export type EndStatus = "completed" | "failed" | "cancelled" | "compensation-failed";

/**
 * The last event of every run. `output` is there when it completed, `error` and `step` when it failed or a compensation
 * did, `reason` where a cancellation gave one.
 */
export interface RunEnded {
  readonly type: "run-ended";
  readonly status: EndStatus;
  readonly output?: Payload;
  readonly step?: string;
  readonly error?: EncodedError;
  readonly reason?: string;
}

/** Everything that can happen to a run, told apart by `type`. */
export type RunEvent =
  | RunStarted
  | StepStarted
  | StepFinished
  | StepFailed
  | CompensationStarted
  | CompensationFinished
  | CompensationFailed
  | CancelRequested
  | CoordinationSwitched
  | RunEnded;

/** What a participant may propose. The others come from the supervisor and from the user. */
export type Proposal =
  | StepStarted
  | StepFinished
  | StepFailed
  | CompensationStarted
  | CompensationFinished
  | CompensationFailed;

/** Proposals that need an answer before anything is done: only what the history accepted may be carried out. */
export type Claim = StepStarted | CompensationStarted;

/** Proposals that say how something ended. */
export type Outcome = Exclude<Proposal, Claim>;

type WithoutPayload<E> = E extends RunEvent ? Omit<E, "workflow" | "input" | "steps" | "output" | "error"> : never;

/**
 * An event as its version of the run keeps it. Whatever is large is a part of the run's state in that version, and isn't
 * stored a second time.
 */
export type RunNote = WithoutPayload<RunEvent>;
