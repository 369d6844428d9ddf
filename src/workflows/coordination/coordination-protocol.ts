/**
 * What the supervisor and the participants of runs tell each other. Plain data, JSON where the payloads are.
 *
 * Both directions are FIFO. The supervisor numbers what it sends, so that a participant drops what arrives twice; what
 * arrives twice at the supervisor the run's history refuses.
 */

import type { Payload } from "../../contracts/payload-codec.ts";
import type { WorkflowId } from "../definition/workflow-definition.ts";
import type { Epoch } from "../history/coordination.ts";
import type { Claim, Outcome } from "../history/run-event.ts";

/** What every message to a participant says about its run. */
interface OfRun {
  readonly run: string;
  readonly epoch: Epoch;
  /** True for a message that exists because the coordination was switched or a participant was replaced. */
  readonly handOver: boolean;
}

/** Do this step; the history has it as started. */
export interface Perform extends OfRun, Attempt {
  readonly type: "perform";
}

/** An attempt at a step. */
export interface Attempt {
  readonly step: string;
  readonly input: Payload;
  /** 2 for the second attempt …; absent for the first. */
  readonly attempt?: number;
  /** Until when its outcome is waited for, in milliseconds since the epoch; absent for no such time. */
  readonly deadline?: number;
}

/** Undo this step; the history has its compensation as started. */
export interface Compensate extends OfRun {
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

/** Events of a relayed run that concern the steps this participant does. It decides for itself what follows from them. */
export interface Relay extends OfRun {
  readonly type: "relay";
  readonly workflow: WorkflowId;
  /** The steps of this participant that the events concern. */
  readonly steps: readonly string[];
  readonly events: readonly RelayedEvent[];
}

/** The run was cancelled: abort what is in flight of it. What becomes of the steps is reported as ever. */
export interface Abort {
  readonly type: "abort";
  readonly run: string;
  readonly reason?: string;
}

/** The run has ended or is decided elsewhere: forget what was gathered for it. What is in flight goes on. */
export interface Release {
  readonly type: "release";
  readonly run: string;
  readonly workflow: WorkflowId;
}

/** From the supervisor to a participant. */
export type ToParticipant = Perform | Compensate | Relay | Due | Abort | Release;

/** A message to a participant as it is sent: numbers ascend per participant, with gaps. */
export interface NumberedMessage {
  readonly number: number;
  readonly message: ToParticipant;
}

/** What a participant learns of the events of a relayed run. */
export type RelayedEvent =
  | { readonly type: "run-started"; readonly input: Payload }
  | { readonly type: "step-finished"; readonly step: string; readonly output: Payload }
  /** The run goes backward. */
  | {
      readonly type: "run-compensating";
      /** What is still to be compensated, the next one first. Nothing is in flight. */
      readonly remaining: readonly string[];
      /** What this participant's own steps among them were given and gave. */
      readonly own: readonly OwnStep[];
    };

/** A step as its participant gets it back. */
export interface OwnStep {
  readonly step: string;
  readonly input: Payload;
  readonly output: Payload;
  /** There when it gave no output, and nobody knows whether it had effects. */
  readonly isUnknown?: true;
  /** The attempt at its compensation; absent for the first. */
  readonly attempt?: number;
}

/** What a claim is answered with that was accepted. */
export interface Grant {
  /** Until when the outcome is waited for, in milliseconds since the epoch; absent for no such time. */
  readonly deadline?: number;
}

/** What an attempt took. */
export interface Spent {
  /** How long the agent's code has run, in milliseconds. */
  readonly took: number;
  /** Tokens that the agent says it used. */
  readonly tokens: number;
  /** There when the attempt's time was up and its code goes on: when that ends, it is told as well. */
  readonly isRunning?: true;
}

/**
 * From a participant to the supervisor. A `claim` is answered with a {@link Grant} if the history accepted it and the
 * agent's policies let it through, and only then carried out, and with `false` otherwise; an `outcome` needs no answer.
 */
export type ToSupervisor =
  | { readonly type: "claim"; readonly run: string; readonly event: Claim }
  | { readonly type: "outcome"; readonly run: string; readonly event: Outcome; readonly spent: Spent };
