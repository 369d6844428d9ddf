/** What can happen to a run. Its history is a list of these. */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { WorkflowId } from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "./coordination.ts";

/**
 * A step as its run knows it: enough to judge events without the workflow's code.
 *
 * @experimental
 * @since 0.1.0
 */
export interface StepOutline {
  readonly name: string;
  /** The agent that does it, such as `credit-score@1.0.0`. */
  readonly agent: string;
  readonly after: readonly string[];
  /** True when the agent can undo it. */
  readonly compensable: boolean;
  /** There when the agent can undo a step of which nobody knows whether it had effects. */
  readonly undoesUnknown?: true;
  /** There for the point of no return: once it has finished, the run isn't undone any more. */
  readonly isPivot?: true;
}

/**
 * The first event of every run. A run that is `pinned` keeps its coordination whatever the system switches to.
 *
 * @since 0.1.0
 */
export interface RunStarted {
  readonly type: "run-started";
  readonly workflow: WorkflowId;
  readonly input: Payload;
  readonly steps: readonly StepOutline[];
  readonly coordination: Coordination;
  readonly pinned: boolean;
  readonly epoch: Epoch;
  /** The fingerprint of the workflow's steps and contracts: a run goes on only with the definition that it was started with. */
  readonly definition?: string;
  /** When the run is cancelled if it hasn't ended, in milliseconds since the epoch. */
  readonly deadline?: number;
}

/**
 * `by` says who decided it, `epoch` under which switch of the coordination.
 *
 * @since 0.1.0
 */
export interface StepStarted {
  readonly type: "step-started";
  readonly step: string;
  readonly input: Payload;
  readonly by: Coordination;
  readonly epoch: Epoch;
  /** 2 for the second attempt …; absent for the first. */
  readonly attempt?: number;
}

/**
 * The step's output, which its agent's contract has passed.
 *
 * @since 0.1.0
 */
export interface StepFinished {
  readonly type: "step-finished";
  readonly step: string;
  readonly output: Payload;
  /** The attempt that it ends; absent for the first. */
  readonly attempt?: number;
  /** There when the output is the step's fallback: why the agent could not give one. */
  readonly fallbackFor?: EncodedError;
}

/**
 * The step threw, violated its contract, timed out, was cut off, was not let through, or could not start at all.
 *
 * @since 0.1.0
 */
export interface StepFailed {
  readonly type: "step-failed";
  readonly step: string;
  readonly error: EncodedError;
  /** There only for a step that could not start: under which switch of the coordination that was found. */
  readonly epoch?: Epoch;
  /** The attempt that it ends; absent for the first. */
  readonly attempt?: number;
  /** There when the step is tried again: when, in milliseconds since the epoch. */
  readonly retryAt?: number;
  /** There when nobody knows whether the attempt had effects: it timed out, or its thread died. */
  readonly isUncertain?: true;
}

/**
 * A finished step is being undone; `by` and `epoch` as for {@link StepStarted}.
 *
 * @since 0.1.0
 */
export interface CompensationStarted {
  readonly type: "compensation-started";
  readonly step: string;
  readonly by: Coordination;
  readonly epoch: Epoch;
  /** 2 for the second attempt …; absent for the first. */
  readonly attempt?: number;
}

/**
 * The step is undone: its agent's compensation has ended.
 *
 * @since 0.1.0
 */
export interface CompensationFinished {
  readonly type: "compensation-finished";
  readonly step: string;
  readonly attempt?: number;
}

/**
 * The step could not be undone: an attempt at its compensation failed.
 *
 * @since 0.1.0
 */
export interface CompensationFailed {
  readonly type: "compensation-failed";
  readonly step: string;
  readonly error: EncodedError;
  /** There only for a compensation that could not start. */
  readonly epoch?: Epoch;
  readonly attempt?: number;
  /** There when it is tried again: when, in milliseconds since the epoch. */
  readonly retryAt?: number;
}

/**
 * Somebody asked for the run's end, or its deadline passed.
 *
 * @since 0.1.0
 */
export interface CancelRequested {
  readonly type: "cancel-requested";
  readonly reason?: string;
  /** There when it is the deadline that asks. */
  readonly isExpired?: true;
}

/**
 * A system found the run unfinished in its journal and goes on with it. What was in flight when the process ended is begun
 * again, under the same idempotency key.
 *
 * @since 0.1.0
 */
export interface RunRecovered {
  readonly type: "run-recovered";
  readonly coordination: Coordination;
  readonly epoch: Epoch;
}

/**
 * Somebody asked to try the compensation again that failed for good.
 *
 * @since 0.1.0
 */
export interface CompensationRetried {
  readonly type: "compensation-retried";
}

/**
 * Somebody has seen to it what a run left that could not be undone.
 *
 * @since 0.1.0
 */
export interface RunResolved {
  readonly type: "run-resolved";
  readonly note: string;
}

/**
 * From here on the run is decided under another coordination.
 *
 * @since 0.1.0
 */
export interface CoordinationSwitched {
  readonly type: "coordination-switched";
  readonly coordination: Coordination;
  readonly epoch: Epoch;
}

/**
 * How a run can end. `compensation-failed` waits for a person, who has it tried again or says that it is `resolved`; the
 * others are for good.
 *
 * @since 0.1.0
 */
export type EndStatus = "completed" | "failed" | "cancelled" | "compensation-failed" | "resolved";

/**
 * The last event of every run; one that ended as `compensation-failed` may go on from there. `output` is there when it completed, `error` and `step` when it failed or a compensation
 * did, `reason` where a cancellation gave one.
 *
 * @since 0.1.0
 */
export interface RunEnded {
  readonly type: "run-ended";
  readonly status: EndStatus;
  readonly output?: Payload;
  readonly step?: string;
  readonly error?: EncodedError;
  readonly reason?: string;
}

/**
 * Everything that can happen to a run, told apart by `type`.
 *
 * @since 0.1.0
 */
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
  | RunRecovered
  | CompensationRetried
  | RunResolved
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

type WithoutPayload<E> = E extends RunEvent
  ? Omit<E, "workflow" | "input" | "steps" | "output" | "error" | "fallbackFor" | "definition" | "deadline">
  : never;

/**
 * An event as its version of the run keeps it. Whatever is large is a part of the run's state in that version, and isn't
 * stored a second time.
 */
export type RunNote = WithoutPayload<RunEvent>;
