/** Which traces are recorded: a share of them, or so many a second. */

/** A share from 0 to 1, which the ids of traces decide; or how many traces that begin in a second are recorded, on average. */
export type Sample = number | { readonly perSecond: number };

/** So many seconds' worth of traces may begin at once, after a time with fewer. */
const burst = 10;

/** A bucket of tokens, which fills with time: one for each trace that may begin. */
export class TraceRate {
  readonly #perSecond: number;
  #tokens: number;
  /** Milliseconds of the clock that calls tell; `undefined` until there is one. */
  #filledAt: number | undefined;

  constructor({ perSecond }: { readonly perSecond: number }) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond * burst;
  }

  /** True if a trace that begins now would be recorded. */
  allows(now: number): boolean {
    const passed = now - (this.#filledAt ?? now); // below 0 where the time of day was set back
    if (passed > 0) this.#tokens = Math.min(this.#perSecond * burst, this.#tokens + (passed / 1_000) * this.#perSecond);
    this.#filledAt = now;
    return this.#tokens >= 1;
  }

  /** Takes the place of a trace that begins now, if there is one. */
  take(now: number): boolean {
    if (!this.allows(now)) return false;
    this.#tokens--;
    return true;
  }
}
