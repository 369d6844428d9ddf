import { expect, it } from "vitest";
import { within } from "../../src/async/within.ts";
import { FakeClock } from "../fixtures/fake-clock.ts";

const late = (): Error => new Error("late");

it("gives what a promise settles to in time, and leaves no timer", async () => {
  const clock = new FakeClock();
  expect(await within(clock, 100, Promise.resolve(1), late)).toBe(1);
  await expect(within(clock, 100, Promise.reject(new Error("no")), late)).rejects.toThrow("no");
  expect(await within(clock, Number.POSITIVE_INFINITY, Promise.resolve(2), late)).toBe(2);
  expect(clock.timers.size).toBe(0);
});

it("ends the wait after its time, and takes no harm from what the promise comes to after all", async () => {
  const clock = new FakeClock();
  let fail: (error: Error) => void = () => undefined;
  const waiting = within(clock, 100, new Promise((_, reject) => (fail = reject)), late);
  clock.pass(100);
  await expect(waiting).rejects.toThrow("late");
  fail(new Error("after all"));
});
