/** Runs that wait in a queue: recorded, in order, by key, and with a place only when there is one. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineWorkflow } from "../../src/index.ts";
import { day, noted, second, underBoth, worker } from "./tasks.ts";

export const selling = defineWorkflow(import.meta.url, {
  name: "selling",
  version: "1.0.0",
  input: v.object({ ms: v.number(), asks: v.boolean() }),
})
  .waitFor("approval", { answer: v.boolean(), when: ({ input }) => input.asks }, () => "sold?")
  .step("sell", worker, { after: ["approval"] }, ({ input: { ms } }) => ({ ms }));

const one = { journal: "durable", runs: 3 } as const;
const quick = { ms: 0, asks: false };
const slow = { ms: 10 * second, asks: false };

describe("a run in a queue", () => {
  it("waits for its place by key, and shows where it is", () =>
    underBoth(async ({ system }) => {
      await system.queues.set("sales", { perKey: { concurrency: 1 }, all: { concurrency: 2 } });
      const start = (id: string, key: string, priority = 0) =>
        system.run(selling, slow, { id, queue: { name: "sales", key, priority } });
      const runs = [start("a1", "a"), start("a2", "a"), start("a3", "a"), start("b1", "b"), start("a4", "a", 1)];
      await Promise.all(runs.map(({ started }) => started));
      await system.stats();
      expect(await system.queues.find("sales")).toMatchObject({
        ...{ waiting: 3, released: 2 },
        keys: [
          { key: "a", waiting: 3, released: 1 },
          { key: "b", waiting: 0, released: 1 },
        ],
      });
      const waiting = [];
      for await (const { run, position, key } of system.queues.waiting("sales")) waiting.push([run, position, key]);
      expect(waiting).toEqual([
        ["a4", 1, "a"],
        ["a2", 2, "a"],
        ["a3", 3, "a"],
      ]);
      const [, second_] = runs;
      expect((await second_?.view())?.queue).toMatchObject({ name: "sales", key: "a", isWaiting: true });
      expect(await second_?.pending()).toMatchObject([{ step: "approval", for: "queue", queue: "sales", key: "a" }]);
      await Promise.all(runs.map(({ result }) => result));
      const released = [];
      for (const run of runs)
        for (const { event, time } of await run.history())
          if (event.type === "run-released") released.push([time, run.id]);
      expect(
        released
          .toSorted(([at = 0], [other = 0]) => Number(at) - Number(other))
          .map(([, id]) => id)
          .slice(2),
      ).toEqual(["a4", "a2", "a3"]);
    }, one));

  it("is found by the next process, in its place, with its key and its answer", () =>
    underBoth(async ({ system, crash }) => {
      await system.queues.set("sales", { all: { concurrency: 1 } });
      const holding = system.run(
        selling,
        { ms: 0, asks: true },
        { id: "holding", queue: { name: "sales" }, tenant: "acme" },
      );
      const next = system.run(selling, { ms: 0, asks: true }, { id: "next", queue: { name: "sales" } });
      await Promise.all([holding.started, next.started]);
      await next.tell("approval", true);
      const again = await crash({ downtime: day });
      expect(await again.queues.find("sales")).toMatchObject({ waiting: 1, released: 1 });
      expect((await (await again.findRun(selling, "holding")).view()).queue).toMatchObject({ key: "acme" });
      expect(noted.done).toEqual([]);
      await (await again.findRun(selling, "holding")).tell("approval", true);
      await (
        await again.findRun(selling, "next")
      ).result;
      expect(noted.done).toEqual(["sell", "sell"]);
    }, one));

  it("can be cancelled while it waits, and takes no place then", () =>
    underBoth(async ({ system }) => {
      await system.queues.set("sales", { all: { concurrency: 1 } });
      const [first, dropped, last] = ["first", "dropped", "last"].map((id) =>
        system.run(selling, slow, { id, queue: { name: "sales" } }),
      );
      await last?.started;
      await dropped?.cancel("not any more");
      await expect(dropped?.result).rejects.toMatchObject({ code: "run-cancelled" });
      await Promise.all([first?.result, last?.result]);
      expect(noted.done).toHaveLength(2);
      expect((await dropped?.history())?.map(({ event }) => event.type)).not.toContain("run-released");
    }, one));

  it("is refused when too many wait, of the queue or of its key, and in a queue that there is not", () =>
    underBoth(async ({ system }) => {
      await system.queues.set("sales", { all: { concurrency: 1, waiting: 3 }, perKey: { waiting: 1 } });
      const start = (key: string) => system.run(selling, slow, { queue: { name: "sales", key } });
      const runs = [start("a")];
      await runs[0]?.started;
      await system.stats();
      runs.push(start("a"), start("b"));
      expect(() => start("a")).toThrow("1 runs wait in the queue sales or for a, as many as may: the run");
      runs.push(start("c"));
      expect(() => start("d")).toThrow("3 runs wait in the queue sales or for d");
      expect(() => system.run(selling, slow, { queue: { name: "buys" } })).toThrow("there is no queue buys");
      expect(() => system.run(selling, slow, { queue: { name: "sales" }, startIn: 5 })).toThrow(
        "either waits in a queue",
      );
      await Promise.all(runs.map(({ result }) => result));
    }, one));

  it("counts its timeout from when it is released, and is released no faster than the rate, whatever the machine's clock does", () =>
    underBoth(async ({ system, sleep, jumpClock, now }) => {
      await system.queues.set("sales", { all: { rate: { runs: 2, period: 60 * second } } });
      const begun = now();
      const runs = [1, 2, 3, 4, 5].map((n) =>
        system.run(selling, quick, { id: `r${n}`, queue: { name: "sales" }, timeout: 10 * second }),
      );
      await runs[1]?.result;
      await sleep(30 * second);
      jumpClock(-day);
      await runs[3]?.result;
      expect(now() + day - begun).toBeGreaterThanOrEqual(60 * second);
      jumpClock(2 * day);
      await runs[4]?.result;
      expect(now() - day - begun).toBeGreaterThanOrEqual(120 * second);
      expect(now() - day - begun).toBeLessThan(121 * second);
    }, one));
});
