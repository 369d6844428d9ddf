/** Invariant 9: a host that stands still is found, and no other. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HostId, hostId } from "../../../src/actors/address.ts";
import { lookAtHearts, type Stall, type StallWatch } from "../../../src/runtime/threads/stall-watch.ts";

const terms = { stallTimeout: 5_000, interval: 500 };

/** Looks at the times given, at hosts that have beaten at the times given. */
function looksAt(times: readonly number[], beats: ReadonlyMap<HostId, readonly number[]>): (readonly Stall[])[] {
  let watch: StallWatch | undefined;
  return times.map((now) => {
    const counters = new Map([...beats].map(([host, at]) => [host, at.filter((time) => time <= now).length]));
    const [next, stalls] = lookAtHearts(watch, counters, now, terms);
    watch = next;
    return stalls;
  });
}

/** Growing times, up to about 200 steps of `step` milliseconds. */
const growing = (step: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.array(step, { minLength: 1, maxLength: 200 }).map((steps) => {
    let now = 0;
    return steps.map((ms) => (now += ms));
  });

const anyTimes = growing(fc.oneof(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 0, max: 60_000 })));
const anyBeats = fc.uniqueArray(fc.integer({ min: 0, max: 60_000 }), { maxLength: 60 });

describe("whatever the looks and the beats", () => {
  it("no host is stalled that has beaten within the limit, and none is said to stand still for longer than it does", () => {
    fc.assert(
      fc.property(anyTimes, fc.array(anyBeats, { minLength: 1, maxLength: 3 }), (times, hosts) => {
        const stalls = looksAt(times, new Map(hosts.map((beats, thread) => [hostId(thread), beats])));
        for (const [n, found] of stalls.entries()) {
          for (const { host, stillFor } of found) {
            const now = times[n]!;
            const lastBeat = Math.max(...hosts[host]!.filter((at) => at <= now));
            expect(now - lastBeat).toBeGreaterThanOrEqual(terms.stallTimeout + terms.interval);
            expect(stillFor).toBeLessThanOrEqual(now - lastBeat);
            expect(stillFor).toBeGreaterThanOrEqual(terms.stallTimeout + terms.interval);
          }
        }
      }),
    );
  });

  it("a stall is found from five looks at least, however long the pauses between them", () => {
    fc.assert(
      fc.property(anyTimes, (times) => {
        const [first] = looksAt(times, new Map([[hostId(1), [0]]])).flatMap((found, n) =>
          found.length > 0 ? [n] : [],
        );
        if (first !== undefined) expect(first).toBeGreaterThan(terms.stallTimeout / (2 * terms.interval));
      }),
    );
  });
});

describe("with looks on time", () => {
  const jitter = fc.integer({ min: 450, max: 550 });

  it("who stands still for good is found within three intervals after the limit", () => {
    fc.assert(
      fc.property(growing(jitter), fc.array(fc.integer({ min: 0, max: 499 }), { maxLength: 20 }), (times, gaps) => {
        let now = 1;
        const beats = gaps.map((ms) => (now += ms));
        const lastBeat = Math.max(1, ...beats);
        const stalls = looksAt(times, new Map([[hostId(1), [1, ...beats]]]));
        const due = times.findIndex((at) => at >= lastBeat + terms.stallTimeout + 3.3 * terms.interval);
        if (due >= 0) expect(stalls.slice(0, due + 1).flat()).toContainEqual(expect.objectContaining({ host: 1 }));
      }),
    );
  });

  it("who works for as long as the limit, again and again, is never stalled", () => {
    fc.assert(
      fc.property(growing(jitter), growing(fc.integer({ min: 1, max: 5_500 })), (times, beats) => {
        const end = Math.max(...beats) + terms.stallTimeout;
        const stalls = looksAt(
          times.filter((at) => at <= end),
          new Map([[hostId(1), [0, ...beats]]]),
        );
        expect(stalls.flat()).toEqual([]);
      }),
    );
  });
});

describe("a look", () => {
  const stalled = { hearts: new Map([[hostId(1), { beats: 7, stillFor: 5_400 }]]), at: 10_000 };

  it("finds what has stood still long enough", () => {
    expect(lookAtHearts(stalled, new Map([[hostId(1), 7]]), 10_100, terms)[1]).toEqual([{ host: 1, stillFor: 5_500 }]);
    expect(lookAtHearts(stalled, new Map([[hostId(1), 7]]), 10_099, terms)[1]).toEqual([]);
  });

  it("forgives a host that beats, also when the counter wraps around", () => {
    const watch = { hearts: new Map([[hostId(1), { beats: 2 ** 31 - 1, stillFor: 5_400 }]]), at: 10_000 };
    const [next, stalls] = lookAtHearts(watch, new Map([[hostId(1), -(2 ** 31)]]), 10_500, terms);
    expect(stalls).toEqual([]);
    expect(next.hearts.get(hostId(1))).toEqual({ beats: -(2 ** 31), stillFor: 0 });
  });

  it("leaves alone who is not up yet, and forgets who is gone", () => {
    const watch = { hearts: new Map([[hostId(1), { beats: 0, stillFor: 0 }]]), at: 0 };
    const [next, stalls] = lookAtHearts(watch, new Map([[hostId(1), 0]]), 1_000, terms);
    expect([next.hearts.get(hostId(1)), stalls]).toEqual([{ beats: 0, stillFor: 0 }, []]);
    expect(lookAtHearts(stalled, new Map(), 10_500, terms)).toEqual([{ at: 10_500, hearts: new Map() }, []]);
  });

  it("takes a clock that went back for one that stood", () => {
    expect(lookAtHearts(stalled, new Map([[hostId(1), 7]]), 9_000, terms)[0].hearts.get(hostId(1))?.stillFor).toBe(
      5_400,
    );
  });
});
