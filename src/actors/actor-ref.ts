/** A typed handle on an actor. */

import type { Observable } from "rxjs";
import * as v from "valibot";
import type { ActorDefinition } from "./actor-definition.ts";
import type { MessageInput, MessageReply, Protocol } from "./protocol.ts";
import type { Address } from "./address.ts";
import { transfer, type Transferable } from "../values/cloneable.ts";

/**
 * How long an ask waits, and what ends it or repeats it.
 *
 * @since 0.1.0
 */
export interface AskOptions {
  /**
   * Milliseconds until the ask ends as `timed-out`. Default 5,000; `Infinity` for none. While a message is handled, never more
   * than what whoever sent that still waits.
   */
  readonly timeout?: number;
  /** Ends the ask as `cancelled` when it aborts; whoever was asked hears of it. */
  readonly signal?: AbortSignal;
  /**
   * True for an ask that goes on although the message, or the step, that it is made for has run out of time or is no longer
   * wanted: to clean up, say. Default false: it ends with that.
   */
  readonly detached?: boolean;
  /**
   * The same for each attempt at one thing. An actor whose state is kept in the store handles it once and answers each
   * attempt alike, also after a crash; an agent gets it as `context.idempotencyKey`. Other actors handle every message that
   * arrives.
   */
  readonly idempotencyKey?: string;
}

type Arguments<Input> = undefined extends Input ? [input?: Input] : [input: Input];
type AskArguments<Input> = undefined extends Input
  ? [input?: Input, options?: AskOptions]
  : [input: Input, options?: AskOptions];

/**
 * A typed handle on an actor, on whichever thread it runs. It can be sent in messages.
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
   * Sends a message without waiting for it to be handled. Messages of one sender to one actor are handled in the order
   * sent. The promise resolves when the mailbox has room for it, at once unless it is full.
   *
   * @throws TroupeError (as a rejection) `contract-violated`, `not-cloneable`, `message-too-large`, `no-such-message`;
   * `mailbox-full` under the policy `reject`, or when more than the mailbox's capacity waits unheeded under `backpressure`.
   */
  tell<K extends keyof P & string>(type: K, ...input: Arguments<MessageInput<P[K]>>): Promise<void>;
  /**
   * Sends a message and waits for the reply.
   *
   * @throws AskError (as a rejection) with `outcome` `rejected`, `failed`, `timed-out` or `cancelled`, and a `code`.
   */
  ask<K extends keyof P & string>(type: K, ...input: AskArguments<MessageInput<P[K]>>): Promise<MessageReply<P[K]>>;
  /** What the actor emits, from the moment of subscribing; completes when it stops, errors when its thread dies. */
  readonly events$: Observable<E>;
}

/**
 * The schema of a ref on an actor of the given definition: how a protocol says that a message carries one.
 *
 * @example
 * protocol: { register: { input: v.object({ who: actorRef(counter) }) } }
 * @since 0.1.0
 */
export function actorRef<P extends Protocol, E>(definition: ActorDefinition<P, E>): v.GenericSchema<ActorRef<P, E>> {
  return v.custom<ActorRef<P, E>>(
    (value) => typeof value === "object" && value !== null && transfer in value,
    `expected a ref on ${definition.name}`,
  );
}
