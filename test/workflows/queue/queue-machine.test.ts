/** The machine of a queue against a plain list: whatever joins, waits, ends and changes, it gives what the limits let it give, and in order. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { QueueMachine } from "../../../src/workflows/queue/queue-machine.ts";
import type { QueueOptions, RunLimits } from "../../../src/workflows/queue/queue-options.ts";

const limits: fc.Arbitrary<RunLimits> = fc.record(
  {
    concurrency: fc.integer({ min: 1, max: 3 }),
    rate: fc.record({ runs: fc.integer({ min: 1, max: 3 }), period: fc.constant(10) }),
    waiting: fc.integer({ min: 1, max: 6 }),
  },
  { requiredKeys: [] },
);
const options: fc.Arbitrary<QueueOptions> = fc.record({ all: limits, perKey: limits }, { requiredKeys: [] });

type Step =
  | { readonly do: "wait" | "join"; readonly key: string; readonly rank: number }
  | { readonly do: "leave"; readonly nth: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "next" }
  | { readonly do: "limit"; readonly options: QueueOptions };

const key = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("wait" as const, "join" as const), key, rank: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("leave" as const), nth: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(7) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("next" as const) }) },
  fc.record({ do: fc.constant("limit" as const), options }),
);

interface Modelled {
  readonly run: string;
  readonly key: string;
  readonly rank: number;
  is: "joining" | "waiting" | "released";
}

/** Whether one more may be released, by all the times at which runs were. */
function mayRelease(
  { concurrency = Infinity, rate }: RunLimits,
  released: number,
  times: readonly number[],
  now: number,
) {
  const recent = rate === undefined ? [] : times.slice(-rate.runs).filter((at) => at + rate.period > now);
  return released < concurrency && recent.length < (rate?.runs ?? Infinity);
}

it("gives the run of the lowest rank among the keys that have a place, and none else", () => {
  fc.assert(
    fc.property(options, fc.array(step, { maxLength: 80 }), (given, steps) => {
      let allowed = given;
      let now = 0;
      let runs: Modelled[] = [];
      let times: { readonly key: string; readonly at: number }[] = [];
      const machine = new QueueMachine(given);
      const count = (is: Modelled["is"], of?: string): number =>
        runs.filter((one) => one.is === is && (of === undefined || one.key === of)).length;
      const mayGive = ({ key: of }: Modelled): boolean =>
        mayRelease(
          allowed.perKey ?? {},
          count("released", of),
          times.flatMap((one) => (one.key === of ? [one.at] : [])),
          now,
        );
      const expected = (): Modelled | undefined => {
        if (
          !mayRelease(
            allowed.all ?? {},
            count("released"),
            times.map(({ at }) => at),
            now,
          )
        )
          return undefined;
        const waiting = runs.filter((one) => one.is === "waiting" && mayGive(one));
        return waiting.toSorted((one, other) => one.rank - other.rank)[0];
      };
      for (const [n, next] of steps.entries()) {
        if (next.do === "wait" || next.do === "join") {
          const run = `run-${n}`;
          const { waiting: most = 10_000 } = allowed.all ?? {};
          const { waiting: mostOfKey = Infinity } = allowed.perKey ?? {};
          const isFull =
            count("waiting") + count("joining") >= most ||
            count("waiting", next.key) + count("joining", next.key) >= mostOfKey;
          expect(machine.fullFor(next.key) !== undefined).toBe(isFull);
          // no two runs have the same rank
          const one: Modelled = {
            run,
            key: next.key,
            rank: next.rank * 1_000 + n,
            is: next.do === "wait" ? "waiting" : "joining",
          };
          runs.push(one);
          machine.join(run, next.key);
          if (next.do === "wait") machine.wait(run, next.key, one.rank, now);
        } else if (next.do === "leave") {
          const one = runs[next.nth];
          if (one === undefined) continue;
          runs = runs.filter((other) => other !== one);
          machine.leave(one.run, now);
        } else if (next.do === "pass") now += next.ms;
        else if (next.do === "limit") {
          // what it remembers of the past depends on the rates that there were: rates stay as they are
          const keep = (old: RunLimits = {}, { rate: _, ...other }: RunLimits = {}): RunLimits =>
            old.rate === undefined ? other : { ...other, rate: old.rate };
          allowed = { all: keep(allowed.all, next.options.all), perKey: keep(allowed.perKey, next.options.perKey) };
          machine.setLimits(allowed, now);
        } else {
          const one = expected();
          const at = machine.nextAt(now);
          if (one !== undefined) expect(at).toBeLessThanOrEqual(now);
          expect(machine.next(now)).toBe(one?.run);
          if (one === undefined) {
            // nothing but time passes: it says when it will give one
            const later = [...Array.from({ length: 30 }, (_, ms) => now + ms + 1)].find((then) => {
              const before = now;
              now = then;
              const found = expected() !== undefined;
              now = before;
              return found;
            });
            if (later !== undefined) expect(machine.nextAt(now)).toBeLessThanOrEqual(later);
            continue;
          }
          one.is = "released";
          times = [...times, { key: one.key, at: now }];
        }
        expect(machine.counts).toEqual({ waiting: count("waiting") + count("joining"), released: count("released") });
      }
    }),
    { numRuns: 500 },
  );
});

it("knows nothing of a key once its runs have ended and no rate counts them", () => {
  const machine = new QueueMachine({ perKey: { rate: { runs: 1, period: 10 } } });
  machine.wait("r", "a", 1, 0);
  expect(machine.next(0)).toBe("r");
  machine.leave("r", 1);
  machine.wait("s", "a", 2, 1);
  expect([machine.next(9), machine.nextAt(9), machine.next(10)]).toEqual([undefined, 10, "s"]);
  machine.leave("s", 11);
  expect(machine.next(20)).toBeUndefined();
  expect(machine.keys).toEqual([]);
});
