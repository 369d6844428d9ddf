/** One message being handled: the envelope, the one answer an ask gets, and whether it is still wanted. */

import type { Address } from "../../actors/address.ts";
import type { CallParts } from "../../agents/streamed-call.ts";
import type { AskScope } from "../../actors/ask-scope.ts";
import { Cancellation, type CancellationListener } from "../../async/cancellation.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { AskError, isAskError } from "../../errors/ask-error.ts";
import { causesOf, messageOf } from "../../errors/caught.ts";
import { refusalOf } from "../../errors/refusal-of.ts";
import type { Sender } from "../messaging/target.ts";
import type { Handling } from "./handling.ts";
import type { Envelope } from "../transport/envelope.ts";
import type { Answer } from "../transport/frame.ts";
import { OpenSpan } from "../../traces/recorder.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import { stoppedLate } from "../messaging/ask-errors.ts";
import { RefusedMessage } from "../messaging/refused-message.ts";
import { ScopedSender } from "../messaging/scoped-sender.ts";
import type { CellHost } from "./cell-host.ts";

/** The actor that a message is handled by. */
export interface DeliveryCell extends Sender {
  readonly address: Address;
  /** True when it handles one message at a time. */
  readonly isSerial: boolean;
  /** Aborts when the actor is being stopped. */
  readonly stopping: Cancellation;
  readonly signal: AbortSignal;
}

/**
 * - `not-yet`: no cancellation finds it: its handler has not returned, or is cancelled already.
 * - `open`: it is among the host's open asks, where a cancellation finds it.
 * - `over`: it is answered, or another delivery of the message answers.
 */
type Answering = "not-yet" | "open" | "over";

export class Delivery implements AskScope, Handling {
  readonly envelope: Envelope;
  /** Its place in a trace: where its handling is recorded, if it is; absent for none. */
  trace: TraceContext | undefined;
  readonly #host: CellHost;
  readonly #cell: DeliveryCell;
  #answering: Answering = "not-yet";
  #cancellation: Cancellation | undefined;
  /** Aborts with the cancellation, or when the actor is being stopped. Made at the first look at the signal. */
  #aborter: Cancellation | undefined;
  #sender: ScopedSender | undefined;
  #askers: readonly Address[] | undefined;
  /** Told, one after the other, when the asker has come past the parts that it was sent. */
  #onPassed: (() => void)[] | undefined;

  constructor(host: CellHost, cell: DeliveryCell, envelope: Envelope) {
    this.#host = host;
    this.#cell = cell;
    this.envelope = envelope;
  }

  /** Where its handling is recorded; `undefined` where it is not. */
  get span(): OpenSpan | undefined {
    return this.trace instanceof OpenSpan ? this.trace : undefined;
  }

  get isAnswered(): boolean {
    return this.#answering === "over" || !this.envelope.isAsk;
  }

  /** True once no asker waits for its outcome. For a tell, and for a message from an outbox, true from the start. */
  get isOver(): boolean {
    return this.isAnswered || this.envelope.isTold;
  }

  get deadline(): number {
    return this.envelope.deadline;
  }

  get askers(): readonly Address[] {
    return (this.#askers ??= askersOf(this.envelope));
  }

  /** Aborts when the asker gives up. Being stopped doesn't abort it: a message that is being handled is finished. */
  get cancellation(): Cancellation {
    return (this.#cancellation ??= new Cancellation());
  }

  /** Aborts when the asker gives up or the actor is being stopped. If no asker waits, it is the actor's own signal. */
  get signal(): AbortSignal {
    if (this.#aborter !== undefined) return this.#aborter.signal;
    if (this.isOver) return this.#cell.signal;
    this.#aborter = new Cancellation();
    this.add(this.#aborter);
    return this.#aborter.signal;
  }

  add(listener: CancellationListener): void {
    this.#cell.stopping.add(listener);
    if (!this.isOver) this.cancellation.add(listener);
  }

  remove(listener: CancellationListener): void {
    this.#cell.stopping.remove(listener);
    this.#cancellation?.remove(listener);
  }

  /** The sender of what is sent while this message is handled. */
  get sender(): Sender {
    if (this.#cell.isSerial || (this.isOver && this.trace === undefined)) return this.#cell;
    return (this.#sender ??= new ScopedSender(this.#cell, this, this.envelope.id, this.trace));
  }

  /** The handler has returned, perhaps a promise, and the ask isn't answered: from now on a cancellation finds it. */
  keep(): void {
    this.#answering = "open";
    this.#host.openAsks.add(this);
  }

  /** The asker doesn't wait any longer. */
  cancel(error: AskError): void {
    if (this.isOver) return;
    if (this.#answering === "open") this.#host.openAsks.remove(this);
    this.#answering = "not-yet";
    this.cancellation.abort(error);
  }

  /** Sends parts of an ask's answer ahead of it. Resolves when the asker has come past them; never, if it stops waiting before. */
  emit(parts: CallParts): Promise<void> {
    return new Promise((resolve) => {
      if (this.#answering === "over") return;
      (this.#onPassed ??= []).push(resolve);
      this.#host.transmit(this.envelope.origin, {
        kind: "parts",
        id: this.envelope.id,
        token: this.#cell.token,
        attempt: parts.attempt,
        index: parts.index,
        values: parts.values,
      });
    });
  }

  passed(): void {
    this.#onPassed?.shift()?.();
  }

  /** True when what the handler threw is a failure of its actor: not when the message was refused, or its asker had given up. */
  isFailure(thrown: unknown): boolean {
    return !(thrown instanceof RefusedMessage) && !this.#isGivenUp(thrown);
  }

  /**
   * Ends the message with what its handler threw: the asker is told, a tell becomes a dead letter, and the failure is reported to
   * the system. A handler that stopped because its asker gave up has not failed: then only the asker is told.
   */
  threw(thrown: unknown): void {
    const { envelope } = this;
    if (thrown instanceof RefusedMessage) {
      this.#host.deadLetter(envelope, thrown.reason, thrown.message);
      this.refuse(thrown.error);
      return;
    }
    if (this.#isGivenUp(thrown)) return this.refuse(stoppedLate(envelope, thrown));
    if (envelope.isAsk) this.fail(thrown);
    else this.#host.deadLetter(envelope, "handler-failed", encodeError(thrown).message);
    this.#host.reportFailure(this.#cell.address, envelope.type, thrown, envelope.isAsk || this.#isStopping(thrown));
  }

  /** True when the handler threw because its actor is being stopped. */
  #isStopping(thrown: unknown): boolean {
    const { reason } = this.#cell.stopping;
    return reason !== undefined && [...causesOf(thrown)].includes(reason.error);
  }

  /** True when the handler threw because its asker had given up, and not because it failed. */
  #isGivenUp(thrown: unknown): boolean {
    const reason = this.#cancellation?.reason;
    if (this.isOver || (reason === undefined && this.#host.clock.now() < this.deadline)) return false;
    for (const error of causesOf(thrown)) {
      if (error === reason?.error || (error instanceof Error && error.name === "AbortError")) return true;
      if (isAskError(error) && (error.outcome === "cancelled" || error.code === "timed-out")) return true;
    }
    return thrown === reason?.error;
  }

  /**
   * Answers an ask; the value is copied now, while drafts in it are still alive. Does nothing for a tell or the second
   * time.
   *
   * @param maxBytes default: the limit of messages.
   * @throws TroupeError `not-cloneable` or `message-too-large`; the ask is unanswered then.
   */
  reply(value: unknown, maxBytes?: number): void {
    this.prepare(value, maxBytes)();
  }

  /** Answers an ask with what is Troupe's own, which the limit of messages doesn't hold for. */
  replyOwn(value: unknown): void {
    this.reply(value, Number.POSITIVE_INFINITY);
  }

  /** Copies the value now and answers an ask when what it returns is called. Throws as {@link Delivery.reply} does. */
  prepare(value: unknown, maxBytes?: number): () => void {
    if (this.isAnswered) return () => undefined;
    const { copier } = this.#host;
    const copy = copier.copy(value, `the reply to "${this.envelope.type}"`, maxBytes);
    const { hasTransferred: hasRefs, isJson } = copier;
    return () => this.#answer({ ok: true, value: copy, hasRefs, isJson });
  }

  /** From now on, this delivery doesn't answer any more: another delivery of the message does, or none. */
  silence(): void {
    this.#letGo();
  }

  /** Answers an ask with an error that says the handler failed. */
  fail(thrown: unknown): void {
    if (!this.isAnswered) this.refuse(handlerFailed(this.envelope, thrown));
  }

  /** Answers an ask with an error as it is. */
  refuse(error: AskError): void {
    if (!this.isAnswered) this.#answer({ ok: false, error: encodeError(error) });
  }

  #answer(answer: Answer): void {
    if (this.isAnswered) return;
    this.#letGo();
    this.#host.answer(this.envelope, answer);
  }

  #letGo(): void {
    if (this.#answering === "open") this.#host.openAsks.remove(this);
    this.#answering = "over";
    if (this.#aborter !== undefined) this.#cell.stopping.remove(this.#aborter);
    this.#sender?.end();
  }
}

function askersOf({ askers = [], from, isAsk }: Envelope): readonly Address[] {
  return isAsk && from !== undefined ? [...askers, from] : askers;
}

function handlerFailed({ to, type }: Envelope, thrown: unknown): AskError {
  const did = refusalOf(thrown) === undefined ? "failed to handle" : "refused";
  return new AskError("failed", "handler-failed", `${to} ${did} "${type}": ${messageOf(thrown)}`, {
    cause: thrown,
    details: { to, type },
  });
}
