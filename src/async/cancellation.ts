/** Cancellation of one piece of work. */

/** What is told when work is cancelled; a {@link Cancellation} can be one. */
export interface CancellationListener {
  abort(error: unknown): void;
}

/**
 * Cancels one piece of work. It makes its `AbortSignal` only on first access: most work never looks at the signal, and
 * making one can take as long as an agent's step (`bench/credit.ts`).
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

  /** Aborts when the work is cancelled. The same object on every access. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.error);
    }
    return this.#controller.signal;
  }

  /** The error that it was aborted with; undefined until then. */
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

  /** The same with the error that `make` makes, which it does once something looks at it: its stack costs more than all the rest. */
  abortBy(make: () => unknown): void {
    if (this.#reason !== undefined) return;
    if (this.#controller === undefined && this.#listeners === undefined) this.#reason = new LateReason(make);
    else this.abort(make());
  }

  /**
   * Tells the listener when this aborts, at once if it has aborted already. Costs a tenth of listening to the signal.
   */
  add(listener: CancellationListener): void {
    if (this.#reason !== undefined) listener.abort(this.#reason.error);
    else (this.#listeners ??= new Set()).add(listener);
  }

  remove(listener: CancellationListener): void {
    this.#listeners?.delete(listener);
  }

  /** @throws the signal's reason, if this has aborted. */
  throwIfAborted(): void {
    if (this.#reason !== undefined) this.signal.throwIfAborted();
  }
}

/** A reason whose error is made when it is first looked at. */
class LateReason {
  readonly #make: () => unknown;
  #made: { readonly error: unknown } | undefined;

  constructor(make: () => unknown) {
    this.#make = make;
  }

  get error(): unknown {
    this.#made ??= { error: this.#make() };
    return this.#made.error;
  }
}
