/** What an actor's cell and its parts need of their host. */

import type { Address, HostId } from "../../actors/address.ts";
import type { AskError } from "../../errors/ask-error.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AgentMeter } from "../../metrics/agent-meter.ts";
import type { Random } from "../../ports/random.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Recorder } from "../../traces/recorder.ts";
import type { ValueCopier } from "../../values/value-copier.ts";
import type { Sender } from "../messaging/target.ts";
import type { DeadLetterReason, Envelope } from "../transport/envelope.ts";
import type { Answer, Frame } from "../transport/frame.ts";
import type { SystemReport } from "../transport/system-report.ts";
import type { OpenAsks } from "./open-asks.ts";

/** The host of an actor: its ports, the way to other hosts, and the reports of what became of messages. */
export interface CellHost {
  readonly id: HostId;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly copier: ValueCopier;
  /** Sees what its actors do. */
  readonly observer?: ActorObserver | undefined;
  /** Absent where nothing is recorded. */
  readonly recorder?: Recorder | undefined;
  /** Absent where nothing is measured. */
  readonly meter?: AgentMeter | undefined;
  readonly settings: {
    /** How many messages an actor handles before the other actors of its thread get their turn. */
    readonly messagesPerTurn: number;
    readonly maxMessageBytes: number;
  };
  /** The asks that are being handled here. */
  readonly openAsks: OpenAsks;
  /** Called for each message that is handled. */
  beat(): void;
  /** Sends a frame to a host; one for this host is taken here. */
  transmit(peer: HostId, frame: Frame): void;
  /** Sends the batch that is being gathered for a host, without waiting any longer. */
  flushTo(peer: HostId): void;
  /** Turns the plain forms of refs in a value that this host owns back into refs bound to `sender`. */
  revive(value: unknown, sender: Sender): unknown;
  answer(envelope: Envelope, answer: Answer): void;
  /** Answers an ask with an error: it is not handled, or its handling came to nothing. */
  refuse(envelope: Envelope, error: AskError): void;
  /** Makes a dead letter of a message. */
  deadLetter(envelope: Envelope, reason: DeadLetterReason, detail?: string): void;
  /** Sends a report to the home host. */
  report(report: SystemReport): void;
  /** Reports to the home host the error with which an actor failed at a message of that type. */
  reportFailure(actor: Address, message: string, thrown: unknown, isExpected?: boolean): void;
  /** The actor has stopped. */
  remove(address: Address, hasFailed: boolean): void;
  /** The actor is left behind: it has no place here any more. */
  forget(address: Address): void;
}
