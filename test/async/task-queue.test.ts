import { describe, expect, it } from "vitest";
import { TaskQueue } from "../../src/async/task-queue.ts";

describe("a sequence", () => {
  it("runs synchronous tasks at once", () => {
    const sequence = new TaskQueue();
    expect(sequence.run(() => 1)).toBe(1);
    expect(() =>
      sequence.run(() => {
        throw new Error("thrown");
      }),
    ).toThrow("thrown");
    expect(sequence.run(() => 2)).toBe(2);
  });

  it("runs what a task brings up after it", async () => {
    const sequence = new TaskQueue();
    const order: string[] = [];
    let inner: unknown;
    void sequence.run(() => {
      inner = sequence.run(() => order.push("inner"));
      order.push("outer");
    });
    expect(order).toEqual(["outer", "inner"]);
    expect(await inner).toBe(2);
  });

  it("makes later tasks wait for a promise, also one that rejects", async () => {
    const sequence = new TaskQueue();
    const order: string[] = [];
    let fail = (_: Error): void => undefined;
    const slow = sequence.run(() => new Promise<never>((_, reject) => (fail = reject)));
    const quick = sequence.run(() => order.push("quick"));
    const broken = sequence.run((): number => {
      throw new Error("broken");
    });
    const last = sequence.run(async () => order.push("last"));
    expect(order).toEqual([]);
    fail(new Error("slow"));
    await expect(slow).rejects.toThrow("slow");
    await quick;
    await expect(broken).rejects.toThrow("broken");
    await last;
    expect(order).toEqual(["quick", "last"]);
    expect(sequence.run(() => "idle")).toBe("idle");
  });

  it("answers in the order of the tasks, to the microtask", async () => {
    // found by the property of duplicated claims: the refusal of the second overtook the acceptance of the first
    const sequence = new TaskQueue();
    const answers: string[] = [];
    const note = async (name: string, task: () => string | Promise<string>): Promise<void> => {
      await sequence.run(task);
      answers.push(name);
    };
    await Promise.all([
      note("1, slow", async () => "ready"),
      note("2, slow", async () => "ready"),
      note("3, quick", () => "ready"),
      note("4, slow", async () => "ready"),
      note("5, quick", () => "ready"),
    ]);
    expect(answers).toEqual(["1, slow", "2, slow", "3, quick", "4, slow", "5, quick"]);
  });
});
