/** The outbox of a durable actor as the store keeps it: the messages that it sent and that are not handled yet. */

import * as v from "valibot";
import { defineFamily } from "../store/versions/define-state.ts";
import type { MailboxOptions } from "./mailbox-options.ts";
import type { Payload } from "../contracts/payload-codec.ts";

/** A message that a handler sent and that the receiver has not handled yet. */
export interface Parcel {
  /** 1 for the actor's first message, 2 for the second … */
  readonly number: number;
  readonly to: Recipient;
  readonly type: string;
  readonly payload: Payload;
  /** The place in a trace at which it was sent, as a traceparent; absent for none. */
  readonly trace?: string;
}

/** The receiver by its name, since it may be on another thread after a restart. */
export interface Recipient extends Readonly<Required<MailboxOptions>> {
  readonly name: string;
}

/** A durable actor's mail. Each version records one handled message, or several deliveries. */
export interface Mail {
  /** How many messages had an effect, or have to be recognised if they arrive again. */
  readonly handled: number;
  /** The number of the newest parcel. */
  readonly posted: number;
  /** The parcels that are not delivered yet, in the order sent. */
  readonly outbox: readonly Parcel[];
  /** The reply to this version's message, kept if the message can arrive again. */
  readonly reply?: Payload;
  /** The hash of the payload of this version's message, kept if its sender gave it a key: another payload under the same key is another message. */
  readonly asked?: string;
}

/** The mail of an actor that has handled nothing. */
export const noMail: Mail = Object.freeze({ handled: 0, posted: 0, outbox: Object.freeze([]) });

const counter = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The key `mail/<key of the actor's state>`. Only the actor writes it, so the schema checks no deeper. */
export const mailState = defineFamily<Mail>({
  name: "mail",
  version: 1,
  schema: v.looseObject({ handled: counter, posted: counter, outbox: v.array(v.custom<Parcel>(isObject)) }),
  initial: () => noMail,
});

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
