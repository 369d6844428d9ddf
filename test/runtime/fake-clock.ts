/** A clock that stands until it is told to go on. It may fire early, as real timers do. */

import type { Clock, Timer } from "../../src/ports/clock.ts";

export class FakeClock implements Clock {
  readonly #early: number;
  readonly #timers = new Map<Timer, { readonly at: number; readonly fire: () => void }>();
  #now = 1_000;

  constructor(early = 0) {
    this.#early = early;
  }

  now(): number {
    return this.#now;
  }

  jumped(): number {
    return 0;
  }

  get timers(): number {
    return this.#timers.size;
  }

  setTimer(ms: number, fire: () => void): Timer {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw new Error(`a timer of ${ms} ms`);
    const timer: Timer = { cancel: () => void this.#timers.delete(timer) };
    this.#timers.set(timer, { at: this.#now + Math.max(ms - this.#early, this.#early / 4), fire });
    return timer;
  }

  /** Lets time pass, firing on the way what is due, in its order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { at }]) => at <= end).toSorted(([, a], [, b]) => a.at - b.at);
      if (next === undefined) break;
      const [timer, { at, fire }] = next;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, at);
      fire();
    }
    this.#now = end;
  }
}
