/** How threads are while pages are open: asked at most once a second, however many pages there are, and kept for a minute. */

import type { Vitals } from "../../ports/vitals.ts";
import type { LiveSystem } from "./inspected.ts";

/** How a thread is. */
export interface ThreadSigns {
  /** The share of the time in which the event loop worked: since it was looked at before, or since the thread began. */
  readonly utilization: number;
  /** By how many milliseconds the event loop was late, since it was looked at before. */
  readonly delay: Vitals["delay"];
  readonly heapUsed: number;
  readonly heapLimit: number;
  /** The utilizations of the last looks, the newest last. */
  readonly past: readonly number[];
}

export interface WatchedThread {
  readonly thread: number;
  /** Absent for one that does not answer: it spins, or is not known. */
  readonly signs?: ThreadSigns;
}

interface Known {
  vitals: Vitals;
  past: readonly number[];
}

/** Milliseconds from one look to the next, at least, and how many are kept. */
const pause = 900;
const most = 60;

export class ThreadWatch {
  readonly #live: Pick<LiveSystem, "vitals"> | undefined;
  readonly #now: () => number;
  #known = new Map<number, Known>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #shown: Promise<readonly WatchedThread[]> = Promise.resolve([]);

  constructor(live: Pick<LiveSystem, "vitals"> | undefined, now: () => number) {
    this.#live = live;
    this.#now = now;
  }

  /** The threads as they stand; of a thread that is gone, nothing is kept. */
  look(): Promise<readonly WatchedThread[]> {
    const now = this.#now();
    // the clock may be set back
    if (Math.abs(now - this.#lookedAt) < pause) return this.#shown;
    this.#lookedAt = now;
    return (this.#shown = this.#look());
  }

  async #look(): Promise<readonly WatchedThread[]> {
    const found = (await this.#live?.vitals()) ?? [];
    const known = this.#known;
    this.#known = new Map();
    return found.map(({ thread, vitals }) => {
      const before = known.get(thread);
      if (vitals === undefined) {
        if (before !== undefined) this.#known.set(thread, before);
        return { thread };
      }
      const active = vitals.active - (before?.vitals.active ?? 0);
      const idle = vitals.idle - (before?.vitals.idle ?? 0);
      const utilization = active + idle <= 0 ? 0 : active / (active + idle);
      const past = [...(before?.past ?? []), utilization].slice(-most);
      this.#known.set(thread, { vitals, past });
      const { delay, heapUsed, heapLimit } = vitals;
      return { thread, signs: { utilization, delay, heapUsed, heapLimit, past } };
    });
  }
}
