/**
 * A supervised actor's life on one host: takes its supervisor's commands, reports to the supervisor, and does what the life's
 * machine says about a message that failed, once the supervisor has decided.
 */

import { homeHost } from "../../actors/address.ts";
import type { BehaviourEnd, LifeEvent, SupervisedEffect } from "../../actors/life.ts";
import { decodeError, encodeError } from "../../errors/error-codec.ts";
import { Delivery, type DeliveryCell } from "./delivery.ts";
import type { Envelope } from "../transport/envelope.ts";
import type { Mailbox } from "./mailbox.ts";
import type { DeliveryLog } from "./delivery-log.ts";
import type { ChildCommand, ChildReport } from "../transport/supervision-protocol.ts";
import type { CellHost } from "./cell-host.ts";
import { notHandled } from "../messaging/ask-errors.ts";

/** What a behaviour's stream failed with while it had a message. */
export class BehaviourFailure extends Error {
  constructor(thrown: unknown) {
    super("the behaviour failed", { cause: thrown });
  }
}

/** A message that failed and is not given up yet, with what was thrown. */
export interface FailedDelivery {
  readonly delivery: Delivery;
  readonly thrown: unknown;
}

/** The cell whose life it is. */
export interface SupervisedCell extends DeliveryCell {
  readonly isHandling: boolean;
  /** Takes the cell's life on by an event. */
  hear(event: LifeEvent<FailedDelivery>): void;
}

export interface IncarnationOptions {
  readonly host: CellHost;
  readonly cell: SupervisedCell;
  readonly mailbox: Mailbox;
  readonly mail: DeliveryLog;
}

export class Incarnation {
  readonly #host: CellHost;
  readonly #cell: SupervisedCell;
  readonly #mailbox: Mailbox;
  readonly #mail: DeliveryLog;
  #inHand: Delivery | undefined;
  /** Why a message had to be begun again, the last time: what was thrown, or the death of the thread. */
  #lastThrown: unknown;

  constructor({ host, cell, mailbox, mail }: IncarnationOptions) {
    this.#host = host;
    this.#cell = cell;
    this.#mailbox = mailbox;
    this.#mail = mail;
    this.#lastThrown = mail.lastDeath && decodeError(mail.lastDeath);
  }

  /** The message that is being handled, or else the last one that was. */
  get inHand(): Delivery | undefined {
    return this.#inHand;
  }

  /** The same each time that a message is delivered. */
  keyOf(envelope: Envelope): string {
    return this.#mail.keyOf(envelope);
  }

  /** Begins a message. Gives it up and returns `undefined` if it was begun as often as the supervisor allows. */
  begin(envelope: Envelope): Delivery | undefined {
    const begun = this.#mail.begin(envelope);
    if (begun === undefined) {
      this.#tooOften(envelope);
      return undefined;
    }
    return (this.#inHand = new Delivery(this.#host, this.#cell, begun));
  }

  /** The handler of the message in hand threw. */
  failed(delivery: Delivery, thrown: unknown): void {
    const isBehaviour = thrown instanceof BehaviourFailure;
    const failed = { delivery, thrown: isBehaviour ? thrown.cause : thrown };
    this.#cell.hear({ type: "failed", failed, by: isBehaviour ? "behaviour" : "handler" });
  }

  /** Its behaviour is over, by itself. */
  behaviourEnded(end: BehaviourEnd): void {
    this.#cell.hear({ type: "ended", end });
  }

  command(command: ChildCommand): void {
    switch (command.type) {
      case "suspend":
        return this.#cell.hear({ type: "suspend", isHandling: this.#cell.isHandling });
      case "stop":
        return this.#cell.hear({ ...command, unhandled: "left-to-senders" });
      case "resume":
      case "restart":
      case "abandon":
        return this.#cell.hear(command);
    }
  }

  /** From now on, the handler of the message in hand can't answer it any more. */
  silence(): void {
    this.#inHand?.silence();
  }

  do(effect: SupervisedEffect<FailedDelivery>): void {
    switch (effect.type) {
      case "give-up":
        return this.#giveUp(effect.failed);
      case "begin-again":
        if (effect.blame === "suspension") this.#mail.forgive();
        else this.#lastThrown = effect.failed.thrown;
        return this.#beginAgain(effect.failed);
      case "report":
        return this.#report({ type: effect.report });
      case "report-end":
        return this.#report(effect.end);
      case "report-start-failed":
        return this.#report({ type: "start-failed", error: encodeError(effect.error) });
      case "report-failed":
        return this.#reportFailed(effect.failed, effect.by);
    }
  }

  #reportFailed({ delivery, thrown }: FailedDelivery, by: "handler" | "behaviour"): void {
    const error = encodeError(thrown);
    if (by === "behaviour") {
      this.#report({ type: "behaviour-failed", error });
      return;
    }
    const { deliveries } = this.#mail;
    const { span, envelope } = delivery;
    const trace = span === undefined ? {} : { trace: span.traceparent };
    this.#report({
      type: "handler-failed",
      message: envelope.type,
      error,
      deliveries,
      isAsk: envelope.isAsk,
      ...trace,
    });
  }

  #giveUp({ delivery, thrown }: FailedDelivery): void {
    delivery.threw(thrown);
    this.#host.flushTo(homeHost); // before it counts as done with, as in `#tooOften`
    this.#mailbox.settle(delivery.envelope);
  }

  #beginAgain({ delivery }: FailedDelivery): void {
    delivery.silence();
    const { inHand } = this.#mail;
    if (inHand !== undefined) this.#mailbox.putBack(inHand);
  }

  /** Gives up a message with which the actor went down as often as the supervisor allows. */
  #tooOften(envelope: Envelope): void {
    const thrown = this.#lastThrown;
    const why = thrown === undefined ? "its thread died" : encodeError(thrown).message;
    this.#host.deadLetter(envelope, "max-deliveries", why);
    this.#host.flushTo(homeHost); // before it counts as done with: the thread may die at any moment
    if (envelope.isAsk) this.#host.refuse(envelope, notHandled(envelope, "max-deliveries", thrown));
    this.#mailbox.settle(envelope);
  }

  #report(report: ChildReport): void {
    this.#host.report({ type: "child", actor: this.#cell.address, report });
  }
}
