/** A typed handle on an actor. */

import type { Observable } from "rxjs";
import * as v from "valibot";
import type { ActorDefinition } from "./actor-definition.ts";
import type { MessageInput, MessageReply, Protocol } from "./protocol.ts";
import type { Address } from "./address.ts";
import { readGiven } from "../contracts/read-given.ts";
import { transfer, type Transferable } from "../values/cloneable.ts";
import { shown } from "../values/shown.ts";

/**
 * How long an ask waits, and what ends it or repeats it.
 *
 * @since 0.1.0
 */
export interface AskOptions {
  /**
   * Milliseconds until the ask ends as `timed-out`. Default 5,000; `Infinity` for none. Inside a handler, never longer
   * than the asker of the current message still waits.
   */
  readonly timeout?: number;
  /** Ends the ask as `cancelled` when it aborts; the receiver's `context.signal` aborts as well. */
  readonly signal?: AbortSignal;
  /**
   * True for an ask that outlives the message or step it is made in, as for cleaning up: it goes on when that runs out
   * of time or is cancelled. Default false: it ends with the message or step.
   */
  readonly detached?: boolean;
  /**
   * A text that isn't empty, the same for every attempt at one request: with the actor and the message, it says which
   * request that is. A durable actor handles the request once and answers each attempt alike, also after a crash. What an
   * agent commits for it is applied once, and `context.idempotencyKey` is made of it. Other actors handle every message
   * that arrives.
   */
  readonly idempotencyKey?: string;
}

type Arguments<Input> = undefined extends Input ? [input?: Input] : [input: Input];
type AskArguments<Input> = undefined extends Input
  ? [input?: Input, options?: AskOptions]
  : [input: Input, options?: AskOptions];

/**
 * A typed handle on an actor on any thread. It can be sent in messages.
 *
 * @example
 * await ref.tell("add", { by: 2 });
 * const count = await ref.ask("get", undefined, { timeout: 200 });
 * ref.events$.subscribe(console.log);
 * @since 0.1.0
 */
export interface ActorRef<P extends Protocol = Protocol, E = unknown> extends Transferable {
  readonly address: Address;
  /** The actor's name in its system: the one it was spawned with, or the one it was given. */
  readonly name: string;
  /**
   * Sends a message without waiting for it to be handled. Messages from one sender to one actor are handled in the
   * order sent. The promise resolves when the mailbox has room for the message: at once, unless it is full.
   *
   * @throws TroupeError (as a rejection) `contract-violated`, `not-cloneable`, `message-too-large`, `no-such-message`;
   * `mailbox-full` under the policy `reject`, or under `backpressure`, when more messages than the mailbox's capacity
   * wait because their sender didn't await its tells; `thread-died` or `system-closed` when the actor can't be reached
   * any more. If no code waits for the promise, a message that its receiver could not take becomes a dead letter, and
   * the rejection does not end the process.
   */
  tell<K extends keyof P & string>(type: K, ...input: Arguments<MessageInput<P[K]>>): Promise<void>;
  /**
   * Sends a message and waits for the reply.
   *
   * @throws AskError (as a rejection) with `outcome` `rejected`, `failed`, `timed-out` or `cancelled`, and a `code`.
   */
  ask<K extends keyof P & string>(type: K, ...input: AskArguments<MessageInput<P[K]>>): Promise<MessageReply<P[K]>>;
  /**
   * The events that the actor emits from the moment of subscribing. Completes when the actor stops, when its thread dies
   * and when the system closes. Errors when the actor's behaviour throws, and when it is gone already; for a subscriber
   * without `error` it completes then, so that `subscribe(next)` never throws.
   */
  readonly events$: Observable<E>;
}

/**
 * The schema of a ref on an actor of the given definition, for protocols whose messages carry refs.
 *
 * @example
 * protocol: { register: { input: v.object({ who: actorRef(counter) }) } }
 * @since 0.1.0
 */
export function actorRef<P extends Protocol, E>(definition: ActorDefinition<P, E>): v.GenericSchema<ActorRef<P, E>> {
  return refSchema("actorRef", definition);
}

/** The schema of refs; of what, its errors say. */
export function refSchema<Ref>(where: string, definition: { readonly name: string }): v.GenericSchema<Ref> {
  const name = readGiven(where, () => definition.name);
  return v.custom<Ref>(
    (value) => typeof value === "object" && value !== null && transfer in value,
    `expected a ref on ${typeof name === "string" ? name : shown(name)}`,
  );
}
