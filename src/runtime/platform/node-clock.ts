/** The machine's clock. */

import type { Clock } from "../../ports/clock.ts";

/** `setTimeout` fires at once for delays beyond this. */
const longestDelay = 2 ** 31 - 1;

export function nodeClock(): Clock {
  return {
    now: () => performance.timeOrigin + performance.now(),
    setTimer(ms, fire) {
      const timer = setTimeout(fire, Math.min(Math.ceil(ms), longestDelay));
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
