/** What the store keeps of a durable actor besides its state: what it has sent and nobody has handled yet. */

import * as v from "valibot";
import { defineState } from "../store/versions/define-state.ts";
import type { MailboxOptions } from "./mailbox-options.ts";
import type { Payload } from "../contracts/payload-codec.ts";

/** A message that left a handler and waits until its receiver has handled it. */
export interface Parcel {
  /** 1 for the actor's first message, 2 for the second … */
  readonly number: number;
  readonly to: Recipient;
  readonly type: string;
  readonly payload: Payload;
}

/** An actor by its name: after a restart it may be on another thread. */
export interface Recipient extends Readonly<Required<MailboxOptions>> {
  readonly name: string;
}

/** A durable actor's mail: each version is what one message, or several deliveries, made of the one before. */
export interface Mail {
  /** How many messages had an effect, or have to be recognised when they come again. */
  readonly handled: number;
  /** The number of the newest parcel. */
  readonly posted: number;
  /** What is not delivered yet, in the order sent. */
  readonly outbox: readonly Parcel[];
  /** What the message of this version was answered, if it could come again. */
  readonly reply?: Payload;
}

/** The mail of an actor that has handled nothing. */
export const noMail: Mail = Object.freeze({ handled: 0, posted: 0, outbox: Object.freeze([]) });

const counter = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The key `mail/<key of the actor's state>`. Only the actor writes it, so the schema looks no deeper. */
export const mailState = defineState<Mail>({
  name: "mail",
  version: 1,
  schema: v.looseObject({ handled: counter, posted: counter, outbox: v.array(v.custom<Parcel>(isObject)) }),
  initial: () => noMail,
});

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
