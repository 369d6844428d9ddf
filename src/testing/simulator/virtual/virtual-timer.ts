/** A timer that code has set in a simulation. */

import type { TimersOfRun } from "./sources-of-run.ts";

/** What `setTimeout` and its like return in a simulation: of the same form as the `Timeout` and `Immediate` of Node.js. */
export class VirtualTimer {
  readonly #timers: TimersOfRun;
  readonly #fire: () => void;
  /** In milliseconds; undefined for an immediate. */
  readonly #delay: number | undefined;
  readonly #isRepeated: boolean;
  #cancel: (() => void) | undefined;
  #isReferenced = true;

  constructor(timers: TimersOfRun, fire: () => void, delay?: number, isRepeated = false) {
    this.#timers = timers;
    this.#fire = fire;
    this.#delay = delay;
    this.#isRepeated = isRepeated;
    this.#begin();
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  close(): this {
    this.cancel();
    return this;
  }

  refresh(): this {
    if (this.#delay === undefined) return this;
    this.cancel();
    this.#begin();
    return this;
  }

  ref(): this {
    this.#isReferenced = true;
    return this;
  }

  unref(): this {
    this.#isReferenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isReferenced;
  }

  [Symbol.toPrimitive](): number {
    const known = numbers.get(this);
    if (known !== undefined) return known;
    const number = ++lastNumber;
    numbers.set(this, number);
    byNumber.set(number, new WeakRef(this));
    return number;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #begin(): void {
    const fire = (): void => {
      this.#cancel = undefined;
      if (this.#isRepeated) this.#begin();
      this.#fire();
    };
    this.#cancel = this.#delay === undefined ? this.#timers.soon(fire) : this.#timers.after(this.#delay, fire);
  }
}

/** Numbers by which code may know a timer; far from those that Node.js gives. */
let lastNumber = 2 ** 40;
const numbers = new WeakMap<VirtualTimer, number>();
const byNumber = new Map<number, WeakRef<VirtualTimer>>();

/** The timer that code holds, itself or its number; undefined for what is none of a simulation. */
export function virtualTimer(held: unknown): VirtualTimer | undefined {
  const timer = typeof held === "number" || typeof held === "string" ? byNumber.get(Number(held))?.deref() : held;
  return timer instanceof VirtualTimer ? timer : undefined;
}

const longest = 2 ** 31 - 1;

/** As Node.js reads it. */
export function delayOf(ms: unknown): number {
  const delay = Number(ms);
  return delay >= 1 && delay <= longest ? Math.trunc(delay) : 1;
}
