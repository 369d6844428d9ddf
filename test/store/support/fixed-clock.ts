/** A clock that tests set by hand. */

import type { Clock } from "../../../src/ports/clock.ts";

export function fixedClock(start = 1_000): Clock & { time: number } {
  return {
    time: start,
    now() {
      return this.time;
    },
    jumped: () => 0,
    setTimer() {
      throw new Error("the store sets no timers");
    },
  };
}
