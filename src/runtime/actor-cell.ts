/**
 * One actor on its host: the mailbox, the turns in which messages are handled, and stopping. What handles a message is
 * the cell's body. Guarantees invariant 2 and the receiver's part of 6 and 7.
 */

import type { Address, HostId } from "../actors/address.ts";
import type { OverflowPolicy } from "../actors/mailbox-options.ts";
import { AskError } from "../errors/ask-error.ts";
import { encodeError } from "../errors/error-codec.ts";
import type { Position } from "../store/snapshot.ts";
import { Delivery } from "./delivery.ts";
import { type DeadLetterReason, type Envelope, type StopMode, never } from "./envelope.ts";
import { EventSubscribers } from "./event-subscribers.ts";
import { RefusedMessage } from "./message-check.ts";
import type { Outgoing } from "./outgoing.ts";
import { RingQueue } from "./ring-queue.ts";
import type { Sender } from "./bound-ref.ts";
import type { ThreadHost } from "./thread-host.ts";

/** What handles an actor's messages. */
export interface ActorBody {
  /**
   * Handles one message. When it returns, or its promise resolves, the message has left the mailbox. It answers an ask
   * through the delivery; what it throws becomes the answer, and a dead letter for a tell.
   */
  handle(delivery: Delivery): void | Promise<void>;
  /** Lets go of everything; no message follows. */
  stop(): void;
  /** True while it has to finish something before an actor that is drained stops; it calls {@link ActorCell.settled} then. */
  readonly isOwing?: boolean;
}

export interface CellOptions {
  readonly host: ThreadHost;
  readonly address: Address;
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  readonly concurrency: number;
  readonly body: (cell: ActorCell) => ActorBody;
}

export class ActorCell implements Sender {
  readonly address: Address;
  /** Answered with this causal token: the newest position this actor has written or seen. */
  token: Position = 0;
  /** The id of the message being handled, the cause of what is sent meanwhile; 0 when idle or when several are handled. */
  cause = 0;
  /** Set while a durable actor handles a message: takes what it sends. */
  outgoing: Outgoing | undefined = undefined;
  readonly subscribers: EventSubscribers;
  readonly #host: ThreadHost;
  readonly #capacity: number;
  readonly #overflow: OverflowPolicy;
  readonly #concurrency: number;
  readonly #queue = new RingQueue<Envelope>();
  readonly #body: ActorBody;
  readonly #abort = new AbortController();
  /** Credits owed to each host that sent messages. */
  readonly #owed = new Map<HostId, number>();
  readonly #creditBatch: number;
  #active = 0;
  #isScheduled = false;
  #stopping: StopMode | undefined;
  #onStopped: (() => void)[] = [];
  #isStopped = false;

  constructor({ host, address, capacity, overflow, concurrency, body }: CellOptions) {
    this.#host = host;
    this.address = address;
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#concurrency = concurrency;
    this.#creditBatch = Math.max(1, capacity >> 3);
    this.subscribers = new EventSubscribers(host, address);
    this.#body = body(this);
  }

  /** Aborts when the actor is being stopped. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  observe(position: Position): void {
    if (position > this.token) this.token = position;
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** True while a message waits or is handled. */
  get isBusy(): boolean {
    return this.#active > 0 || this.#queue.length > 0;
  }

  /** Takes a message into the mailbox. */
  deliver(envelope: Envelope): void {
    if (this.#stopping !== undefined) {
      this.#bury(envelope, "actor-stopped");
      this.#leave(envelope);
      return;
    }
    if (this.#overflow === "drop-oldest") {
      this.#leave(envelope); // its sender never waits: the credit only bounds what is on its way
      if (this.#queue.length >= this.#capacity) {
        const oldest = this.#queue.shift();
        if (oldest !== undefined) this.#bury(oldest, "overflow");
      }
    }
    this.#queue.push(envelope);
    this.#schedule();
  }

  /** Stops the actor; resolves when the message being handled is done and everything that waited is settled. */
  stop(mode: StopMode): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onStopped.push(resolve);
      if (this.#stopping !== "discard") this.#stopping = mode;
      if (mode === "discard") {
        this.#abort.abort(new AskError("cancelled", "actor-stopped", `${this.address} is being stopped`));
        this.#discard();
      }
      this.#finishIfIdle();
    });
  }

  /** The body owes nothing any more. */
  settled(): void {
    this.#finishIfIdle();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#active >= this.#concurrency || this.#queue.length === 0) return;
    this.#isScheduled = true;
    this.#host.turns.schedule(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    // a bounded number of messages a turn, so that one busy actor doesn't keep the others of its thread waiting
    for (let n = this.#host.settings.messagesPerTurn; n > 0 && this.#active < this.#concurrency; n--) {
      const envelope = this.#queue.shift();
      if (envelope === undefined) break;
      this.#handle(envelope);
    }
    this.#schedule();
    this.#finishIfIdle();
  };

  #handle(envelope: Envelope): void {
    this.#host.beat();
    if (envelope.deadline !== never && this.#host.clock.now() > envelope.deadline) {
      this.#bury(envelope, "expired");
      this.#settle(envelope);
      return;
    }
    this.observe(envelope.token);
    const delivery = new Delivery(this.#host, envelope);
    this.cause = this.#active === 0 ? envelope.id : 0;
    this.#active++;
    let handled: void | Promise<void>;
    try {
      handled = this.#body.handle(delivery);
    } catch (thrown) {
      this.#fail(delivery, thrown);
      this.#done(envelope);
      return;
    }
    if (handled === undefined) {
      this.#done(envelope);
      return;
    }
    handled
      .catch((thrown: unknown) => this.#fail(delivery, thrown))
      .then(() => {
        this.#done(envelope);
        this.#schedule();
        this.#finishIfIdle();
      })
      .catch((thrown: unknown) => this.#host.reportFailure(this.address, envelope.type, thrown));
  }

  #done(envelope: Envelope): void {
    this.#active--;
    this.cause = 0;
    this.#settle(envelope);
  }

  /** A handler threw: the asker is told, a tell becomes a dead letter, and the system hears of it either way. */
  #fail(delivery: Delivery, thrown: unknown): void {
    const { envelope } = delivery;
    if (thrown instanceof RefusedMessage) {
      this.#host.bury(envelope, thrown.reason, thrown.message);
      delivery.refuse(thrown.error);
      return;
    }
    if (envelope.isAsk) delivery.fail(thrown);
    else this.#host.bury(envelope, "handler-failed", encodeError(thrown).message);
    this.#host.reportFailure(this.address, envelope.type, thrown);
  }

  #settle(envelope: Envelope): void {
    if (this.#overflow !== "drop-oldest") this.#leave(envelope);
  }

  /** Gives the sender's host its credit back, in batches where the mailbox is large. */
  #leave({ origin }: Envelope): void {
    const owed = (this.#owed.get(origin) ?? 0) + 1;
    if (owed < this.#creditBatch && origin !== this.#host.id) {
      this.#owed.set(origin, owed);
      return;
    }
    this.#owed.set(origin, 0);
    this.#host.returnCredit(origin, this.address, owed, false);
  }

  #bury(envelope: Envelope, reason: DeadLetterReason): void {
    this.#host.bury(envelope, reason);
    if (envelope.isAsk) new Delivery(this.#host, envelope).refuse(buried(envelope, reason));
  }

  #discard(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#bury(next, "actor-stopped");
      this.#settle(next);
    }
  }

  #finishIfIdle(): void {
    if (this.#stopping === undefined || this.#isStopped || this.isBusy) return;
    if (this.#stopping === "drain" && this.#body.isOwing === true) return;
    this.#isStopped = true;
    this.#abort.abort(new AskError("cancelled", "actor-stopped", `${this.address} has stopped`));
    this.#body.stop();
    this.subscribers.end({ kind: "completed" });
    for (const origin of this.#owed.keys()) this.#host.returnCredit(origin, this.address, 0, true);
    this.#host.remove(this.address);
    for (const resolve of this.#onStopped) resolve();
  }
}

/** The error an asker gets whose message nobody handled. */
export function buried(
  { to, type }: { to: Address; type: string },
  reason: DeadLetterReason,
  cause?: unknown,
): AskError {
  const options = { details: { to, type }, ...(cause === undefined ? {} : { cause }) };
  switch (reason) {
    case "no-such-actor":
      return new AskError(
        "rejected",
        "no-such-actor",
        `there is no actor ${to}: it was never spawned, or has stopped`,
        options,
      );
    case "actor-stopped":
      return new AskError("rejected", "actor-stopped", `${to} stopped before it handled "${type}"`, options);
    case "thread-died":
      return new AskError(
        "failed",
        "thread-died",
        `the thread of ${to} died before it answered "${type}"; it may have handled it`,
        options,
      );
    case "overflow":
      return new AskError(
        "rejected",
        "mailbox-full",
        `the mailbox of ${to} was full, and "${type}" was dropped`,
        options,
      );
    case "expired":
      return new AskError(
        "rejected",
        "timed-out",
        `"${type}" was still waiting in the mailbox of ${to} when its deadline passed`,
        options,
      );
    default:
      return new AskError("rejected", "system-closed", `the system closed before ${to} handled "${type}"`, options);
  }
}
