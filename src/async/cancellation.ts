/** Says of one piece of work that it is no longer wanted. */

/** What hears that work is no longer wanted; another {@link Cancellation}, too. */
export interface CancellationListener {
  abort(error: unknown): void;
}

/**
 * An abort signal that is made only for who looks at it: most work never does, and making one takes as long as many an
 * agent's step (`bench/credit.ts`).
 *
 * @example
 * const cancellation = new Cancellation();
 * cancellation.abort(new Error("changed my mind"));
 * cancellation.signal.aborted; // true
 */
export class Cancellation implements CancellationListener {
  #controller: AbortController | undefined;
  #reason: { readonly error: unknown } | undefined;
  #listeners: Set<CancellationListener> | undefined;

  /** Aborts when the work does. The same on every access. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.error);
    }
    return this.#controller.signal;
  }

  /** What it was aborted with; absent until then. */
  get reason(): { readonly error: unknown } | undefined {
    return this.#reason;
  }

  /** The first call counts; `error` becomes the signal's reason. */
  abort(error: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = { error };
    this.#controller?.abort(error);
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener.abort(error);
  }

  /** Tells the listener when this is aborted, or at once if it is. Costs a tenth of listening to the signal. */
  add(listener: CancellationListener): void {
    if (this.#reason !== undefined) listener.abort(this.#reason.error);
    else (this.#listeners ??= new Set()).add(listener);
  }

  remove(listener: CancellationListener): void {
    this.#listeners?.delete(listener);
  }

  /** @throws the signal's reason, if it is aborted. */
  throwIfAborted(): void {
    if (this.#reason !== undefined) this.signal.throwIfAborted();
  }
}
