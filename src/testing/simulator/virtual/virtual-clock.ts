/** `Date`, `performance.now` and `process.hrtime`, by virtual time. */

import type { RunNow, StandIn } from "./sources-of-run.ts";

export function clockStandIns(run: RunNow): StandIn[] {
  const now = performance.now.bind(performance);
  return [
    { holder: globalThis, key: "Date", value: virtualDate(run, Date) },
    { holder: performance, key: "now", value: () => run()?.elapsed() ?? now() },
    { holder: process, key: "hrtime", value: virtualHighResolution(run) },
  ];
}

/** Its instances are those of the real one: only where the time is asked for, another one is told. */
function virtualDate(run: RunNow, real: DateConstructor): DateConstructor {
  const now = (): number => run()?.now() ?? real.now();
  const virtual: DateConstructor = new Proxy(real, {
    get: (target, key) => (key === "now" ? now : (Reflect.get(target, key) as unknown)),
    construct: (target, given: unknown[], by) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, by === virtual ? target : by) as object,
    apply: (target) => new target(now()).toString(),
  });
  return virtual;
}

function virtualHighResolution(run: RunNow): NodeJS.HRTime {
  const real = process.hrtime;
  const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms * 1e6));
  const time = (since?: [number, number]): [number, number] => {
    const elapsed = run()?.elapsed();
    if (elapsed === undefined) return real(since);
    const [seconds, rest] = since ?? [0, 0];
    const passed = nanoseconds(elapsed) - BigInt(seconds) * 1_000_000_000n - BigInt(rest);
    return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)];
  };
  return Object.assign(time, {
    bigint: () => {
      const elapsed = run()?.elapsed();
      return elapsed === undefined ? real.bigint() : nanoseconds(elapsed);
    },
  });
}
