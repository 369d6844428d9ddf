/**
 * The sender's half of a bounded mailbox (invariant 7). A host may have as many messages on their way to an actor, or
 * waiting in its mailbox, as the mailbox's capacity; each message that leaves the mailbox gives one credit back. What a
 * sender does beyond that is the mailbox's overflow policy. Pure: sending is a function passed in.
 */

import type { OverflowPolicy } from "../../actors/mailbox-options.ts";
import { AskError } from "../../errors/ask-error.ts";
import type { Envelope } from "../transport/envelope.ts";
import { FifoQueue } from "../../async/fifo-queue.ts";
import { HeardPromise } from "../../async/heard-promise.ts";

interface Waiting {
  readonly envelope: Envelope;
  /** True while the sender still wants it sent; an ask that ended while it waited does not. */
  readonly isWanted: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What became of a message that was offered: sent, waiting for room, dropped, or refused. */
export type Admission = "sent" | "dropped" | HeardPromise<void>;

const always = (): boolean => true;

export interface SendWindowOptions {
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  readonly send: (envelope: Envelope) => void;
  /** Told of a message that made room for a newer one before it was sent; only under `drop-oldest`. */
  readonly onDropped: (envelope: Envelope) => void;
}

export class SendWindow {
  readonly #capacity: number;
  readonly #overflow: OverflowPolicy;
  readonly #send: (envelope: Envelope) => void;
  readonly #onDropped: (envelope: Envelope) => void;
  readonly #waiting = new FifoQueue<Waiting>();
  /** Sent and not credited, oldest first: what is lost when the actor's thread dies. */
  readonly #inFlight = new FifoQueue<Envelope>();

  constructor({ capacity, overflow, send, onDropped }: SendWindowOptions) {
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#send = send;
    this.#onDropped = onDropped;
  }

  /**
   * Sends the envelope if there is room, and otherwise does what the policy says. `patient` senders bound themselves and
   * may wait in any number.
   *
   * @throws AskError `mailbox-full`, outcome `rejected`.
   */
  offer(envelope: Envelope, patient: boolean, isWanted: () => boolean = always): Admission {
    if (this.#inFlight.length < this.#capacity && this.#waiting.length === 0) {
      this.#dispatch(envelope);
      return "sent";
    }
    if (this.#overflow === "drop-newest") return "dropped";
    if (this.#overflow === "reject") throw this.#full(envelope);
    if (!patient && this.#waiting.length >= this.#capacity) {
      if (this.#overflow !== "drop-oldest") throw this.#full(envelope);
      this.#dropOldest();
    }
    return new HeardPromise((resolve, reject) => this.#waiting.push({ envelope, isWanted, resolve, reject }));
  }

  /** Takes credits back and sends what waited for them. */
  credit(count: number): void {
    for (let i = 0; i < count; i++) this.#inFlight.shift();
    this.#fill();
  }

  /** Takes credits back for all messages up to an id; again and late does no harm. */
  creditUpTo(id: number): void {
    for (let first = this.#inFlight.first; first !== undefined && first.id <= id; first = this.#inFlight.first)
      this.#inFlight.shift();
    this.#fill();
  }

  #fill(): void {
    while (this.#inFlight.length < this.#capacity) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.isWanted()) this.#dispatch(next.envelope);
      next.resolve();
    }
  }

  /** True when nothing is on its way, and nothing waits. */
  get isIdle(): boolean {
    return this.#inFlight.length === 0 && this.#waiting.length === 0;
  }

  /** The actor is gone: what waits is not sent. */
  refuseWaiting(why: () => unknown): void {
    if (this.#waiting.length === 0) return;
    const error = why();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.reject(error);
  }

  /**
   * The actor or its thread is gone: rejects everything that waits. Returns what was sent and not credited; the last of
   * these may have been handled.
   */
  close(why: () => unknown): Envelope[] {
    this.refuseWaiting(why);
    const inFlight: Envelope[] = [];
    for (let next = this.#inFlight.shift(); next !== undefined; next = this.#inFlight.shift()) inFlight.push(next);
    return inFlight;
  }

  #dispatch(envelope: Envelope): void {
    this.#inFlight.push(envelope);
    this.#send(envelope);
  }

  #dropOldest(): void {
    const oldest = this.#waiting.shift();
    if (oldest === undefined) return;
    this.#onDropped(oldest.envelope);
    oldest.resolve();
  }

  #full(envelope: Envelope): AskError {
    const advice =
      this.#overflow === "reject"
        ? "Send less, or use the overflow policy backpressure."
        : "Await what tell returns, so that the sender is slowed.";
    return new AskError(
      "rejected",
      "mailbox-full",
      `the mailbox of ${envelope.to} is full: ${this.#capacity} messages wait. ${advice}`,
      { details: { to: envelope.to, type: envelope.type, capacity: this.#capacity } },
    );
  }
}
