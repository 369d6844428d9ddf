/** The events of a run. Its history is a list of these. */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { WorkflowId } from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "./coordination.ts";
import type { DefinitionChanged } from "./definition-changed.ts";
import type { ItemsOf, StepOutline } from "../steps/step-outline.ts";

/**
 * In which queue a run waits, or waited, and what its place there follows from: the highest priority comes first, then the one that joined first.
 *
 * @since 0.1.0
 */
export interface QueuedIn {
  readonly name: string;
  /** What it is counted with; empty for none. */
  readonly key: string;
  /** Absent for 0. */
  readonly priority?: number;
  /** When it joined, in milliseconds since the epoch: no two runs of a system have the same, so that there is an order. */
  readonly since: number;
  /** Milliseconds from its release until it is cancelled; absent for never. */
  readonly timeout?: number;
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
  /** The fingerprint of the workflow's steps and contracts: a run goes on only with the definition that it was started with, or migrated to. */
  readonly definition?: string;
  /** A hash of the schema of the input. */
  readonly contract?: string;
  /** When it begins with its steps, in milliseconds since the epoch; absent for at once. */
  readonly startsAt?: number;
  /** Where it waits for a place; absent for one that begins without. */
  readonly queue?: QueuedIn;
  /** The time at which the run is cancelled if it hasn't ended, in milliseconds since the epoch. */
  readonly deadline?: number;
  /** Present for a fork: the run and the version of it where it begins, and the steps that are not done again. */
  readonly fork?: { readonly run: string; readonly version: number; readonly inherited: readonly string[] };
  /** What has begun already in a fork: the state of its steps. Absent in a history: there the run's state has it. */
  readonly begun?: unknown;
  /** The tenant that the run is for; absent for none. */
  readonly tenant?: string;
  /** What the run belongs to together with others; absent for none. */
  readonly session?: string;
  /** Who had it started, as a W3C `traceparent`; absent if that is unknown. */
  readonly caller?: string;
}

/**
 * A step has started: an attempt of its agent, a sub-workflow, an each or a loop. The items of an each have paths such as `check[3]`, the
 * rounds of a loop such as `improve#3`. `by` is the decider, `epoch` the epoch of the coordination in which it decided.
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
  /** Present for an each. Its input, and that of a loop, is `null`: each item and each round has its own. */
  readonly items?: ItemsOf;
  /** Present for the first attempt at a round: the name in the loop of the agent that does it. */
  readonly who?: string;
  /** How many of the messages to the loop this round and those before it have read; absent if this one reads none. */
  readonly told?: number;
}

/**
 * A step has finished, with an output that satisfies its agent's contract.
 *
 * @since 0.1.0
 */
export interface StepFinished {
  readonly type: "step-finished";
  readonly step: string;
  /** Of a sub-workflow, that of its last step; of an each, the results of its items in the list's order; of a loop, that of its last round. */
  readonly output: Payload;
  /** The attempt that ended; absent for the first. */
  readonly attempt?: number;
  /** Present when the output is the step's fallback: the agent's error. */
  readonly fallbackFor?: EncodedError;
  /** Present for a wait that was not answered in time: the output is what its `otherwise` gave. */
  readonly isExpired?: true;
  /** Present for a loop: the number of its last round, and the epoch in which it was decided to be that. */
  readonly round?: number;
  readonly epoch?: Epoch;
}

/**
 * A wait or a pause has begun. Nothing of the run's process is held by it.
 *
 * @since 0.1.0
 */
export interface WaitOpened {
  readonly type: "wait-opened";
  readonly step: string;
  /** What is asked; absent for a pause. */
  readonly question?: Payload;
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
  /** When the pause is over, or the wait given up, in milliseconds since the epoch; absent for a wait without a timeout. */
  readonly until?: number;
}

/**
 * A wait was answered, before it opened or since. If it is open, the step finishes with the answer in the same version; otherwise as
 * soon as it opens.
 *
 * @since 0.1.0
 */
export interface WaitAnswered {
  readonly type: "wait-answered";
  readonly step: string;
  /** As parsed by the wait's schema. */
  readonly answer: Payload;
  /** Who answered, as they were named. */
  readonly by?: string;
  /** The key under which it was told. */
  readonly idempotencyKey?: string;
}

/**
 * A loop was told something, before it began or since. The round that begins next reads it.
 *
 * @since 0.1.0
 */
export interface LoopTold {
  readonly type: "loop-told";
  readonly step: string;
  /** As parsed by the loop's `inbox`. */
  readonly message: Payload;
  /** Who told it, as they were named. */
  readonly by?: string;
  /** The key under which it was told. */
  readonly idempotencyKey?: string;
}

/**
 * A step is not done: its `when` said so, or a step that it needs was skipped. `by` and `epoch` as for {@link StepStarted}.
 *
 * @since 0.1.0
 */
export interface StepSkipped {
  readonly type: "step-skipped";
  readonly step: string;
  readonly by: Coordination;
  readonly epoch: Epoch;
  /** What the step's `otherwise` gave in its place. */
  readonly output?: Payload;
  /** Present when there is an output, which may be `undefined`. */
  readonly isGiven?: true;
}

/**
 * The step threw, violated its contract, timed out, was lost with its thread, was rejected by a policy, or could not
 * start at all.
 *
 * @since 0.1.0
 */
export interface StepFailed {
  readonly type: "step-failed";
  readonly step: string;
  readonly error: EncodedError;
  /** Present only for a step that could not start: the epoch in which that was found. */
  readonly epoch?: Epoch;
  /** The attempt that ended; absent for the first. */
  readonly attempt?: number;
  /** Present when the step is tried again: the time, in milliseconds since the epoch. */
  readonly retryAt?: number;
  /** Present when the attempt's effects are unknown: it timed out, or its thread died. */
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
  /** Present only for a compensation that could not start. */
  readonly epoch?: Epoch;
  readonly attempt?: number;
  /** Present when it is tried again: the time, in milliseconds since the epoch. */
  readonly retryAt?: number;
}

/**
 * The run was cancelled, or its deadline passed.
 *
 * @since 0.1.0
 */
export interface CancelRequested {
  readonly type: "cancel-requested";
  readonly reason?: string;
  /** Present when the deadline is the reason. */
  readonly isExpired?: true;
}

/**
 * A run that was recorded before begins with its steps: the time has come, or it has its place in its queue.
 *
 * @since 0.1.0
 */
export interface RunReleased {
  readonly type: "run-released";
  /** The time at which the run is cancelled if it hasn't ended, in milliseconds since the epoch. */
  readonly deadline?: number;
}

/**
 * A system found the run unfinished in its journal and goes on with it. Work that was in flight when the process ended
 * is begun again, under the same idempotency key.
 *
 * @since 0.1.0
 */
export interface RunRecovered {
  readonly type: "run-recovered";
  readonly coordination: Coordination;
  readonly epoch: Epoch;
}

/**
 * An operator asked for another attempt at the compensation that had failed for good.
 *
 * @since 0.1.0
 */
export interface CompensationRetried {
  readonly type: "compensation-retried";
}

/**
 * A run that had completed is to be undone, as far as its agents can.
 *
 * @since 0.1.0
 */
export interface UndoRequested {
  readonly type: "undo-requested";
  readonly reason?: string;
}

/**
 * An operator has dealt with what the run could not undo.
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
 * How a run can end. A run that ended as `compensation-failed` waits for a person, who retries the compensation or
 * declares the run `resolved`; one that ended as `completed` may be undone, and is `undone` then; the other ends are final.
 *
 * @since 0.1.0
 */
export type EndStatus = "completed" | "failed" | "cancelled" | "undone" | "compensation-failed" | "resolved";

/**
 * The last event of every run, except that a run which ended as `compensation-failed` or `completed` may go on. `output` is present
 * when the run completed, `error` and `step` when the run or a compensation failed, `reason` if a cancellation or an undoing gave one.
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
  | StepSkipped
  | StepFailed
  | WaitOpened
  | WaitAnswered
  | LoopTold
  | CompensationStarted
  | CompensationFinished
  | CompensationFailed
  | CancelRequested
  | CoordinationSwitched
  | DefinitionChanged
  | RunReleased
  | RunRecovered
  | CompensationRetried
  | UndoRequested
  | RunResolved
  | RunEnded;

/** The events by which a person has a run turn back or go on. */
export type Intervention = CancelRequested | CompensationRetried | UndoRequested;

/** The events that a participant may propose. The others come from the supervisor and from the user. */
export type Proposal =
  | StepStarted
  | StepFinished
  | StepSkipped
  | StepFailed
  | CompensationStarted
  | CompensationFinished
  | CompensationFailed;

/** Proposals that need an answer first: only a claim that the history accepted may be carried out. */
export type Claim = StepStarted | CompensationStarted;

/** Proposals that say how something ended, or that it doesn't begin. */
export type Outcome = Exclude<Proposal, Claim>;

type WithoutPayload<E> = E extends RunEvent
  ? Omit<
      E,
      | "workflow"
      | "input"
      | "steps"
      | "output"
      | "error"
      | "fallbackFor"
      | "definition"
      | "contract"
      | "begun"
      | "queue"
      | "values"
      | "deadline"
      | "question"
      | "answer"
      | "message"
    >
  : never;

/**
 * An event as its version of the run keeps it. Large values are part of the run's state in that version and aren't
 * stored a second time.
 */
export type RunNote = WithoutPayload<RunEvent>;
