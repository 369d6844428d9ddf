/** A promise that knows whether any code waits for it. */

/**
 * A promise whose rejection doesn't end the process where no code handles it; {@link HeardPromise.onUnheard} says so instead. What
 * is derived from it by `then` is an ordinary promise.
 *
 * @example
 * const told = HeardPromise.rejected(new Error("gone"));
 * told.onUnheard((check) => setImmediate(check), (error) => console.log(error));
 */
export class HeardPromise<T> extends Promise<T> {
  #isHeard = false;

  constructor(executor: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason: unknown) => void) => void) {
    super(executor);
    super.then(undefined, () => undefined);
  }

  static rejected(error: unknown): HeardPromise<never> {
    return new HeardPromise((_, reject) => reject(error));
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** `await` calls this as well, since the promise is of a class of its own. */
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isHeard = true;
    return super.then(onFulfilled, onRejected);
  }

  /** Calls `tell` when it has settled, with the error if it rejected. That doesn't count as code that waits for it. */
  onSettled(tell: (error: unknown) => void): void {
    super.then(() => tell(undefined), tell);
  }

  /** When it rejects, gives `later` a check that calls `tell` if by then no code has waited for it. */
  onUnheard(later: (check: () => void) => void, tell: (error: unknown) => void): void {
    super.then(undefined, (error: unknown) => {
      if (this.#isHeard) return;
      later(() => {
        if (!this.#isHeard) tell(error);
      });
    });
  }
}
