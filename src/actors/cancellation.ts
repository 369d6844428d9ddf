/** Says of one piece of work that it is no longer wanted. */

/**
 * An abort signal that is made only for who looks at it: most work never does, and making one takes as long as many an
 * agent's step (`bench/credit.ts`).
 *
 * @example
 * const cancellation = new Cancellation();
 * cancellation.abort(new Error("changed my mind"));
 * cancellation.signal.aborted; // true
 */
export class Cancellation {
  #controller: AbortController | undefined;
  #reason: { readonly error: unknown } | undefined;

  /** Aborts when the work does. The same on every access. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.error);
    }
    return this.#controller.signal;
  }

  /** The first call counts; `error` becomes the signal's reason. */
  abort(error: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = { error };
    this.#controller?.abort(error);
  }

  /** @throws the signal's reason, if it is aborted. */
  throwIfAborted(): void {
    if (this.#reason !== undefined) this.signal.throwIfAborted();
  }
}
