/** A run's stream as a loop reads it: what comes waits until the loop gets to it (invariant 7). */

import type { Observable, Subscription } from "rxjs";
import { type Deferred, deferred } from "../async/deferred.ts";
import type { StreamItem } from "./stream-item.ts";

/** How many parts wait for a loop. What comes beyond that is left out, and the loop is told how much. */
const partsThatWait = 1024;

/**
 * Listens from now on, until the loop is left. Events all wait, and no more parts than {@link partsThatWait}: the run goes on, however slow
 * the loop is.
 */
export class StreamLoop implements AsyncIterableIterator<StreamItem> {
  readonly #waiting: StreamItem[] = [];
  #parts = 0;
  #end: { readonly error?: unknown } | undefined;
  #news: Deferred<void> | undefined;
  readonly #subscription: Subscription;
  readonly #items = this.#read();

  constructor(stream$: Observable<StreamItem>) {
    this.#subscription = stream$.subscribe({
      next: (item) => this.#take(item),
      error: (error: unknown) => this.#over({ error }),
      complete: () => this.#over({}),
    });
  }

  next(): Promise<IteratorResult<StreamItem, undefined>> {
    return this.#items.next();
  }

  return(): Promise<IteratorResult<StreamItem, undefined>> {
    this.#subscription.unsubscribe();
    this.#waiting.length = 0;
    this.#over({});
    return this.#items.return(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async *#read(): AsyncGenerator<StreamItem, undefined, undefined> {
    for (;;) {
      const item = this.#waiting.shift();
      if (item === undefined) {
        if (this.#end === undefined) await (this.#news = deferred()).promise;
        else if ("error" in this.#end) throw this.#end.error;
        else return undefined;
      } else {
        if (item.kind === "part") this.#parts--;
        yield item;
      }
    }
  }

  #take(item: StreamItem): void {
    if (item.kind !== "part") this.#waiting.push(item);
    else if (this.#parts < partsThatWait) {
      this.#parts++;
      this.#waiting.push(item);
    } else this.#leaveOut(item);
    this.#tell();
  }

  #leaveOut({ step, attempt }: Extract<StreamItem, { readonly kind: "part" }>): void {
    const last = this.#waiting.at(-1);
    const isSame = last?.kind === "gap" && last.step === step && last.attempt === attempt;
    const lost = isSame ? last.lost + 1 : 1;
    if (isSame) this.#waiting.pop();
    this.#waiting.push({ kind: "gap", step, attempt, lost });
  }

  #over(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#tell();
  }

  #tell(): void {
    this.#news?.resolve();
    this.#news = undefined;
  }
}
