import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Alarm } from "../../src/async/alarm.ts";
import { FakeClock } from "../fixtures/fake-clock.ts";

const never = Number.POSITIVE_INFINITY;

function bench(): { readonly clock: FakeClock; readonly alarm: Alarm; readonly rang: number[]; readonly from: number } {
  const clock = new FakeClock();
  const rang: number[] = [];
  return { clock, alarm: new Alarm(clock, () => rang.push(clock.now())), rang, from: clock.now() };
}

describe("an alarm", () => {
  it("rings once at the time it was set to last", () => {
    const { clock, alarm, rang, from } = bench();
    alarm.set(from + 10);
    alarm.set(from + 30);
    expect(clock.timers.size).toBe(1);
    clock.pass(100);
    expect(rang).toEqual([from + 30]);
  });

  it("rings at once, but not before it was set, for a time that has passed", () => {
    const { clock, alarm, rang, from } = bench();
    alarm.set(from - 5);
    expect(rang).toEqual([]);
    clock.pass(0);
    expect(rang).toEqual([from]);
  });

  it("has no timer when it is set to never", () => {
    const { clock, alarm, rang, from } = bench();
    alarm.set(from + 10);
    alarm.set(never);
    expect(clock.timers.size).toBe(0);
    clock.pass(100);
    expect(rang).toEqual([]);
  });

  it("is brought forward by earlier times only, and by any once it has rung", () => {
    const { clock, alarm, rang, from } = bench();
    for (const at of [20, never, 30, 10, 15]) alarm.bringForward(from + at);
    clock.pass(50);
    expect(rang).toEqual([from + 10]);
    alarm.bringForward(from + 70);
    clock.pass(50);
    expect(rang).toEqual([from + 10, from + 70]);
  });

  it("can be set while it rings", () => {
    const clock = new FakeClock();
    const from = clock.now();
    const rang: number[] = [];
    const alarm: Alarm = new Alarm(clock, () => {
      rang.push(clock.now() - from);
      if (rang.length < 3) alarm.bringForward(clock.now() + 10);
    });
    alarm.set(from + 10);
    clock.pass(100);
    expect(rang).toEqual([10, 20, 30]);
  });

  it("tells its owner of every time when it is brought forward to each, with one timer at most", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1 }), (times) => {
        const clock = new FakeClock();
        const from = clock.now();
        const open = new Set(times.map((time) => from + time));
        const told: number[] = [];
        const alarm: Alarm = new Alarm(clock, () => {
          for (const at of open) if (at <= clock.now() && open.delete(at)) told.push(clock.now() - at);
          alarm.bringForward(Math.min(...open));
        });
        for (const at of open) alarm.bringForward(at);
        expect(clock.timers.size).toBe(1);
        clock.pass(100);
        expect([open.size, clock.timers.size, Math.max(...told)]).toEqual([0, 0, 0]);
      }),
    );
  });
});
