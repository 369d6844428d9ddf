/** Worlds with a time and a chance of their own, in which a function is called to see whether it depends on them. */

import { seededRandom } from "../simulator/schedules/seeded-random.ts";

interface Replaced {
  readonly of: object;
  readonly name: string;
  readonly by: unknown;
}

/** Calls a synchronous function; while it runs, the clocks and the chance of this thread are those of the world. */
export function inWorld<T>(world: 1 | 2, work: () => T): T {
  const undo = replaced(world).map(({ of, name, by }) => {
    const before = Object.getOwnPropertyDescriptor(of, name);
    Object.defineProperty(of, name, {
      value: by,
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? false,
    });
    return (): void => {
      if (before === undefined) Reflect.deleteProperty(of, name);
      else Object.defineProperty(of, name, before);
    };
  });
  try {
    return work();
  } finally {
    for (const back of undo) back();
  }
}

function replaced(world: 1 | 2): readonly Replaced[] {
  const random = seededRandom(world);
  const now = Date.UTC(2026, world, world, world, world, world, world);
  const chance = (): number => random.next();
  const uuid = (): string => `00000000-0000-4000-8000-${String(Math.floor(chance() * 1e12)).padStart(12, "0")}`;
  return [
    { of: globalThis, name: "Date", by: dateAt(now) },
    { of: Math, name: "random", by: chance },
    { of: Reflect.get(globalThis, "performance"), name: "now", by: () => now },
    { of: Reflect.get(globalThis, "crypto"), name: "randomUUID", by: uuid },
  ];
}

/** `Date`, but that the present is the given time. */
function dateAt(now: number): DateConstructor {
  return new Proxy(Date, {
    construct: (of, given: [], as) => Reflect.construct(of, given.length === 0 ? [now] : given, as) as Date,
    apply: () => new Date(now).toString(),
    get: (of, name): unknown => (name === "now" ? () => now : Reflect.get(of, name)),
  });
}
