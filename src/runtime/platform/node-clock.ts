/** The machine's clocks: the steady one, and the time of day. */

import type { WatchedClock } from "../../ports/clock.ts";

/** `setTimeout` fires at once for delays beyond this, which is 24.8 days. */
const longestDelay = 2 ** 31 - 1;
/** The time of day has jumped when it is this many milliseconds from where the steady clock expects it. */
const leastJump = 100;
/** How often the time of day is looked at while it is watched, in milliseconds. */
const watchInterval = 1_000;

export function nodeClock(): WatchedClock {
  const watchers = new Set<(by: number) => void>();
  const now = (): number => performance.timeOrigin + performance.now();
  let ahead = 0;

  const jumped = (): number => {
    const before = now();
    const time = Date.now();
    const by = time - (before + ahead);
    if (Math.abs(by) < leastJump) return ahead;
    // the thread may have stood still between the two readings
    if (by > 0 && time - (now() + ahead) < leastJump) return ahead;
    ahead += by;
    for (const onJump of watchers) onJump(by);
    return ahead;
  };

  return {
    now,
    jumped,
    watch(onJump) {
      const timer = setInterval(jumped, watchInterval);
      timer.unref();
      watchers.add(onJump);
      return () => {
        clearInterval(timer);
        watchers.delete(onJump);
      };
    },
    setTimer(ms, fire) {
      const due = performance.now() + ms;
      let timer: NodeJS.Timeout;
      const wait = (left: number): void => {
        timer =
          left > longestDelay
            ? setTimeout(() => wait(due - performance.now()), longestDelay)
            : setTimeout(fire, Math.ceil(left));
        timer.unref();
      };
      wait(ms);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
