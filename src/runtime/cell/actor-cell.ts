/**
 * One actor on its host: the turns in which its messages are handled, and its end. The mailbox keeps what waits, the body
 * handles messages, and for an actor with a supervisor, the incarnation takes the supervisor's commands. Guarantees invariant 2.
 */

import type { Address, HostId } from "../../actors/address.ts";
import {
  awaitsHandled,
  failedIn,
  isEnding,
  isOpen,
  isOver,
  type Life,
  type LifeEffect,
  type LifeEvent,
  live,
  newLife,
} from "../../actors/life.ts";
import { Cancellation } from "../../async/cancellation.ts";
import type { MailboxOptions } from "../../actors/mailbox-options.ts";
import { AskError } from "../../errors/ask-error.ts";
import { caught } from "../../errors/caught.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { Recorder } from "../../traces/recorder.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { HeldMessages, Sender } from "../messaging/target.ts";
import { Delivery } from "./delivery.ts";
import type { CancelCode, Envelope } from "../transport/envelope.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import { EventSubscribers } from "./event-subscribers.ts";
import { replaced } from "../messaging/ask-errors.ts";
import { beginHandling, HandlingSpans, type SpanOf } from "./handling-span.ts";
import { type FailedDelivery, Incarnation } from "./incarnation.ts";
import { Mailbox } from "./mailbox.ts";
import { creditBatch } from "../transport/credit.ts";
import { DeliveryLog } from "./delivery-log.ts";
import type { SupervisedOrder } from "../transport/supervision-protocol.ts";
import type { CellHost } from "./cell-host.ts";

/** What handles an actor's messages. */
export interface ActorBody {
  /**
   * Handles one message. When it returns, or its promise resolves, the message has left the mailbox. It answers an ask
   * through the delivery; what it throws becomes the answer, and a dead letter for a tell.
   */
  handle(delivery: Delivery): void | Promise<void>;
  /** Lets go of everything; no message follows. */
  stop(): void;
  /** What it keeps from one message to the next, for a reader of another thread to look at; absent for nothing. */
  readonly kept?: { readonly state: unknown } | { readonly key: string } | undefined;
  /** True while the body has to finish something before a drained actor stops. When that is done, it calls {@link ActorCell.settled}. */
  readonly isOwing?: boolean;
}

/** Takes what an actor sends and emits, and keeps it until it may leave. */
export interface HeldBack extends HeldMessages {
  /** @throws TroupeError `not-cloneable` or `message-too-large`. */
  emit(event: unknown): void;
}

export interface CellOptions extends Required<MailboxOptions> {
  readonly host: CellHost;
  readonly address: Address;
  readonly concurrency: number;
  readonly body: (cell: ActorCell) => ActorBody;
  /** Absent for the system's own actors, whose messages have no spans. */
  readonly spanOf?: SpanOf;
  /** Set for an actor with a supervisor. */
  readonly supervised?: SupervisedOrder | undefined;
}

/** How a cell stands. */
export interface CellStanding {
  readonly life: Life<FailedDelivery>["at"];
  /** How many messages are in hand. */
  readonly handles: number;
  /** The message in hand, for an actor that handles one at a time. */
  readonly inHand: Envelope | undefined;
  readonly mailbox: Iterable<Envelope>;
  readonly kept: ActorBody["kept"];
}

/** An actor on its host. Owns its life, its turns and its body; `mailbox.ts` and `incarnation.ts` have the rest. */
export class ActorCell implements Sender {
  readonly address: Address;
  /** The causal token of its messages and answers: the newest position that this actor has written or seen. */
  token: Position = 0;
  /** The id of the message being handled, the cause of what is sent meanwhile; 0 when idle or when several are handled. */
  cause = 0;
  /** Set while a durable actor handles a message: takes what it sends. */
  heldOutput: HeldBack | undefined = undefined;
  /** The author of its commits. Each life of an actor is another author. */
  readonly author: string;
  /** The message being handled: asks that are made meanwhile end with it. Absent when several may be handled at a time. */
  scope: Delivery | undefined = undefined;
  /** The place in a trace of the message being handled. Absent when several may be handled at a time. */
  trace: TraceContext | undefined = undefined;
  /** True when it handles one message at a time. */
  readonly isSerial: boolean;
  /** Aborts when the actor is being stopped. */
  stopping = new Cancellation();
  readonly subscribers: EventSubscribers;
  /** Takes the commands of its supervisor; absent for an actor without one. */
  readonly incarnation: Incarnation | undefined;
  readonly #host: CellHost;
  readonly #concurrency: number;
  readonly #mailbox: Mailbox;
  readonly #spanOf: SpanOf | undefined;
  readonly #spans = new HandlingSpans();
  readonly #makeBody: (cell: ActorCell) => ActorBody;
  #body: ActorBody;
  #life: Life<FailedDelivery> = newLife;
  /** How many messages are in hand. Like the next field, it changes with each message and is not a part of the life (`life.ts`). */
  #active = 0;
  #isScheduled = false;
  #onStopped: (() => void)[] | undefined;

  constructor({ host, address, capacity, overflow, concurrency, body, supervised: order, ...options }: CellOptions) {
    this.#host = host;
    this.#spanOf = options.spanOf;
    this.address = address;
    this.#concurrency = concurrency;
    this.isSerial = concurrency === 1;
    this.subscribers = new EventSubscribers(host, address);
    const { incarnation = 1 } = order ?? {};
    this.author = incarnation === 1 ? address : `${address}#${incarnation}`;
    const batch = creditBatch(capacity);
    const mail = order === undefined ? undefined : new DeliveryLog({ host, actor: address, order, batch });
    const mailbox = new Mailbox({ host, actor: address, capacity, overflow, mail });
    this.#mailbox = mailbox;
    this.incarnation = mail === undefined ? undefined : new Incarnation({ host, cell: this, mailbox, mail });
    this.#makeBody = body;
    this.#body = body(this);
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
    return this.#mailbox.length + (failedIn(this.#life) === undefined ? 0 : 1);
  }

  get isHandling(): boolean {
    return this.#active > 0;
  }

  /** True once another life of the actor has taken its place, while a handler of this one still runs. */
  get isFenced(): boolean {
    return this.#life.at === "fenced";
  }

  /** How it stands, for a reader: what it does, what waits for it (the next message first), and what it keeps. */
  get standing(): CellStanding {
    const { scope } = this;
    return {
      life: this.#life.at,
      handles: this.#active,
      inHand: scope?.envelope,
      mailbox: this.#mailbox,
      kept: this.#body.kept,
    };
  }

  /** Takes a message into the mailbox. */
  deliver(envelope: Envelope): void {
    if ("unhandled" in this.#life) {
      this.#mailbox.turnAway(envelope, this.#life.unhandled);
      return;
    }
    this.#mailbox.push(envelope);
    this.schedule();
  }

  /** The asker of an ask has stopped waiting: if the ask is still in the mailbox, it is not handled. */
  withdraw(origin: HostId, id: number, code: CancelCode): void {
    this.#mailbox.withdraw(origin, id, code);
    this.#finishIfIdle();
  }

  /** A host is gone, with its subscribers and askers. */
  hostLost(peer: HostId, code: CancelCode): void {
    this.subscribers.removeHost(peer);
    this.#mailbox.hostLost(peer, code);
    this.#finishIfIdle();
  }

  /** Stops the actor; resolves when the message being handled is done and everything that waited is settled. */
  stop(mode: StopMode): Promise<void> {
    if (isOver(this.#life)) return Promise.resolve();
    return new Promise((resolve) => {
      (this.#onStopped ??= []).push(resolve);
      this.hear({ type: "stop", mode, unhandled: "dead-letters" });
    });
  }

  /** Takes the life on by an event, and carries out the effects. */
  hear(event: LifeEvent<FailedDelivery>): void {
    const [life, effects] = live(this.#life, event);
    this.#life = life;
    for (const effect of effects) this.#do(effect);
  }

  /** The body owes nothing any more. */
  settled(): void {
    this.#finishIfIdle();
  }

  #do(effect: LifeEffect<FailedDelivery>): void {
    switch (effect.type) {
      case "abort":
        return this.#abort(effect.why);
      case "discard":
        return this.#mailbox.discard(effect.unhandled);
      case "finish":
        return this.#finishIfIdle();
      case "end":
        return this.#end();
      case "fence":
        return this.#fenceOff();
      case "begin-anew":
        return this.#beginAnew();
      case "go-on":
        return this.schedule();
      default:
        this.incarnation?.do(effect);
    }
  }

  /** Aborts what the actor is doing. */
  #abort(why: string): void {
    this.stopping.abortBy(() => new AskError("cancelled", "actor-stopped", `${this.address} ${why}`));
  }

  /** Puts a new body in the place of the old one. */
  #beginAnew(): void {
    try {
      this.#body.stop();
      if (this.stopping.reason !== undefined) this.stopping = new Cancellation();
      this.#body = this.#makeBody(this);
    } catch (error) {
      this.hear({ type: "start-failed", error });
      return;
    }
    this.hear({ type: "begun" });
  }

  /** From now on, what a handler of this life still does has no effect. */
  #fenceOff(): void {
    this.incarnation?.silence();
    this.#spans.lose();
    const refuse = (): never => {
      throw replaced(this.address);
    };
    this.heldOutput = { post: refuse, emit: refuse };
    this.subscribers.forget();
    this.#abort("was left behind");
    this.#body.stop();
    this.#host.forget(this.address);
    for (const resolve of this.#onStopped ?? []) resolve();
  }

  /** Schedules a turn if a message waits and may be handled. */
  schedule(): void {
    if (this.#isScheduled || !isOpen(this.#life) || this.#active >= this.#concurrency || this.#mailbox.length === 0)
      return;
    this.#isScheduled = true;
    this.#host.turns.schedule(this.#turn, this.address);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    // a bounded number of messages a turn, so that one busy actor doesn't keep the others of its thread waiting
    for (let n = this.#host.settings.messagesPerTurn; n > 0 && this.#active < this.#concurrency; n--) {
      if (!isOpen(this.#life)) break;
      const envelope = this.#mailbox.next();
      if (envelope === undefined) break;
      this.#handle(envelope);
    }
    this.schedule();
    this.#finishIfIdle();
  };

  #handle(sent: Envelope): void {
    this.#host.beat();
    if (this.#mailbox.settleUnwanted(sent)) return;
    const delivery =
      this.incarnation === undefined ? new Delivery(this.#host, this, sent) : this.incarnation.begin(sent);
    if (delivery === undefined) return;
    const { envelope } = delivery;
    this.observe(envelope.token);
    this.cause = this.#active === 0 ? envelope.id : 0;
    if (this.isSerial) this.scope = delivery;
    if (this.#host.recorder !== undefined) this.#record(delivery, this.#host.recorder);
    this.#active++;
    const { address: actor } = this;
    this.#host.observer?.({ type: "begins", actor, message: envelope.type, from: envelope.from });
    let handled: void | Promise<void>;
    try {
      handled = this.#body.handle(delivery);
    } catch (thrown) {
      this.#threw(delivery, thrown);
      return;
    }
    if (!delivery.isOver) delivery.keep();
    if (handled === undefined) {
      this.#done(delivery);
      return;
    }
    handled
      .then(
        () => this.#done(delivery),
        (thrown: unknown) => this.#threw(delivery, thrown),
      )
      .then(() => {
        this.schedule();
        this.#finishIfIdle();
      })
      .catch((thrown: unknown) => this.#host.reportFailure(this.address, envelope.type, thrown));
  }

  #record(delivery: Delivery, recorder: Recorder): void {
    if (this.#spanOf === undefined) return;
    beginHandling(recorder, this.#spanOf, delivery, this.#host.id);
    if (delivery.span !== undefined) this.#spans.add(delivery.span);
    if (this.isSerial) this.trace = delivery.trace;
  }

  #done(delivery: Delivery): void {
    const { envelope, trace } = delivery;
    this.#letGo();
    this.#host.observer?.({ type: "ends", actor: this.address, message: envelope.type });
    if (trace !== undefined) this.#spans.end(delivery.span);
    if (this.#life.at === "fenced") return; // another life of the actor keeps the ledger
    this.#mailbox.settle(envelope);
    if (awaitsHandled(this.#life)) this.hear({ type: "handled" });
  }

  #threw(delivery: Delivery, foreign: unknown): void {
    const thrown = caught(foreign);
    this.#host.observer?.({ type: "ends", actor: this.address, message: delivery.envelope.type, thrown });
    if (delivery.trace !== undefined) this.#spans.end(delivery.span, { thrown });
    if (this.incarnation === undefined || !delivery.isFailure(thrown)) {
      delivery.threw(thrown);
      this.#done(delivery);
      return;
    }
    this.#letGo();
    this.incarnation.failed(delivery, thrown);
  }

  /** A handler is over. */
  #letGo(): void {
    this.#active--;
    this.cause = 0;
    this.scope = undefined;
    if (this.trace !== undefined) this.trace = undefined;
  }

  #finishIfIdle(): void {
    if (!isEnding(this.#life) || this.#active > 0 || this.waiting > 0) return;
    if (this.#life.at === "draining" && this.#body.isOwing === true) return;
    this.hear({ type: "idle" });
  }

  #end(): void {
    this.#body.stop();
    this.subscribers.end({ kind: "completed" });
    this.#mailbox.close();
    this.#host.remove(this.address, "outcome" in this.#life && this.#life.outcome === "failed"); // the outcome is known only now: stopping the body may make it fail
    for (const resolve of this.#onStopped ?? []) resolve();
  }
}
