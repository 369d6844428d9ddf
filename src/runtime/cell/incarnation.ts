/**
 * A supervised actor's life on one host: does what its supervisor says, reports what becomes of it, and keeps a message that it
 * failed at until its supervisor has decided what becomes of both.
 */

import { homeHost } from "../../actors/address.ts";
import { decodeError, encodeError } from "../../errors/error-codec.ts";
import { Delivery, type DeliveryCell } from "./delivery.ts";
import type { Envelope, StopMode } from "../transport/envelope.ts";
import type { Mailbox } from "./mailbox.ts";
import type { DeliveryLog } from "./delivery-log.ts";
import type { BehaviourReport, ChildCommand, ChildReport } from "../transport/supervision-protocol.ts";
import type { CellHost } from "./cell-host.ts";
import { notHandled } from "../messaging/ask-errors.ts";

/** What a behaviour's stream failed with while it had a message. */
export class BehaviourFailure extends Error {
  constructor(thrown: unknown) {
    super("the behaviour failed", { cause: thrown });
  }
}

/** The cell whose life it is. */
export interface SupervisedCell extends DeliveryCell {
  readonly isHandling: boolean;
  readonly isStopping: boolean;
  readonly isStopped: boolean;
  /** Stops the actor; resolves when everything that it had is settled. */
  stop(mode: StopMode): Promise<void>;
  /** Tells what is being done for the actor that it ends. */
  abort(why: string): void;
  /** Puts a new body in the place of the old one. @throws what making it throws. */
  beginAnew(): void;
  /** Ends it at once: what a handler of its still does has no effect any more. */
  fenceOff(): void;
  /** Sees to it that what waits is handled, if anything may be. */
  schedule(): void;
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
  #isHalted = false;
  #isSuspending = false;
  #inHand: Delivery | undefined;
  /** What it halted at: a message that is neither handled nor given up yet. */
  #failed: { readonly delivery: Delivery; readonly thrown: unknown } | undefined;
  /** What the last message that is begun again failed with: its handler, or its thread. */
  #lastThrown: unknown;

  constructor({ host, cell, mailbox, mail }: IncarnationOptions) {
    this.#host = host;
    this.#cell = cell;
    this.#mailbox = mailbox;
    this.#mail = mail;
    this.#lastThrown = mail.lastDeath && decodeError(mail.lastDeath);
  }

  /** True while the actor handles nothing, until its supervisor says how it goes on. */
  get isHalted(): boolean {
    return this.#isHalted;
  }

  /** True while it isn't decided what becomes of the message that it halted at. */
  get isUndecided(): boolean {
    return this.#failed !== undefined;
  }

  /** The message that is handled, or was last. */
  get inHand(): Delivery | undefined {
    return this.#inHand;
  }

  /** The same each time that a message is delivered. */
  keyOf(envelope: Envelope): string {
    return this.#mail.keyOf(envelope);
  }

  /** Begins a message; one that was begun as often as may be is given up instead. */
  begin(envelope: Envelope): Delivery | undefined {
    const begun = this.#mail.begin(envelope);
    if (begun === undefined) {
      this.#tooOften(envelope);
      return undefined;
    }
    return (this.#inHand = new Delivery(this.#host, this.#cell, begun));
  }

  /** The message in hand is done with. */
  handled(): void {
    if (this.#isSuspending && !this.#cell.isStopped) this.#report({ type: "suspended" });
  }

  /** The handler of the message in hand threw. */
  failed(delivery: Delivery, thrown: unknown): void {
    const isBehaviour = thrown instanceof BehaviourFailure;
    const error = isBehaviour ? thrown.cause : thrown;
    this.#failed = { delivery, thrown: error };
    if (this.#cell.isStopping) {
      this.giveUp();
      if (isBehaviour) void this.#cell.stop("discard");
      return;
    }
    this.#isHalted = true;
    if (this.#isSuspending) {
      this.#mail.forgive(); // for being told to stop: it is begun again, or left to its sender
      this.#beginAgain();
      this.#report({ type: "suspended" });
    } else if (isBehaviour) this.#report({ type: "behaviour-failed", error: encodeError(error) });
    else {
      const { deliveries } = this.#mail;
      const message = delivery.envelope.type;
      this.#report({ type: "handler-failed", message, error: encodeError(error), deliveries });
    }
  }

  /** Its behaviour is over, by itself. */
  behaviourEnded(report: BehaviourReport): void {
    if (this.#cell.isStopping) {
      void this.#cell.stop("discard"); // nobody is left to drain what waits
      return;
    }
    this.#isHalted = true;
    if (!this.#isSuspending) this.#report(report);
  }

  /** What it halted at fails for good. */
  giveUp(): void {
    if (this.#failed === undefined) return;
    const { delivery, thrown } = this.#failed;
    this.#failed = undefined;
    delivery.threw(thrown);
    this.#host.flushTo(homeHost); // as in `#tooOften`
    this.#mailbox.settle(delivery.envelope);
  }

  command(command: ChildCommand): void {
    if (this.#cell.isStopping && command.type !== "abandon" && command.type !== "stop") return;
    switch (command.type) {
      case "resume":
        return this.#resume();
      case "restart":
        return this.#restart();
      case "suspend":
        return this.#suspend();
      case "stop":
        this.#mailbox.leaveToSenders();
        void this.#cell.stop(command.mode);
        return;
      case "abandon":
        return this.#abandon(command.isFinal);
    }
  }

  /** The failure costs the message, and the actor goes on. */
  #resume(): void {
    this.giveUp();
    this.#goOn();
  }

  #restart(): void {
    this.#isSuspending = false;
    try {
      this.#cell.beginAnew();
    } catch (thrown) {
      this.#report({ type: "start-failed", error: encodeError(thrown) });
      return;
    }
    if (this.#failed !== undefined) {
      this.#lastThrown = this.#failed.thrown;
      this.#beginAgain();
    }
    this.#report({ type: "started" });
    this.#goOn();
  }

  #suspend(): void {
    this.#isSuspending = true;
    this.#isHalted = true;
    this.#cell.abort("is being restarted");
    if (!this.#cell.isHandling) this.#report({ type: "suspended" });
  }

  #abandon(isFinal: boolean): void {
    if (this.#cell.isStopped) return;
    this.#isHalted = true;
    this.#mail.close();
    this.#inHand?.silence();
    this.#cell.fenceOff();
    if (!isFinal) this.#report({ type: "abandoned" });
  }

  #goOn(): void {
    this.#isHalted = false;
    this.#cell.schedule();
  }

  /** The message that it failed at waits again, before all others. */
  #beginAgain(): void {
    this.#failed?.delivery.silence();
    this.#failed = undefined;
    const { inHand } = this.#mail;
    if (inHand !== undefined) this.#mailbox.putBack(inHand);
  }

  /** A message with which the actor went down as often as may be. */
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
