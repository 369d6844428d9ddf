/** The machine's clocks, on machines whose clock is set, and for longer than the platform's timers take. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { timeOfDay } from "../../../src/async/time-of-day.ts";
import { nodeClock } from "../../../src/runtime/platform/node-clock.ts";

const day = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: performance.timeOrigin + performance.now() }));
afterEach(() => void vi.useRealTimers());

/** Sets the machine's clock, and not the steady one. */
function jump(by: number): void {
  vi.setSystemTime(Date.now() + by);
}

describe("the time of day", () => {
  it("is that of the machine, forward and back, while the clock's milliseconds go on", () => {
    const clock = nodeClock();
    const began = clock.now();
    expect(clock.jumped()).toBe(0);
    for (const by of [3_600_000, -7_200_000, 100 * day]) {
      jump(by);
      expect(Math.abs(timeOfDay(clock) - Date.now())).toBeLessThan(100);
      expect(clock.now()).toBe(began);
    }
  });

  it("is not followed in steps of a few milliseconds, which are the readings'", () => {
    const clock = nodeClock();
    jump(50);
    expect(clock.jumped()).toBe(0);
    jump(60);
    expect(clock.jumped()).toBeCloseTo(110, -1);
  });

  it("tells of each jump once, also while it isn't read, until that is ended", () => {
    const clock = nodeClock();
    const told: number[] = [];
    const end = clock.watch((by) => told.push(Math.round(by / 1_000)));
    jump(3_600_000);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([3_600]);
    jump(-60_000);
    clock.jumped();
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([3_600, -60]);
    end();
    jump(60_000);
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([3_600, -60]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a timer", () => {
  it.each([1, 24 * day, 25 * day, 100 * day])("rings once, after %d ms and not before", (ms) => {
    const clock = nodeClock();
    let rang = 0;
    clock.setTimer(ms, () => rang++);
    vi.advanceTimersByTime(ms - 1);
    expect(rang).toBe(0);
    vi.advanceTimersByTime(1);
    expect(rang).toBe(1);
    vi.advanceTimersByTime(100 * day);
    expect(rang).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("never rings when it is for ever, or was cancelled, however late", () => {
    const clock = nodeClock();
    let rang = 0;
    const timers = [clock.setTimer(Number.POSITIVE_INFINITY, () => rang++), clock.setTimer(60 * day, () => rang++)];
    vi.advanceTimersByTime(50 * day);
    for (const timer of timers) timer.cancel();
    vi.advanceTimersByTime(50 * day);
    expect([rang, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
