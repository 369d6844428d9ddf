/** One timer for many times: it is set to the earliest of them, and its owner says the next one when it rings. */

import type { Clock, Timer } from "../ports/clock.ts";

/**
 * Owns the timer, not the times.
 *
 * @example
 * const alarm = new Alarm(clock, () => { expire(clock.now()); alarm.set(earliest()); });
 * alarm.bringForward(deadline);
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** @param ring called once for each time at which it is set, unless it is set anew before that. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Sets it anew, in the clock's milliseconds: at once for a time that has passed, Infinity for never. */
  set(at: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#at = at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), this.#fire);
  }

  /** Sets it anew where `at` is earlier than what it is set to. */
  bringForward(at: number): void {
    if (at < this.#at) this.set(at);
  }

  readonly #fire = (): void => {
    this.#timer = undefined;
    this.#at = Number.POSITIVE_INFINITY;
    this.#ring();
  };
}
