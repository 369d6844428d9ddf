/** `setTimeout` and its like, of the globals and of `node:timers`, and `AbortSignal.timeout`, by virtual time. */

import timers from "node:timers";
import timerPromises from "node:timers/promises";
import { promisify } from "node:util";
import type { RunNow, StandIn, TimersOfRun } from "./sources-of-run.ts";
import { promisedTimers } from "./promised-timers.ts";
import { delayOf, VirtualTimer, virtualTimer } from "./virtual-timer.ts";

type Callback = (...given: unknown[]) => void;

export function timerStandIns(run: RunNow): StandIn[] {
  const real = { ...timers };
  const promised = promisedTimers(run);
  const set =
    (name: "setTimeout" | "setInterval", isRepeated: boolean) =>
    (callback: Callback, ms?: number, ...given: unknown[]): unknown => {
      const now = timersFor(run, callback);
      if (now === undefined) return real[name](callback, ms, ...given);
      return new VirtualTimer(now, () => callback(...given), delayOf(ms), isRepeated);
    };
  const setImmediate = (callback: Callback, ...given: unknown[]): unknown => {
    const now = timersFor(run, callback);
    if (now === undefined) return real.setImmediate(callback, ...given);
    return new VirtualTimer(now, () => callback(...given));
  };
  const clear = (name: "clearTimeout" | "clearInterval" | "clearImmediate") => (timer?: unknown) => {
    const virtual = virtualTimer(timer);
    if (virtual === undefined) real[name](timer as never);
    else virtual.cancel();
  };
  const functions = {
    setTimeout: Object.assign(set("setTimeout", false), { [promisify.custom]: promised.setTimeout }),
    setInterval: set("setInterval", true),
    setImmediate: Object.assign(setImmediate, { [promisify.custom]: promised.setImmediate }),
    clearTimeout: clear("clearTimeout"),
    clearInterval: clear("clearInterval"),
    clearImmediate: clear("clearImmediate"),
  };
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const virtualTimeout = (ms: number): AbortSignal => {
    const now = run()?.timers;
    if (now === undefined) return timeout(ms);
    const controller = new AbortController();
    const reason = (): DOMException => new DOMException("The operation was aborted due to timeout", "TimeoutError");
    now.after(ms, () => controller.abort(reason()));
    return controller.signal;
  };
  return [
    ...[globalThis, timers].flatMap((holder) =>
      Object.entries(functions).map(([key, value]) => ({ holder, key, value })),
    ),
    ...Object.entries(promised).map(([key, value]) => ({ holder: timerPromises, key, value })),
    { holder: AbortSignal, key: "timeout", value: virtualTimeout },
  ];
}

/** Those of the run; none for a callback that Node.js refuses. */
function timersFor(run: RunNow, callback: unknown): TimersOfRun | undefined {
  return typeof callback === "function" ? run()?.timers : undefined;
}
