/** Holds batches up for times that are drawn. */

import type { Clock, Timer } from "../../ports/clock.ts";
import type { SeededRandom } from "../simulator/schedules/seeded-random.ts";
import type { Hold } from "./held-threads.ts";

export interface DelaysOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Milliseconds. */
  readonly longest: number;
}

/** Half of the batches go on at once, so that they overtake batches that other links hold. */
export class Delays implements Hold {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #longest: number;
  readonly #held = new Map<Timer, () => void>();
  #isOpen = false;

  constructor({ clock, random, longest }: DelaysOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#longest = longest;
  }

  came(_link: string, pass: () => void): void {
    if (this.#isOpen || this.#random.chance(1 / 2)) return pass();
    const timer = this.#clock.setTimer(this.#random.next() * this.#longest, () => {
      this.#held.delete(timer);
      pass();
    });
    this.#held.set(timer, pass);
  }

  open(): void {
    this.#isOpen = true;
    for (const [timer, pass] of this.#held) {
      timer.cancel();
      pass();
    }
    this.#held.clear();
  }
}
