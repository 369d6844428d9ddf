/** Has batches go on in the order in which they arrived in a simulation: each is held until those before it have gone. */

import type { Clock, Timer } from "../../ports/clock.ts";
import type { Hold } from "./held-threads.ts";

export interface GatesOptions {
  readonly clock: Clock;
  /** The links of the batches, in their order. */
  readonly order: readonly string[];
  /** A batch that isn't there after so many milliseconds, while others are held, is passed over. */
  readonly patience: number;
}

/** How it is named in an order that code has come to a point, which nothing holds. */
export function comesTo(lane: string): string {
  return `to ${lane}`;
}

export class Gates implements Hold {
  readonly #clock: Clock;
  readonly #order: readonly string[];
  readonly #patience: number;
  readonly #held = new Map<string, (() => void)[]>();
  #next = 0;
  #missed = 0;
  #isPassing = false;
  #timer: Timer | undefined;

  constructor({ clock, order, patience }: GatesOptions) {
    this.#clock = clock;
    this.#order = order;
    this.#patience = patience;
  }

  /** How many batches of the order were passed over, or have not come. */
  get missed(): number {
    return this.#missed + this.#order.length - this.#next;
  }

  came(link: string, pass: () => void): void {
    const held = this.#held.get(link) ?? [];
    this.#held.set(link, held);
    held.push(pass);
    this.#pass();
  }

  open(): void {
    this.#timer?.cancel();
    this.#missed += this.#order.length - this.#next;
    this.#next = this.#order.length;
    this.#pass();
  }

  /** A batch that passes may have others come at once: the loop below passes them in their turn. */
  #pass(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    this.#timer?.cancel();
    for (let pass = this.#take(); pass !== undefined; pass = this.#take()) pass();
    this.#isPassing = false;
    if (![...this.#held.values()].some((held) => held.length > 0)) return;
    this.#timer = this.#clock.setTimer(this.#patience, () => {
      this.#missed++;
      this.#next++;
      this.#pass();
    });
  }

  /** The next batch that goes on: of the link whose turn it is, or of any after the end of the order. */
  #take(): (() => void) | undefined {
    const link = this.#order[this.#next];
    if (link === undefined) return [...this.#held.values()].find((held) => held.length > 0)?.shift();
    const pass = this.#held.get(link)?.shift();
    if (pass !== undefined) this.#next++;
    return pass;
  }
}
