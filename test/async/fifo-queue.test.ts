import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FifoQueue } from "../../src/async/fifo-queue.ts";
import { quickExpect } from "../quick-expect.ts";

function drain<T>(queue: FifoQueue<T>): T[] {
  const items: T[] = [];
  while (queue.length > 0) items.push(queue.shift() as T);
  return items;
}

describe("FifoQueue", () => {
  it("does what an array does, whatever comes in and out", () => {
    const step = fc.oneof(
      fc.record({ push: fc.oneof(fc.integer(), fc.constant(undefined), fc.constant(null)) }),
      fc.record({ shifts: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ take: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
        const queue = new FifoQueue<unknown>();
        const model: unknown[] = [];
        for (const each of steps) {
          if ("push" in each) {
            queue.push(each.push);
            model.push(each.push);
          } else if ("take" in each) {
            const at = model.findIndex((item) => typeof item === "number" && item % 4 === each.take);
            const taken = queue.take((item) => typeof item === "number" && item % 4 === each.take);
            quickExpect(taken).toBe(at < 0 ? undefined : model.splice(at, 1)[0]);
          } else {
            for (let i = 0; i < each.shifts; i++) quickExpect(queue.shift()).toBe(model.shift());
          }
          quickExpect(queue.length).toBe(model.length);
          quickExpect([...queue]).toEqual(model);
        }
        quickExpect(drain(queue)).toEqual(model);
      }),
    );
  });

  it("grows at each size in the middle of the ring", () => {
    for (const size of [1, 15, 16, 17, 31, 32, 33, 1000]) {
      for (const offset of [0, 1, 7, 15]) {
        const queue = new FifoQueue<number>();
        for (let i = 0; i < offset; i++) queue.push(-1);
        for (let i = 0; i < offset; i++) queue.shift();
        const items = Array.from({ length: size }, (_, i) => i);
        for (const item of items) queue.push(item);
        expect(queue.length).toBe(size);
        expect(drain(queue)).toEqual(items);
      }
    }
  });

  it("gives undefined when it is empty, and goes on", () => {
    const queue = new FifoQueue<string>();
    expect([queue.shift(), queue.shift(), queue.length]).toEqual([undefined, undefined, 0]);
    queue.push("a");
    expect([queue.shift(), queue.shift(), queue.length]).toEqual(["a", undefined, 0]);
  });
});
