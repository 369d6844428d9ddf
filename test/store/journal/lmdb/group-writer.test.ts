import { describe, expect, it } from "vitest";
import { GroupWriter } from "../../../../src/store/journal/lmdb/group-writer.ts";
import { failure } from "../../support/failure.ts";
import { settleAll } from "../../support/turns.ts";

/** A writer whose disk answers when the test says so. */
function slowWriter() {
  const groups: string[][] = [];
  const answers: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  let current: string[] = [];
  let failures = 0;
  const writer = new GroupWriter(
    (fill) => {
      current = [];
      fill();
      groups.push(current);
      return new Promise<void>((resolve, reject) => {
        answers.push({ resolve, reject });
      });
    },
    () => failures++,
  );
  const add = (name: string): Promise<void> => writer.add({ fill: () => void current.push(name) });
  return { writer, add, groups, answers, failures: () => failures };
}

describe("a group writer", () => {
  it("writes together what comes in one turn, and next what came meanwhile", async () => {
    const { add, groups, answers } = slowWriter();
    const first = [add("a"), add("b")];
    await settleAll();
    const next = [add("c"), add("d")];
    await settleAll();
    expect(groups).toEqual([["a", "b"]]);
    answers[0]?.resolve();
    await Promise.all(first);
    await settleAll();
    expect(groups).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    answers[1]?.resolve();
    await Promise.all(next);
  });

  it("acknowledges nothing before it is written", async () => {
    const { add, answers } = slowWriter();
    let isAcknowledged = false;
    const written = add("a").then(() => (isAcknowledged = true));
    await settleAll();
    expect(isAcknowledged).toBe(false);
    answers[0]?.resolve();
    await written;
  });

  it("fails what was added since along with what failed, and goes on with what comes then (invariant 3)", async () => {
    const { add, groups, answers, failures } = slowWriter();
    const reason = new Error("disk full");
    const lost = [failure(add("a"))];
    await settleAll();
    lost.push(failure(add("built on a")));
    answers[0]?.reject(reason);
    expect(await Promise.all(lost)).toEqual([reason, reason]);
    expect(failures()).toBe(1);
    const later = add("b");
    await settleAll();
    answers[1]?.resolve();
    await later;
    expect(groups).toEqual([["a"], ["b"]]);
  });

  it("works exclusively between writes", async () => {
    const { writer, add, groups, answers } = slowWriter();
    const first = add("a");
    let finish = (): void => undefined;
    const order: string[] = [];
    const alone = writer.exclusively(
      () =>
        new Promise<void>((resolve) => {
          order.push("alone");
          finish = resolve;
        }),
    );
    await settleAll();
    expect(order).toEqual([]);
    answers[0]?.resolve();
    await first;
    await settleAll();
    expect(order).toEqual(["alone"]);
    const second = add("b");
    await settleAll();
    expect(groups).toEqual([["a"]]);
    finish();
    await alone;
    await settleAll();
    answers[1]?.resolve();
    await second;
    await writer.idle();
    expect(groups).toEqual([["a"], ["b"]]);
  });

  it("comes to exclusive work however much more keeps coming, one piece at a time and no write beside it", async () => {
    let busy = 0;
    const order: string[] = [];
    const alone = async (name: string): Promise<void> => {
      expect(busy++).toBe(0);
      order.push(name);
      await settleAll();
      busy--;
    };
    const writer = new GroupWriter(
      (fill) => {
        fill();
        return alone("write");
      },
      () => undefined,
    );
    const done = new AbortController();
    const writing = Array.from({ length: 5 }, async (_, hops) => {
      while (!done.signal.aborted) {
        await writer.add({ fill: () => undefined });
        for (let i = 0; i < hops; i++) await Promise.resolve();
      }
    });
    for (let i = 0; i < 20; i++) {
      await Promise.all([writer.exclusively(() => alone("a")), writer.exclusively(() => alone("b"))]);
    }
    done.abort();
    await Promise.all(writing);
    expect(order.filter((name) => name !== "write").join("")).toBe("ab".repeat(20));
    expect(order.filter((name) => name === "write").length).toBeGreaterThan(20);
  });

  it("writes what was added before exclusive work before it, and what came later after it", async () => {
    const order: string[] = [];
    const writer = new GroupWriter(
      async (fill) => fill(),
      () => undefined,
    );
    const put = (name: string) => writer.add({ fill: () => void order.push(name) });
    const alone = (name: string) => writer.exclusively(async () => void order.push(name));
    await Promise.all([put("1"), alone("2"), put("3"), put("4"), alone("5"), alone("6"), put("7")]);
    expect(order.join("")).toBe("1234567");
  });

  it("does exclusive work also when what was added around it failed", async () => {
    const { writer, add, answers } = slowWriter();
    const reason = new Error("disk full");
    const lost = [failure(add("a"))];
    await settleAll();
    lost.push(failure(add("b")));
    const alone = writer.exclusively(async () => "done");
    lost.push(failure(add("c")));
    answers[0]?.reject(reason);
    expect(await Promise.all(lost)).toEqual([reason, reason, reason]);
    expect(await alone).toBe("done");
  });

  it("goes on after exclusive work that failed", async () => {
    const { writer, add, answers } = slowWriter();
    const reason = new Error("no room");
    expect(await failure(writer.exclusively(() => Promise.reject(reason)))).toBe(reason);
    const written = add("a");
    await settleAll();
    answers[0]?.resolve();
    await written;
  });
});
