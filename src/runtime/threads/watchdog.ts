/** Looks after the hearts of a system's threads, and says which of them stand still. */

import type { HostId } from "../../actors/address.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import { beatInterval, beatsOf, type Heartbeat } from "./heartbeat.ts";
import { lookAtHearts, type StallTerms, type StallWatch } from "./stall-watch.ts";

export interface WatchdogOptions {
  readonly clock: Clock;
  /** Milliseconds; Infinity to watch no thread. */
  readonly stallTimeout: number;
  /** True while threads may stand still for a good reason, such as a debugger that holds them. */
  readonly isExcused: () => boolean;
}

interface Watched {
  readonly heartbeat: Heartbeat;
  readonly onStall: (stillFor: number) => void;
}

export class Watchdog {
  readonly #clock: Clock;
  readonly #terms: StallTerms;
  readonly #isExcused: () => boolean;
  readonly #watched = new Map<HostId, Watched>();
  #last: StallWatch | undefined;
  /** Set while there is a heartbeat to look at. */
  #timer: Timer | undefined;

  constructor({ clock, stallTimeout, isExcused }: WatchdogOptions) {
    this.#clock = clock;
    this.#terms = { stallTimeout, interval: beatInterval(stallTimeout) };
    this.#isExcused = isExcused;
  }

  /** Watches a heartbeat until it stands still, and then calls `onStall`; or until {@link Watchdog.forget}. */
  watch(host: HostId, heartbeat: Heartbeat, onStall: (stillFor: number) => void): void {
    if (this.#terms.stallTimeout === Number.POSITIVE_INFINITY) return;
    this.#watched.set(host, { heartbeat, onStall });
    this.#timer ??= this.#clock.setTimer(this.#terms.interval, this.#look);
  }

  forget(host: HostId): void {
    this.#watched.delete(host);
    if (this.#watched.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#last = undefined;
  }

  readonly #look = (): void => {
    this.#timer = this.#clock.setTimer(this.#terms.interval, this.#look);
    if (this.#isExcused()) {
      this.#last = undefined;
      return;
    }
    const counters = new Map([...this.#watched].map(([host, { heartbeat }]) => [host, beatsOf(heartbeat)]));
    const [seen, stalls] = lookAtHearts(this.#last, counters, this.#clock.now(), this.#terms);
    this.#last = seen;
    for (const { host, stillFor } of stalls) {
      const onStall = this.#watched.get(host)?.onStall;
      this.forget(host);
      onStall?.(stillFor);
    }
  };
}
