/**
 * The messages that wait for one actor: in order, bounded, and none is lost. A message that leaves gives its sender room for
 * another; a message that will not be handled becomes a dead letter, and its asker is told (the receiver's part of invariants 2,
 * 6 and 7).
 */

import type { Address, HostId } from "../../actors/address.ts";
import type { Unhandled } from "../../actors/life.ts";
import type { MailboxOptions, OverflowPolicy } from "../../actors/mailbox-options.ts";
import { type CancelCode, type DeadLetterReason, type Envelope, never } from "../transport/envelope.ts";
import { begunBefore, notHandled, withdrawalReason } from "../messaging/ask-errors.ts";
import { FifoQueue } from "../../async/fifo-queue.ts";
import type { DeliveryLog } from "./delivery-log.ts";
import type { CellHost } from "./cell-host.ts";
import { creditBatch } from "../transport/credit.ts";

export interface OpenMailbox extends Required<MailboxOptions> {
  readonly host: Pick<CellHost, "id" | "clock" | "deadLetter" | "refuse" | "transmit">;
  readonly actor: Address;
  /** Set for an actor with a supervisor: it tells the senders' hosts what is done with, in place of credits. */
  readonly mail: DeliveryLog | undefined;
}

export class Mailbox {
  readonly #host: OpenMailbox["host"];
  readonly #actor: Address;
  readonly #capacity: number;
  readonly #overflow: OverflowPolicy;
  readonly #mail: DeliveryLog | undefined;
  readonly #queue = new FifoQueue<Envelope>();
  /** A message that was begun before, and is handled before all others. */
  #again: Envelope | undefined;
  /** The asks of a supervised actor whose askers have stopped waiting, and why. */
  #withdrawn: WeakMap<Envelope, CancelCode> | undefined;
  /** Credits owed to each host that sent messages; made, like what else an idle actor can do without, when there is the first. */
  #owed: Map<HostId, number> | undefined;
  readonly #creditBatch: number;

  constructor({ host, actor, capacity, overflow, mail }: OpenMailbox) {
    this.#host = host;
    this.#actor = actor;
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#mail = mail;
    this.#creditBatch = creditBatch(capacity);
  }

  /** How many messages wait. */
  get length(): number {
    return this.#again === undefined ? this.#queue.length : this.#queue.length + 1;
  }

  /** The messages that wait, the next one first. */
  *[Symbol.iterator](): Generator<Envelope> {
    if (this.#again !== undefined) yield this.#again;
    yield* this.#queue;
  }

  push(envelope: Envelope): void {
    if (this.#overflow === "drop-oldest") this.#makeRoom(envelope);
    this.#queue.push(envelope);
  }

  /** Takes out the message to handle next. It is still to be settled. */
  next(): Envelope | undefined {
    const again = this.#again;
    if (again === undefined) return this.#queue.shift();
    this.#again = undefined;
    return again;
  }

  /** Puts a message that was taken out back, before all others. */
  putBack(envelope: Envelope): void {
    this.#again = envelope;
  }

  /** A message that was taken out is done with. */
  settle(envelope: Envelope): void {
    if (this.#mail !== undefined) this.#mail.settle(envelope);
    else if (this.#overflow !== "drop-oldest") this.#leave(envelope);
  }

  /** Settles a message that was taken out if its asker has stopped waiting. Returns whether it did. */
  settleUnwanted(envelope: Envelope): boolean {
    const code = this.#withdrawn?.get(envelope);
    if (code !== undefined) this.#host.deadLetter(envelope, withdrawalReason(code));
    else if (envelope.deadline !== never && this.#host.clock.now() >= envelope.deadline)
      this.#deadLetter(envelope, "expired");
    else return false;
    this.settle(envelope);
    return true;
  }

  /** The asker has stopped waiting: an ask that is still in the mailbox is not handled. */
  withdraw(origin: HostId, id: number, code: CancelCode): void {
    this.#withdraw((envelope) => envelope.id === id && envelope.origin === origin, code);
  }

  /** A host is gone, with the askers that waited there. */
  hostLost(peer: HostId, code: CancelCode): void {
    this.#withdraw(({ origin }) => origin === peer, code);
    this.#mail?.forget(peer);
  }

  /**
   * Turns away a message to an actor that is stopping. If its supervisor ends the actor, the senders' hosts make the dead letters,
   * since they know what was not handled whatever happens here.
   */
  turnAway(envelope: Envelope, unhandled: Unhandled): void {
    if (unhandled === "left-to-senders") return;
    this.#deadLetter(envelope, "actor-stopped");
    if (this.#mail === undefined) this.#leave(envelope);
    else this.#mail.settle(envelope);
  }

  /** The actor stops, and handles nothing more. */
  discard(unhandled: Unhandled): void {
    for (let next = this.next(); next !== undefined; next = this.next()) {
      if (unhandled === "left-to-senders") continue;
      this.#deadLetter(next, "actor-stopped");
      this.settle(next);
    }
  }

  /** The actor is gone: tells its senders' hosts. */
  close(): void {
    for (const [origin, owed] of this.#owed ?? []) this.#returnCredit(origin, owed, true);
  }

  #makeRoom(newest: Envelope): void {
    if (this.#mail === undefined) this.#leave(newest); // its sender never waits: the credit only bounds what is on its way
    else this.#mail.take(newest);
    if (this.#queue.length < this.#capacity) return;
    const oldest = this.#queue.shift();
    if (oldest === undefined) return;
    this.#deadLetter(oldest, "overflow");
    this.#mail?.settle(oldest);
  }

  #withdraw(matches: (envelope: Envelope) => boolean, code: CancelCode): void {
    const isUnwanted = (one: Envelope): boolean => one.isAsk && !one.isTold && matches(one);
    if (this.#mail !== undefined) {
      const withdrawn = (this.#withdrawn ??= new WeakMap());
      // settled in its turn, since a host is told the id up to which all is done with; one in hand is not begun again
      for (const one of this.#queue) if (isUnwanted(one)) withdrawn.set(one, code);
      const { inHand } = this.#mail;
      if (inHand !== undefined && isUnwanted(inHand)) withdrawn.set(inHand, code);
      return;
    }
    for (let one = this.#queue.take(isUnwanted); one !== undefined; one = this.#queue.take(isUnwanted)) {
      this.#host.deadLetter(one, withdrawalReason(code)); // its asker has its error already
      this.settle(one);
    }
  }

  #deadLetter(envelope: Envelope, reason: DeadLetterReason): void {
    this.#host.deadLetter(envelope, reason);
    if (!envelope.isAsk) return;
    const error = notHandled(envelope, reason);
    this.#host.refuse(envelope, this.#mail?.wasBegun(envelope) === true ? begunBefore(error) : error);
  }

  /** Gives the sender's host its credit back, in batches where the mailbox is large. */
  #leave({ origin }: Envelope): void {
    const all = (this.#owed ??= new Map());
    const owed = (all.get(origin) ?? 0) + 1;
    if (owed < this.#creditBatch && origin !== this.#host.id) {
      all.set(origin, owed);
      return;
    }
    all.set(origin, 0);
    this.#returnCredit(origin, owed, false);
  }

  #returnCredit(origin: HostId, count: number, gone: boolean): void {
    this.#host.transmit(origin, { kind: "credit", to: this.#actor, count, gone });
  }
}
