/** Streams whose errors reach the subscribers that handle errors, and end all others as if the stream were complete. */

import { Observable, type Observer, type Operator, type Subscription, tap, throwError } from "rxjs";

type Next<T> = (value: T) => void;

/**
 * The same stream, safe to subscribe to with `next` alone: RxJS throws an error that a subscriber doesn't handle where only the
 * process can catch it, which would end the process with each thread that dies. A subscriber without `error` sees the stream
 * complete instead, also behind operators. What an operator of the subscriber's own throws is thrown as ever.
 *
 * @example
 * quietStream(throwError(() => new Error("gone"))).subscribe({ complete: () => console.log("over") });
 */
export function quietStream<T>(stream: Observable<T>): Observable<T> {
  const errors = new Set<unknown>();
  return new QuietStream(errors, stream.pipe(tap({ error: (error) => errors.add(error) })));
}

class QuietStream<T> extends Observable<T> {
  /** The errors of the stream itself, and not of operators behind it. */
  readonly #errors: ReadonlySet<unknown>;

  constructor(errors: ReadonlySet<unknown>, source: Observable<unknown>, operator?: Operator<never, T>) {
    super();
    this.#errors = errors;
    this.source = source;
    this.operator = operator;
  }

  /** RxJS makes the streams behind operators with this. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    return new QuietStream<R>(this.#errors, this, operator);
  }

  override subscribe(
    given?: Partial<Observer<T>> | Next<T> | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    const observer = typeof given === "function" ? handlers(given, error, complete) : (given ?? {});
    if (typeof observer.error === "function") return super.subscribe(observer);
    return super.subscribe({
      next: (value) => observer.next?.(value),
      error: (thrown: unknown) => {
        if (this.#errors.has(thrown)) observer.complete?.();
        else throwError(() => thrown).subscribe();
      },
      complete: () => observer.complete?.(),
    });
  }
}

function handlers<T>(
  next: Next<T>,
  error: ((error: unknown) => void) | null | undefined,
  complete: (() => void) | null | undefined,
): Partial<Observer<T>> {
  return { next, ...(error ? { error } : {}), ...(complete ? { complete } : {}) };
}
