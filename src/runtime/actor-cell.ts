/**
 * One actor on its host: the mailbox, the turns in which messages are handled, and stopping. What handles a message is
 * the cell's body. Guarantees invariant 2 and the receiver's part of 6 and 7.
 */

import type { Address, HostId } from "../actors/address.ts";
import type { OverflowPolicy } from "../actors/mailbox-options.ts";
import { Cancellation } from "../actors/cancellation.ts";
import { AskError } from "../errors/ask-error.ts";
import { encodeError } from "../errors/error-codec.ts";
import type { Position } from "../store/snapshot.ts";
import { Delivery } from "./delivery.ts";
import { type DeadLetterReason, type Envelope, type CancelCode, type StopMode, never } from "./envelope.ts";
import { EventSubscribers } from "./event-subscribers.ts";
import { stoppedLate, withdrawal } from "./giving-up.ts";
import { RefusedMessage } from "./message-check.ts";
import type { Outgoing } from "./outgoing.ts";
import { RingQueue } from "./ring-queue.ts";
import type { Sender } from "./bound-ref.ts";
import { replaced } from "./fenced-store.ts";
import { SupervisedMail } from "./supervised-mail.ts";
import type { BehaviourReport, ChildCommand, ChildReport, SupervisedOrder } from "./supervision-protocol.ts";
import type { ThreadHost } from "./thread-host.ts";
import { begunBefore, buried } from "./unhandled.ts";

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
  /** Set for an actor with a supervisor. */
  readonly supervised?: SupervisedOrder | undefined;
}

/** What a behaviour's stream failed with while it had a message. */
export class BehaviourFailure extends Error {
  constructor(thrown: unknown) {
    super("the behaviour failed", { cause: thrown });
  }
}

export class ActorCell implements Sender {
  readonly address: Address;
  /** Answered with this causal token: the newest position this actor has written or seen. */
  token: Position = 0;
  /** The id of the message being handled, the cause of what is sent meanwhile; 0 when idle or when several are handled. */
  cause = 0;
  /** Set while a durable actor handles a message: takes what it sends. */
  outgoing: Pick<Outgoing, "post" | "emit"> | undefined = undefined;
  /** True once another life of the actor has taken its place, while a handler of this one still runs. */
  isFenced = false;
  /** True when it stops since its behaviour failed. */
  hasFailed = false;
  /** Whom its commits name: one life of the actor. */
  readonly author: string;
  /** The message being handled, which asks made meanwhile end with; absent when several may be. */
  scope: Delivery | undefined = undefined;
  /** True when it handles one message at a time. */
  readonly isSerial: boolean;
  /** Aborts when the actor is being stopped. */
  stopping = new Cancellation();
  readonly subscribers: EventSubscribers;
  readonly #host: ThreadHost;
  readonly #capacity: number;
  readonly #overflow: OverflowPolicy;
  readonly #concurrency: number;
  readonly #queue = new RingQueue<Envelope>();
  readonly #makeBody: (cell: ActorCell) => ActorBody;
  #body: ActorBody;
  /** What a supervised actor does about its messages. */
  readonly #mail: SupervisedMail | undefined;
  /** True while it handles nothing, until its supervisor says how it goes on. */
  #isHalted = false;
  #isSuspending = false;
  /**
   * True when it was ended by its supervisor: what it has not handled then becomes dead letters on its senders' hosts, which know
   * of it whatever happens to this thread.
   */
  #isLeftToSenders = false;
  /** What it halted at: a message that is neither handled nor given up yet. */
  #failed: { readonly delivery: Delivery; readonly thrown: unknown } | undefined;
  /** A supervised actor's message that is handled, or was last. */
  #inHand: Delivery | undefined;
  /** A message that is handled before those that wait: it has been begun before. */
  #again: Envelope | undefined;
  /** What a supervised actor has of asks that nobody waits for any more. */
  readonly #withdrawn = new WeakMap<Envelope, CancelCode>();
  /** What the last message that is begun again failed with. */
  #lastThrown: unknown;
  /** Credits owed to each host that sent messages. */
  readonly #owed = new Map<HostId, number>();
  readonly #creditBatch: number;
  #active = 0;
  #isScheduled = false;
  #stopping: StopMode | undefined;
  #onStopped: (() => void)[] = [];
  #isStopped = false;

  constructor({ host, address, capacity, overflow, concurrency, body, supervised }: CellOptions) {
    this.#host = host;
    this.address = address;
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#concurrency = concurrency;
    this.isSerial = concurrency === 1;
    this.#creditBatch = Math.max(1, capacity >> 3);
    this.subscribers = new EventSubscribers(host, address);
    const { incarnation = 1 } = supervised ?? {};
    this.author = incarnation === 1 ? address : `${address}#${incarnation}`;
    if (supervised !== undefined)
      this.#mail = new SupervisedMail({ host, actor: address, order: supervised, batch: this.#creditBatch });
    this.#makeBody = body;
    this.#body = body(this);
  }

  /** True for an actor with a supervisor. */
  get isSupervised(): boolean {
    return this.#mail !== undefined;
  }

  /** The message that a supervised actor handles, or handled last. */
  get inHand(): Delivery | undefined {
    return this.#inHand;
  }

  /** Of a supervised actor's message, the same each time it is delivered. */
  keyOf(envelope: Envelope): string | undefined {
    return this.#mail?.keyOf(envelope);
  }

  /** Aborts when the actor is being stopped. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  observe(position: Position): void {
    if (position > this.token) this.token = position;
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#queue.length + (this.#again === undefined && this.#failed === undefined ? 0 : 1);
  }

  /** True while a message waits or is handled. */
  get isBusy(): boolean {
    return this.#active > 0 || this.waiting > 0;
  }

  /** Takes a message into the mailbox. */
  deliver(envelope: Envelope): void {
    if (this.#stopping !== undefined) {
      if (this.#isLeftToSenders) return;
      this.#bury(envelope, "actor-stopped");
      if (this.#mail === undefined) this.#leave(envelope);
      else this.#mail.settle(envelope);
      return;
    }
    if (this.#overflow === "drop-oldest") {
      if (this.#mail === undefined) this.#leave(envelope); // its sender never waits: the credit only bounds what is on its way
      else this.#mail.take(envelope);
      if (this.#queue.length >= this.#capacity) {
        const oldest = this.#queue.shift();
        if (oldest !== undefined) {
          this.#bury(oldest, "overflow");
          this.#mail?.settle(oldest);
        }
      }
    }
    this.#queue.push(envelope);
    this.#schedule();
  }

  /** Nobody waits for the answer to an ask any more: if it still waits, it is not handled. */
  withdraw(origin: HostId, id: number, code: CancelCode): void {
    this.#withdraw((envelope) => envelope.id === id && envelope.origin === origin, code);
  }

  #withdraw(matches: (envelope: Envelope) => boolean, code: CancelCode): void {
    const isUnwanted = (one: Envelope): boolean => one.isAsk && !one.isTold && matches(one);
    if (this.#mail !== undefined) {
      // it is settled in its turn, since its host is only told up to where all is done with; and not begun again, either
      for (const one of this.#queue) if (isUnwanted(one)) this.#withdrawn.set(one, code);
      const { inHand } = this.#mail;
      if (inHand !== undefined && isUnwanted(inHand)) this.#withdrawn.set(inHand, code);
      return;
    }
    for (let one = this.#queue.take(isUnwanted); one !== undefined; one = this.#queue.take(isUnwanted)) {
      this.#host.bury(one, withdrawal(code)); // whoever asked has its error already
      this.#settle(one);
    }
    this.#finishIfIdle();
  }

  /** Stops the actor; resolves when the message being handled is done and everything that waited is settled. */
  stop(mode: StopMode): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onStopped.push(resolve);
      const how = this.#isHalted ? "discard" : mode; // what halted it would halt it again
      if (this.#stopping !== "discard") this.#stopping = how;
      if (how === "discard") {
        this.stopping.abort(new AskError("cancelled", "actor-stopped", `${this.address} is being stopped`));
        this.#discard();
      }
      this.#finishIfIdle();
    });
  }

  /** The body owes nothing any more. */
  settled(): void {
    this.#finishIfIdle();
  }

  // ---- what a supervisor does with its actor

  command(command: ChildCommand): void {
    if (this.#stopping !== undefined && command.type !== "abandon" && command.type !== "stop") return;
    switch (command.type) {
      case "resume":
        return this.#resume();
      case "restart":
        return this.#restart();
      case "suspend":
        return this.#suspend();
      case "stop":
        this.#isLeftToSenders = true;
        void this.stop(command.mode);
        return;
      case "abandon":
        return this.#abandon(command.isFinal);
    }
  }

  /** Its behaviour is over, by itself; of a supervised actor. */
  behaviourEnded(report: BehaviourReport): void {
    if (this.#stopping !== undefined) {
      void this.stop("discard"); // nobody is left to drain what waits
      return;
    }
    this.#isHalted = true;
    if (!this.#isSuspending) this.#report(report);
  }

  /** The handler's failure costs the message, and the actor goes on. */
  #resume(): void {
    this.#giveUp();
    this.#goOn();
  }

  #restart(): void {
    this.#body.stop();
    if (this.stopping.reason !== undefined) this.stopping = new Cancellation();
    this.#isSuspending = false;
    try {
      this.#body = this.#makeBody(this);
    } catch (thrown) {
      this.#report({ type: "start-failed", error: encodeError(thrown) });
      return;
    }
    if (this.#failed !== undefined) {
      this.#again = this.#mail?.inHand;
      this.#lastThrown = this.#failed.thrown;
      this.#failed.delivery.silence();
      this.#failed = undefined;
    }
    this.#report({ type: "started" });
    this.#goOn();
  }

  #suspend(): void {
    this.#isSuspending = true;
    this.#isHalted = true;
    this.stopping.abort(new AskError("cancelled", "actor-stopped", `${this.address} is being restarted`));
    if (this.#active === 0) this.#report({ type: "suspended" });
  }

  #abandon(isFinal: boolean): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#isHalted = true;
    this.isFenced = true;
    const refuse = (): never => {
      throw replaced(this.address);
    };
    this.outgoing = { post: refuse, emit: refuse };
    this.#mail?.close();
    this.#inHand?.silence();
    this.subscribers.forget();
    this.stopping.abort(new AskError("cancelled", "actor-stopped", `${this.address} was left behind`));
    this.#body.stop();
    this.#host.forget(this.address);
    if (!isFinal) this.#report({ type: "abandoned" });
    for (const resolve of this.#onStopped) resolve();
  }

  #goOn(): void {
    this.#isHalted = false;
    this.#schedule();
  }

  #report(report: ChildReport): void {
    this.#host.reportChild(this.address, report);
  }

  /** A handler of a supervised actor threw: the message stays in hand until its supervisor has decided. */
  #halt(delivery: Delivery, thrown: unknown): void {
    this.#active--;
    this.cause = 0;
    this.scope = undefined;
    if (this.isFenced) return;
    const isBehaviour = thrown instanceof BehaviourFailure;
    const error = isBehaviour ? thrown.cause : thrown;
    this.#failed = { delivery, thrown: error };
    if (this.#stopping !== undefined) {
      this.#giveUp();
      if (isBehaviour) void this.stop("discard");
      return;
    }
    this.#isHalted = true;
    if (this.#isSuspending) {
      delivery.silence();
      this.#failed = undefined; // for being told to stop: it is begun again, or left to its sender
      this.#mail?.forgive();
      this.#again = this.#mail?.inHand;
      this.#report({ type: "suspended" });
    } else if (isBehaviour) this.#report({ type: "behaviour-failed", error: encodeError(error) });
    else {
      const deliveries = this.#mail?.deliveries ?? 1;
      const message = delivery.envelope.type;
      this.#report({ type: "handler-failed", message, error: encodeError(error), deliveries });
    }
  }

  /** What it halted at fails for good. */
  #giveUp(): void {
    if (this.#failed === undefined) return;
    const { delivery, thrown } = this.#failed;
    this.#failed = undefined;
    this.#fail(delivery, thrown);
    this.#host.flushTo(0); // as in `#tooOften`
    this.#settle(delivery.envelope);
  }

  // ---- messages

  #schedule(): void {
    if (this.#isScheduled || this.#isHalted || this.#active >= this.#concurrency) return;
    if (this.#queue.length === 0 && this.#again === undefined) return;
    this.#isScheduled = true;
    this.#host.turns.schedule(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    // a bounded number of messages a turn, so that one busy actor doesn't keep the others of its thread waiting
    for (let n = this.#host.settings.messagesPerTurn; n > 0 && this.#active < this.#concurrency; n--) {
      if (this.#isHalted) break;
      const envelope = this.#again ?? this.#queue.shift();
      if (envelope === undefined) break;
      this.#again = undefined;
      this.#handle(envelope);
    }
    this.#schedule();
    this.#finishIfIdle();
  };

  #handle(sent: Envelope): void {
    this.#host.beat();
    const unwanted = this.#mail === undefined ? undefined : this.#withdrawn.get(sent);
    if (unwanted !== undefined) {
      this.#host.bury(sent, withdrawal(unwanted));
      this.#settle(sent);
      return;
    }
    if (sent.deadline !== never && this.#host.clock.now() >= sent.deadline) {
      this.#bury(sent, "expired");
      this.#settle(sent);
      return;
    }
    const envelope = this.#mail === undefined ? sent : this.#mail.begin(sent);
    if (envelope === undefined) {
      this.#tooOften(sent);
      return;
    }
    this.observe(envelope.token);
    const delivery = new Delivery(this.#host, this, envelope);
    if (this.#mail !== undefined) this.#inHand = delivery;
    this.cause = this.#active === 0 ? envelope.id : 0;
    if (this.isSerial) this.scope = delivery;
    this.#active++;
    let handled: void | Promise<void>;
    try {
      handled = this.#body.handle(delivery);
    } catch (thrown) {
      this.#threw(delivery, thrown);
      return;
    }
    if (!delivery.isOver) delivery.keep();
    if (handled === undefined) {
      this.#done(envelope);
      return;
    }
    handled
      .then(
        () => this.#done(envelope),
        (thrown: unknown) => this.#threw(delivery, thrown),
      )
      .then(() => {
        this.#schedule();
        this.#finishIfIdle();
      })
      .catch((thrown: unknown) => this.#host.reportFailure(this.address, envelope.type, thrown));
  }

  #done(envelope: Envelope): void {
    this.#active--;
    this.cause = 0;
    this.scope = undefined;
    this.#settle(envelope);
    if (this.#isSuspending && !this.#isStopped) this.#report({ type: "suspended" });
  }

  #threw(delivery: Delivery, thrown: unknown): void {
    const isFailure = !(thrown instanceof RefusedMessage) && !delivery.isGivenUp(thrown);
    if (this.#mail !== undefined && isFailure) {
      this.#halt(delivery, thrown);
      return;
    }
    this.#fail(delivery, thrown);
    this.#done(delivery.envelope);
  }

  /** A message with which the actor went down as often as may be. */
  #tooOften(envelope: Envelope): void {
    const thrown = this.#lastThrown;
    const why = thrown === undefined ? "its thread died" : encodeError(thrown).message;
    this.#host.bury(envelope, "max-deliveries", why);
    this.#host.flushTo(0); // before it counts as done with: the thread may die at any moment
    if (envelope.isAsk) new Delivery(this.#host, this, envelope).refuse(buried(envelope, "max-deliveries", thrown));
    this.#settle(envelope);
  }

  /**
   * A handler threw: the asker is told, a tell becomes a dead letter, and the system hears of it either way; but for a handler that
   * stopped as it is to, when its asker gives up.
   */
  #fail(delivery: Delivery, thrown: unknown): void {
    const { envelope } = delivery;
    if (thrown instanceof RefusedMessage) {
      this.#host.bury(envelope, thrown.reason, thrown.message);
      delivery.refuse(thrown.error);
      return;
    }
    if (delivery.isGivenUp(thrown)) return delivery.refuse(stoppedLate(envelope, thrown));
    if (envelope.isAsk) delivery.fail(thrown);
    else this.#host.bury(envelope, "handler-failed", encodeError(thrown).message);
    this.#host.reportFailure(this.address, envelope.type, thrown);
  }

  #settle(envelope: Envelope): void {
    if (this.#mail !== undefined) this.#mail.settle(envelope);
    else if (this.#overflow !== "drop-oldest") this.#leave(envelope);
  }

  /** A host is gone, with whoever listened or waited there. */
  hostLost(peer: HostId, code: CancelCode): void {
    this.subscribers.removeHost(peer);
    this.#withdraw(({ origin }) => origin === peer, code);
    this.#mail?.forget(peer);
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
    if (!envelope.isAsk) return;
    const error = buried(envelope, reason);
    const wasBegun = this.#mail?.wasBegun(envelope) === true;
    new Delivery(this.#host, this, envelope).refuse(wasBegun ? begunBefore(error) : error);
  }

  #discard(): void {
    this.#giveUp();
    const first = this.#again;
    this.#again = undefined;
    for (let next = first ?? this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (this.#isLeftToSenders) continue;
      this.#bury(next, "actor-stopped");
      this.#settle(next);
    }
  }

  #finishIfIdle(): void {
    if (this.#stopping === undefined || this.#isStopped || this.isBusy) return;
    if (this.#stopping === "drain" && this.#body.isOwing === true && !this.#isHalted) return;
    this.#isStopped = true;
    this.stopping.abort(new AskError("cancelled", "actor-stopped", `${this.address} has stopped`));
    this.#body.stop();
    this.subscribers.end({ kind: "completed" });
    for (const origin of this.#owed.keys()) this.#host.returnCredit(origin, this.address, 0, true);
    this.#host.remove(this.address, this.hasFailed);
    for (const resolve of this.#onStopped) resolve();
  }
}
