/**
 * The messages between the supervisor of runs and the participants. Plain data, and JSON if the payloads are.
 *
 * Both directions are FIFO. The supervisor numbers its messages, so that a participant drops duplicates.
 * The run's history refuses a proposal that arrives twice at the supervisor.
 */

import type { Payload } from "../../contracts/payload-codec.ts";
import type { WorkflowId } from "../definition/workflow-definition.ts";
import type { Epoch } from "../history/coordination.ts";
import type { Parts } from "../definition/parts.ts";
import type { BetweenRounds } from "../history/run-rounds.ts";
import type { Claim, Outcome } from "../history/run-event.ts";
import type { ItemsOf } from "../steps/step-outline.ts";

/** The fields about the run in every message to a participant. */
interface OfRun {
  readonly run: string;
  readonly epoch: Epoch;
  /** True for a message that exists because the coordination was switched or a participant was replaced. */
  readonly handOver: boolean;
}

/** Do this step; the history has it as started. */
export interface Perform extends OfRun, Attempt, Grant {
  readonly type: "perform";
}

/** An attempt at a step. */
export interface Attempt {
  readonly step: string;
  readonly input: Payload;
  /** 2 for the second attempt …; absent for the first. */
  readonly attempt?: number;
}

/** Undo this step; the history has its compensation as started. */
export interface Compensate extends OfRun, Grant {
  readonly type: "compensate";
  readonly own: OwnStep;
}

/** The time has come to try a step of a relayed run again: its participant may claim the next attempt. */
export interface Due extends OfRun {
  readonly type: "due";
  readonly step: string;
  readonly input: Payload;
  readonly attempt: number;
}

/** Events of a relayed run that concern this participant's steps. The participant decides what follows from them. */
export interface Relay extends OfRun {
  readonly type: "relay";
  readonly workflow: WorkflowId;
  /** The innermost item or round that the steps are in; absent for none. The events of each are gathered apart, and forgotten with it. */
  readonly part?: string;
  /** The steps of this participant that the events concern. */
  readonly steps: readonly string[];
  readonly events: readonly RelayedEvent[];
}

/** The run was cancelled: abort its steps in flight. Their outcomes are reported as usual. */
export interface Abort {
  readonly type: "abort";
  readonly run: string;
  readonly reason?: string;
}

/** The run has ended or is decided elsewhere: forget the events gathered for it. Work in flight goes on. */
export interface Release {
  readonly type: "release";
  readonly run: string;
  /** Only those of this item or round, and of what is in it; absent for all. */
  readonly part?: string;
  readonly workflow: WorkflowId;
}

/** Some code listens to the run from now on: what its attempts emit is wanted. */
export interface Listen {
  readonly type: "listen";
  readonly run: string;
}

/** From the supervisor to a participant. */
export type ToParticipant = Perform | Compensate | Relay | Due | Abort | Release | Listen;

/** A message to a participant as it is sent: numbers ascend per participant, with gaps. */
export interface NumberedMessage {
  readonly number: number;
  readonly message: ToParticipant;
}

/** An event of a relayed run in the form that participants get. */
export type RelayedEvent =
  | { readonly type: "run-started"; readonly input: Payload }
  /** A sub-workflow has begun. */
  | { readonly type: "step-started"; readonly step: string; readonly input: Payload }
  /** These items of an each may start: from one on, and up to another one. */
  | {
      readonly type: "items-due";
      readonly step: string;
      readonly items: ItemsOf;
      readonly from: number;
      readonly to: number;
      /** Present when the events before it have all that the items are decided from. */
      readonly withSources?: true;
    }
  /** A loop is between two rounds: what follows is to be decided. */
  | {
      readonly type: "round-due";
      readonly step: string;
      readonly between: BetweenRounds;
      /** The names in the loop under which this participant does rounds: it starts those of them. */
      readonly as: readonly string[];
      /** Present for the one participant that says when the loop ends or has failed. */
      readonly ends?: true;
    }
  /** A step has finished, or was skipped. */
  | {
      readonly type: "step-settled";
      readonly step: string;
      readonly output: Payload;
      /** Present when it was skipped and has no output. */
      readonly isAbsent?: true;
    }
  /** The run goes backward. */
  | {
      readonly type: "run-compensating";
      /** The steps still to be compensated, the next one first. Nothing is in flight. */
      readonly remaining: readonly string[];
      /** This participant's own steps among them, each with its input and output. */
      readonly own: readonly OwnStep[];
    };

/** A step with the data that its participant needs to compensate it. */
export interface OwnStep {
  readonly step: string;
  readonly input: Payload;
  readonly output: Payload;
  /** Present when the step gave no output and its effects are unknown. */
  readonly isUnknown?: true;
  /** The attempt at its compensation; absent for the first. */
  readonly attempt?: number;
}

/** The answer to a claim that was accepted: what an attempt, at a step or at its compensation, has besides its input. An order has it too. */
export interface Grant {
  /** The attempt's deadline, in the clock's milliseconds; absent for none. */
  readonly deadline?: number;
  /** Present when what it emits is wanted. */
  readonly isHeard?: true;
  /** The tenant of the run; absent for none. */
  readonly tenant?: string;
  /** Its place in the run's trace, as a traceparent; `false` in a run that is not recorded, and absent where none is. */
  readonly trace?: string | false;
}

/** What an attempt used and made, besides its output. */
export interface Spent {
  /** How long the agent's code ran, in milliseconds. */
  readonly took: number;
  /** The tokens that the agent reported. */
  readonly tokens: number;
  /** How many parts it has emitted, sent or not; absent for none. A listener that came late is told of those that it missed. */
  readonly emitted?: number;
  /** Present when the attempt timed out while its code still runs; a second report follows when the code ends. */
  readonly isRunning?: true;
}

/**
 * From a participant to the supervisor. A `claim` is answered with a {@link Grant} if the history accepted it and the
 * agent's policies let it through, otherwise with `false`; it is carried out only after a grant. The others need no answer.
 * `parts` is answered, once they were taken, with whether more are wanted. They come before the outcome of their attempt.
 * `begun` comes before the outcome of the attempt, and only where the agent's policies limit requests.
 */
export type ToSupervisor =
  | { readonly type: "claim"; readonly run: string; readonly event: Claim }
  | ({ readonly type: "parts" } & Parts)
  | { readonly type: "begun"; readonly run: string; readonly step: string; readonly attempt: number }
  | { readonly type: "outcome"; readonly run: string; readonly event: Outcome; readonly spent: Spent };
