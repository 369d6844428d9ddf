/** What sending messages and following events needs of a host. */

import type { Address, HostId } from "../../actors/address.ts";
import type { AskError } from "../../errors/ask-error.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Recorder } from "../../traces/recorder.ts";
import type { ValueCopier } from "../../values/value-copier.ts";
import type { DeadLetterReason, Envelope } from "../transport/envelope.ts";
import type { Frame } from "../transport/frame.ts";
import type { Sender } from "./target.ts";

/** The host of senders and subscribers: its copier, its clock, and the way to other hosts. */
export interface MessagingHost {
  readonly id: HostId;
  readonly clock: Clock;
  readonly turns: Pick<Turns, "atEndOfLoop">;
  readonly copier: ValueCopier;
  /** Sees what its senders ask. */
  readonly observer?: ActorObserver | undefined;
  /** Absent where nothing is recorded. */
  readonly recorder?: Recorder | undefined;
  readonly settings: {
    /** Milliseconds that an ask waits unless its options say otherwise. */
    readonly askTimeout: number;
  };
  /** Sends a frame to a host; one for this host is taken here. */
  transmit(peer: HostId, frame: Frame): void;
  /** How messages to the actors of a host are sent. */
  pathTo(peer: HostId): (envelope: Envelope) => void;
  /** True while frames reach a host. */
  reaches(peer: HostId): boolean;
  /** Why nothing can reach an actor any more; `undefined` while its host is there. */
  unreachable(to: Address, type: string): AskError | undefined;
  /** Turns the plain forms of refs in a value that this host owns back into refs bound to `sender`. */
  revive(value: unknown, sender: Sender): unknown;
  /** Makes a dead letter of a message. */
  deadLetter(envelope: Envelope, reason: DeadLetterReason, detail?: string): void;
}
