import { expect, test } from "vitest";
import { ThreadWatch } from "../../src/inspector/source/thread-watch.ts";
import type { Vitals } from "../../src/ports/vitals.ts";

const vitals = (active: number, idle: number): Vitals => ({
  active,
  idle,
  delay: { p50: 1, p99: 2, max: 3 },
  heapUsed: 10,
  heapLimit: 100,
});

class Threads {
  now = 0;
  asked = 0;
  found: { thread: number; vitals: Vitals | undefined }[] = [];
  readonly watch = new ThreadWatch({ vitals: async () => (this.asked++, this.found) }, () => this.now);

  async utilization(): Promise<unknown[]> {
    return (await this.watch.look()).map(({ thread, signs }) => [thread, signs?.utilization, signs?.past]);
  }
}

test("utilization is that since the look before, and the looks of a minute are kept", async () => {
  const threads = new Threads();
  threads.found = [{ thread: 1, vitals: vitals(100, 100) }];
  expect(await threads.utilization()).toEqual([[1, 0.5, [0.5]]]);
  threads.found = [{ thread: 1, vitals: vitals(190, 110) }];
  threads.now = 500;
  expect(await threads.utilization()).toEqual([[1, 0.5, [0.5]]]); // a second reader learns what the first did
  expect(threads.asked).toBe(1);
  threads.now = 1_000;
  expect(await threads.utilization()).toEqual([[1, 0.9, [0.5, 0.9]]]);
  for (let i = 2; i < 100; i++) {
    threads.now = i * 1_000;
    await threads.watch.look();
  }
  expect((await threads.watch.look())[0]?.signs?.past).toHaveLength(60);
});

test("one that does not answer has no signs, and goes on from where it was; one that is gone is forgotten", async () => {
  const threads = new Threads();
  threads.found = [
    { thread: 1, vitals: vitals(10, 10) },
    { thread: 2, vitals: vitals(0, 0) },
  ];
  expect(await threads.utilization()).toEqual([
    [1, 0.5, [0.5]],
    [2, 0, [0]],
  ]);
  threads.now = 1_000;
  threads.found = [{ thread: 1, vitals: undefined }];
  expect(await threads.utilization()).toEqual([[1, undefined, undefined]]);
  threads.now = 2_000;
  threads.found = [{ thread: 1, vitals: vitals(1_010, 10) }];
  expect(await threads.utilization()).toEqual([[1, 1, [0.5, 1]]]);
});
