/**
 * The timers and immediates that code sets in a run. As in Node.js, those of one thread fire in the order in which they are due, and
 * immediates in the order set.
 */

import type { Scheduler, StepsInOrder } from "../schedules/scheduler.ts";
import type { TimersOfRun } from "./sources-of-run.ts";

/** Those of one host. */
interface Lanes {
  readonly timers: StepsInOrder;
  readonly immediates: StepsInOrder;
}

export class CodeTimers implements TimersOfRun {
  readonly #scheduler: Scheduler;
  readonly #isAlive: (host: string) => boolean;
  readonly #hosts = new Map<string, Lanes>();

  /** They end with their host. */
  constructor(scheduler: Scheduler, isAlive: (host: string) => boolean) {
    this.#scheduler = scheduler;
    this.#isAlive = isAlive;
  }

  after(ms: number, fire: () => void): () => void {
    return this.#here().timers.add(ms, fire);
  }

  soon(fire: () => void): () => void {
    return this.#here().immediates.add(0, fire);
  }

  /** Those of the host whose code runs. */
  #here(): Lanes {
    const { host } = this.#scheduler.turn;
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const isAlive = (): boolean => this.#isAlive(host);
    const lanes = {
      timers: this.#scheduler.lane(`timer of code on ${host}`, host, isAlive, "by time"),
      immediates: this.#scheduler.lane(`immediate of code on ${host}`, host, isAlive),
    };
    this.#hosts.set(host, lanes);
    return lanes;
  }
}
