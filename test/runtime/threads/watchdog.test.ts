/** Invariant 9: the watchdog over hearts and a clock. */

import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import { beatInterval, beatOf, beatsOf, keepBeating, newHeartbeat } from "../../../src/runtime/threads/heartbeat.ts";
import { Watchdog } from "../../../src/runtime/threads/watchdog.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";

const stallTimeout = 5_000;
const interval = beatInterval(stallTimeout);

/** A watchdog with a clock, and hosts that it looks after. */
class Kennel {
  /** The time that the watchdog's thread sees. */
  readonly clock = new FakeClock();
  /** The time that the hosts' threads see: a host that stalls has no time. */
  readonly hosts = new FakeClock();
  readonly stalled: { readonly host: number; readonly stillFor: number }[] = [];
  isDebugged = false;
  readonly dog: Watchdog;

  constructor(timeout = stallTimeout) {
    this.dog = new Watchdog({ clock: this.clock, stallTimeout: timeout, isExcused: () => this.isDebugged });
  }

  /** Looks after one more host; returns its beat. */
  add(host: number): () => void {
    const heart = newHeartbeat();
    this.dog.watch(hostId(host), heart, (stillFor) => this.stalled.push({ host, stillFor }));
    return beatOf(heart);
  }

  addBeating(host: number): void {
    keepBeating(this.hosts, interval, this.add(host));
  }

  /** All threads go on. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.hosts.pass(100);
      this.clock.pass(100);
    }
  }
}

describe("a heart", () => {
  it("beats at once, then at each interval, and may be beaten in between", () => {
    const clock = new FakeClock();
    const heart = newHeartbeat();
    const beat = beatOf(heart);
    expect(beatsOf(heart)).toBe(0);
    keepBeating(clock, 500, beat);
    expect(beatsOf(heart)).toBe(1);
    clock.pass(499);
    expect(beatsOf(heart)).toBe(1);
    clock.pass(1_001);
    expect(beatsOf(heart)).toBe(4);
    beat();
    expect(beatsOf(heart)).toBe(5);
  });

  it("beats ten times within the limit, and twice a second at least", () => {
    expect([100, 1_000, 5_000, 60_000].map(beatInterval)).toEqual([10, 100, 500, 500]);
  });
});

describe("a watchdog", () => {
  it("finds the host that stands still, tells so once, and leaves the others alone", () => {
    const kennel = new Kennel();
    kennel.addBeating(1);
    const beat = kennel.add(2);
    beat();
    kennel.pass(4_900);
    expect(kennel.stalled).toEqual([]);
    kennel.pass(2_000);
    expect(kennel.stalled).toEqual([{ host: 2, stillFor: 5_500 }]);
    kennel.pass(60_000);
    expect(kennel.stalled).toHaveLength(1);
  });

  it("looks after a host that only now and then finishes something", () => {
    const kennel = new Kennel();
    const beat = kennel.add(1);
    for (let n = 0; n < 20; n++) {
      beat();
      kennel.pass(stallTimeout);
    }
    expect(kennel.stalled).toEqual([]);
  });

  it("waits for a host that is not up yet", () => {
    const kennel = new Kennel();
    const beat = kennel.add(1);
    kennel.pass(60_000);
    expect(kennel.stalled).toEqual([]);
    beat();
    kennel.pass(7_000);
    expect(kennel.stalled).toHaveLength(1);
  });

  it("takes no thread for stalled because it was blocked itself", () => {
    const kennel = new Kennel();
    kennel.addBeating(1);
    kennel.pass(1_000);
    for (let n = 0; n < 10; n++) {
      kennel.clock.block(60_000); // this thread alone: the host goes on, and its beat is seen late
      kennel.hosts.pass(60_000);
      kennel.clock.pass(0);
      kennel.clock.block(60_000); // the whole process: no heart has beaten when the first look comes
      kennel.clock.pass(0);
      kennel.pass(500);
    }
    expect(kennel.stalled).toEqual([]);
  });

  it("finds a host that stood still while it was blocked itself, a little later", () => {
    const kennel = new Kennel();
    kennel.add(1)();
    kennel.pass(1_000);
    kennel.clock.block(60_000);
    kennel.pass(3_000);
    expect(kennel.stalled).toEqual([]);
    kennel.pass(3_000);
    expect(kennel.stalled).toHaveLength(1);
  });

  it("leaves all threads alone while a debugger may hold them, and counts anew after that", () => {
    const kennel = new Kennel();
    kennel.add(1)();
    kennel.pass(4_000);
    kennel.isDebugged = true;
    kennel.pass(60_000);
    kennel.isDebugged = false;
    kennel.pass(4_900);
    expect(kennel.stalled).toEqual([]);
    kennel.pass(2_000);
    expect(kennel.stalled).toHaveLength(1);
  });

  it("has no timer with no heart to watch, or with no limit", () => {
    const kennel = new Kennel();
    kennel.add(1);
    kennel.add(2);
    expect(kennel.clock.timers.size).toBe(1);
    kennel.dog.forget(hostId(1));
    expect(kennel.clock.timers.size).toBe(1);
    kennel.dog.forget(hostId(2));
    expect(kennel.clock.timers.size).toBe(0);
    kennel.add(3)();
    expect(kennel.clock.timers.size).toBe(1);
    kennel.pass(7_000);
    expect([kennel.stalled.length, kennel.clock.timers.size]).toEqual([1, 0]);

    const unlimited = new Kennel(Number.POSITIVE_INFINITY);
    unlimited.add(1)();
    expect(unlimited.clock.timers.size).toBe(0);
  });
});
