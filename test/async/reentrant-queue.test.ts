import { describe, expect, it } from "vitest";
import { ReentrantQueue } from "../../src/async/reentrant-queue.ts";

describe("a reentrant queue", () => {
  it("runs a task before the call returns", () => {
    const queue = new ReentrantQueue();
    const ran: string[] = [];
    queue.run(() => ran.push("a"));
    queue.run(() => ran.push("b"));
    expect(ran).toEqual(["a", "b"]);
  });

  it("begins what a task brings up when the task has ended, in the order in which it came up", () => {
    const queue = new ReentrantQueue();
    const ran: string[] = [];
    queue.run(() => {
      queue.run(() => {
        queue.run(() => ran.push("innermost"));
        ran.push("first inner");
      });
      queue.run(() => ran.push("second inner"));
      ran.push(`outer, busy: ${queue.busy}`);
    });
    expect(ran).toEqual(["outer, busy: true", "first inner", "second inner", "innermost"]);
    expect(queue.busy).toBe(false);
  });

  it("goes on after a task that throws, with what was added before it", () => {
    const queue = new ReentrantQueue();
    const ran: string[] = [];
    expect(() =>
      queue.run(() => {
        queue.run(() => ran.push("left"));
        throw new Error("no");
      }),
    ).toThrow("no");
    expect([queue.busy, ran]).toEqual([false, []]);
    queue.run(() => ran.push("next"));
    expect(ran).toEqual(["left", "next"]);
  });
});
