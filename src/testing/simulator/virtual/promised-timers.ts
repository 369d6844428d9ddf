/** The timers of `node:timers/promises`, by virtual time. */

import timerPromises from "node:timers/promises";
import type { RunNow, TimersOfRun } from "./sources-of-run.ts";
import { delayOf } from "./virtual-timer.ts";

interface Options {
  readonly signal?: AbortSignal;
}

type Begin = (fire: () => void) => () => void;

export function promisedTimers(run: RunNow) {
  const real = { ...timerPromises };
  const wait =
    (timers: TimersOfRun, ms: unknown): Begin =>
    (fire) =>
      timers.after(delayOf(ms), fire);
  const soon =
    (timers: TimersOfRun): Begin =>
    (fire) =>
      timers.soon(fire);
  return {
    setTimeout<T>(ms: number | undefined, value: T, options?: Options): Promise<T> {
      const timers = run()?.timers;
      return timers === undefined ? real.setTimeout(ms, value, options) : fired(wait(timers, ms), value, options);
    },
    setImmediate<T>(value: T, options?: Options): Promise<T> {
      const timers = run()?.timers;
      return timers === undefined ? real.setImmediate(value, options) : fired(soon(timers), value, options);
    },
    setInterval<T>(ms: number | undefined, value: T, options?: Options): AsyncIterable<T> {
      const timers = run()?.timers;
      return timers === undefined ? real.setInterval(ms, value, options) : ticks(wait(timers, ms), value, options);
    },
    scheduler: {
      wait(ms: number, options?: Options): Promise<void> {
        const timers = run()?.timers;
        return timers === undefined ? real.scheduler.wait(ms, options) : fired(wait(timers, ms), undefined, options);
      },
      yield(): Promise<void> {
        const timers = run()?.timers;
        return timers === undefined ? real.scheduler.yield() : fired(soon(timers), undefined);
      },
    },
  };
}

/** Resolves when it fires, unless the signal aborts before. */
function fired<T>(begin: Begin, value: T, { signal }: Options = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(abortError(signal));
    const onAbort = (): void => {
      cancel();
      reject(abortError(signal as AbortSignal));
    };
    const cancel = begin(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve(value);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

async function* ticks<T>(begin: Begin, value: T, options?: Options): AsyncGenerator<T, void, undefined> {
  for (;;) yield await fired(begin, value, options);
}

/** The same error as the timers of Node.js reject with. */
function abortError({ reason }: AbortSignal): Error {
  return Object.assign(new Error("The operation was aborted", { cause: reason }), {
    name: "AbortError",
    code: "ABORT_ERR",
  });
}
