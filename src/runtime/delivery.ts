/** One message being handled: the envelope, and the one answer an ask gets. */

import { encodeError } from "../errors/error-codec.ts";
import { AskError } from "../errors/ask-error.ts";
import type { Envelope } from "./envelope.ts";
import type { ThreadHost } from "./thread-host.ts";

export class Delivery {
  readonly envelope: Envelope;
  readonly #host: ThreadHost;
  #isAnswered = false;

  constructor(host: ThreadHost, envelope: Envelope) {
    this.#host = host;
    this.envelope = envelope;
  }

  get isAnswered(): boolean {
    return this.#isAnswered || !this.envelope.isAsk;
  }

  /**
   * Answers an ask; the value is copied now, while drafts in it are still alive. Does nothing for a tell or the second
   * time.
   *
   * @throws TroupeError `not-cloneable` or `message-too-large`; the ask is unanswered then.
   */
  reply(value: unknown): void {
    this.prepare(value)();
  }

  /** Copies the value now and answers an ask when what it returns is called. Throws as {@link Delivery.reply} does. */
  prepare(value: unknown): () => void {
    if (this.isAnswered) return () => undefined;
    const { copier } = this.#host;
    const copy = copier.copy(value, `the reply to "${this.envelope.type}"`);
    const { hasTransferred: hasRefs, isJson } = copier;
    return () => {
      if (this.isAnswered) return;
      this.#isAnswered = true;
      this.#host.answer(this.envelope, { ok: true, value: copy, hasRefs, isJson });
    };
  }

  /** Whoever answers from now on, it isn't this delivery. */
  silence(): void {
    this.#isAnswered = true;
  }

  /** Answers an ask with an error that says the handler failed. */
  fail(thrown: unknown): void {
    this.refuse(handlerFailed(this.envelope, thrown));
  }

  /** Answers an ask with an error as it is. */
  refuse(error: AskError): void {
    if (this.isAnswered) return;
    this.#isAnswered = true;
    this.#host.answer(this.envelope, { ok: false, error: encodeError(error) });
  }
}

function handlerFailed({ to, type }: Envelope, thrown: unknown): AskError {
  const message = thrown instanceof Error ? thrown.message : encodeError(thrown).message;
  return new AskError("failed", "handler-failed", `${to} failed to handle "${type}": ${message}`, {
    cause: thrown,
    details: { to, type },
  });
}
