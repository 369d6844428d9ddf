/** Crashes of the simulated process: what ends with it, what is there in the next, and how scenarios go on. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, isTroupeError, memoryJournal, type System } from "../../src/index.ts";
import { simulate, type SimulateOptions, type World } from "../../src/testing/index.ts";
import { simulateOnce } from "../../src/testing/simulator/simulate.ts";
import { counter, tally } from "../fixtures/actors.ts";

const durable = { journal: "durable" } as const;

function once(scenario: (world: World) => Promise<void>, options: SimulateOptions = durable): Promise<unknown> {
  return simulate(scenario, { seed: 1, runs: 20, ...options });
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Settles only if the promise does, which is to be seen later. */
function watched(promise: Promise<unknown>): { isSettled: boolean } {
  const watch = { isSettled: false };
  const settle = (): boolean => (watch.isSettled = true);
  promise.then(settle, settle);
  return watch;
}

/** What handlers did, in a world outside of any process. */
const marks: string[] = [];
const marker = defineActor(import.meta.url, {
  name: "marker",
  protocol: { mark: { input: v.object({ ms: v.number() }) } },
  on: {
    async mark(_draft, { ms }, context) {
      marks.push("begun");
      await context.sleep(ms);
      marks.push("ended");
    },
  },
});

describe("crash", () => {
  it("ends whatever the process was doing, on all threads, and tells no caller of it", () =>
    once(async ({ system, crash, sleep }) => {
      marks.length = 0;
      const told: string[] = [];
      system.events$.subscribe({ next: ({ type }) => told.push(type), complete: () => told.push("complete") });
      const refs = await Promise.all([0, 1, 2].map((thread) => system.spawn(marker, { placement: { thread } })));
      const asks = refs.map((ref) => watched(ref.ask("mark", { ms: 100 }, { timeout: 200 })));
      const before = told.length;
      await sleep(50);
      expect(marks).toEqual(["begun", "begun", "begun"]);
      const next = await crash();
      const others = [
        watched(system.spawn(counter)),
        watched(system.store.put(tally, "k", { n: 1 })),
        watched(system.store.read(tally, "k")),
      ];
      await sleep(1_000);
      expect(marks).toEqual(["begun", "begun", "begun"]);
      expect([...asks, ...others].filter(({ isSettled }) => isSettled)).toEqual([]);
      expect(told).toHaveLength(before);
      expect(await next.store.history(tally, "k").catch(() => [])).toEqual([]);
    }));

  it("leaves what the journal acknowledged, and with a journal in memory nothing", async () => {
    const scenario =
      (kept: number) =>
      async ({ system, crash }: World): Promise<void> => {
        await system.store.put(tally, "k", { n: 1 });
        await system.spawn(counter, { name: "one" });
        const next = await crash();
        expect(next).not.toBe(system);
        expect(await next.store.read(tally, "k")).toEqual({ n: kept });
        expect(await failure(next.find(counter, "one"))).toMatchObject({ code: "no-such-actor" });
        const ref = await next.spawn(counter, { name: "one" });
        await ref.tell("add", { by: 2 });
        expect(await ref.ask("get")).toBe(2);
        expect((await next.stats()).threads.map(({ thread }) => thread)).toEqual([1, 2]);
      };
    await once(scenario(1));
    await once(scenario(0), {});
  });

  it("leaves of what was not acknowledged the beginning, or nothing", async () => {
    const seen = new Set<number>();
    await once(
      async ({ system, crash }) => {
        const keys = ["a", "b", "c"];
        const commits = keys.map((key) => watched(system.store.put(tally, key, { n: 1 })));
        const { store } = await crash();
        expect(commits.some(({ isSettled }) => isSettled)).toBe(false);
        const kept = await Promise.all(keys.map(async (key) => (await store.read(tally, key)).n));
        const count = kept.filter((n) => n === 1).length;
        expect(kept).toEqual(keys.map((_, i) => (i < count ? 1 : 0))); // none without those before it
        seen.add(count);
      },
      { ...durable, runs: 100 },
    );
    expect(seen).toEqual(new Set([0, 1, 2, 3]));
  });

  it("has no system until the next one stands, as many milliseconds later as it is told", () =>
    once(async (world) => {
      const crashedAt = world.now();
      const next = world.crash({ downtime: 1_000 });
      expect(() => world.system).toThrow("has crashed");
      expect(world.threads()).toEqual([]);
      world.killThread(1);
      await world.sleep(999);
      expect(await failure((async () => world.system)())).toMatchObject({ code: "process-crashed" });
      const again = world.crash(); // there is none to crash
      expect(await next).toBe(await again);
      expect(world.system).toBe(await next);
      expect(world.threads()).toEqual([1, 2]);
      expect(world.now()).toBeGreaterThanOrEqual(crashedAt + 1_000);
    }));

  it("may come again and again", async () => {
    const { crashes } = await simulate(
      async ({ system, crash }) => {
        let last: System = system;
        for (let n = 1; n <= 5; n++) {
          await last.store.commit(tally, "k", (draft) => void draft.n++);
          last = await crash();
          expect(await last.store.read(tally, "k")).toEqual({ n });
        }
      },
      { ...durable, seed: 1, runs: 10 },
    );
    expect(crashes).toBe(50);
  });

  it("kills and replaces threads in the next process as in the first", () =>
    once(async (world) => {
      const system = await world.crash();
      const ref = await system.spawn(counter, { placement: { thread: 1 } });
      world.killThread(1);
      expect(await failure(ref.ask("get"))).toMatchObject({ code: "thread-died" });
      expect(await (await system.spawn(counter)).ask("get")).toBe(0);
    }));
});

describe("survive", () => {
  it("begins again in the next process until one sees the end", () =>
    once(async ({ survive, crash, sleep, random }) => {
      const lives: System[] = [];
      const crashing = (async () => {
        for (let n = 0; n < 3; n++) {
          await sleep(random() * 100);
          await crash();
        }
      })();
      const result = await survive(async ({ system, sleep: sleepOfProcess, threads }) => {
        lives.push(system);
        for (let n = 0; n < 20; n++) {
          await system.store.commit(tally, "k", (draft) => void draft.n++, { idempotencyKey: `addition ${n}` });
          await sleepOfProcess(10);
        }
        expect(threads()).toEqual([1, 2]);
        return (await system.store.read(tally, "k")).n;
      });
      expect(result).toBe(20);
      expect(lives.length).toBeGreaterThan(1);
      expect(new Set(lives).size).toBe(lives.length);
      await crashing;
    }));

  it("leaves the work of a process that crashed behind", () =>
    once(async ({ survive, crash, sleep }) => {
      const ended: number[] = [];
      let begun = 0;
      const surviving = survive(async ({ sleep: sleepOfProcess }) => {
        const n = ++begun;
        await sleepOfProcess(10);
        ended.push(n);
        return n;
      });
      await sleep(5);
      await crash();
      expect(await surviving).toBe(2);
      await sleep(1_000);
      expect(ended).toEqual([2]);
    }));

  it("rejects with what its work throws, once, in a process that lives", () =>
    once(async ({ survive }) => {
      let begun = 0;
      const thrown = new Error("no");
      const surviving = survive(async () => {
        begun++;
        throw thrown;
      });
      expect(await failure(surviving)).toBe(thrown);
      expect(begun).toBe(1);
    }));
});

describe("crashes by chance", () => {
  it("come at any point: while a system works, starts and closes", async () => {
    const met = { working: 0, closing: 0, starting: 0 };
    let [lost, kept] = [0, 0];
    for (let seed = 1; seed <= 400; seed++) {
      let lives = 0;
      let asked = 0;
      let during: keyof typeof met = "working";
      const { crashes } = await simulateOnce(
        async ({ survive, crash }) => {
          await survive(async ({ system }) => {
            if (lives++ > 0) met[during]++;
            during = "working";
            const { n } = await system.store.read(tally, "k");
            if (n === asked) kept++;
            else lost++;
            expect([asked, asked - 1]).toContain(n);
            for (asked = n + 1; asked <= 5; asked++) await system.store.put(tally, "k", { n: asked });
            asked = 5;
            during = "closing";
            await system.close();
          });
          expect(await (await crash()).store.read(tally, "k")).toEqual({ n: 5 });
        },
        seed,
        { ...durable, faults: { processCrash: 0.06, maxProcessCrashes: 5 } },
      );
      met.starting += crashes - 1 - (lives - 1); // of these, no work was begun
    }
    expect(Math.min(met.working, met.closing, met.starting, lost, kept)).toBeGreaterThan(20);
  });

  it("are counted, and no more than they may be", async () => {
    const { crashes } = await simulate(
      ({ survive }) =>
        survive(async ({ system }) => {
          const ref = await system.spawn(counter);
          for (let n = 0; n < 10; n++) await ref.ask("get");
        }),
      { seed: 1, runs: 50, faults: { processCrash: 0.5, maxProcessCrashes: 3, swarm: false } },
    );
    expect(crashes).toBe(150);
  });
});

describe("a scenario that gets it wrong is told", () => {
  it("that it awaits a system which is dead", async () => {
    const waiting = simulate(
      async ({ system, crash }) => {
        const ref = await system.spawn(counter);
        await crash();
        await ref.ask("get");
      },
      { seed: 1, runs: 1 },
    );
    const error = await failure(waiting);
    expect(error).toMatchObject({ code: "deadlock", details: { seed: 1 } });
    expect(String(error)).toContain("belongs into survive()");
  });

  it("that the next system could not start", async () => {
    const journals = { open: () => Promise.reject(new Error("the disk is gone")), crash: () => undefined };
    const error = await failure(simulateOnce(() => new Promise(() => undefined), 1, {}, { journals }));
    expect(error).toMatchObject({ code: "simulation-failed", cause: { message: "the disk is gone" } });
  });

  it.each<[string, SimulateOptions, RegExp]>([
    ["a fault that there isn't", { faults: { crash: 1 } as never }, /faults\.crash is no fault there is/],
    ["a probability beyond 1", { faults: { processCrash: 2 } }, /faults\.processCrash is from 0 to 1, not 2/],
    ["a negative count", { faults: { maxProcessCrashes: -1 } }, /faults\.maxProcessCrashes is a number from 0, not -1/],
    ["no number", { faults: { maxDowntime: Number.NaN } }, /faults\.maxDowntime is a number from 0, not NaN/],
    [
      "a journal that there isn't",
      { journal: "disk" as never },
      /journal is "memory", "durable" or "leased", not "disk"/,
    ],
    ["two journals", { journal: "durable", system: { journal: memoryJournal() } }, /Give one of them/],
    [
      "crashes on a journal of its own",
      { system: { journal: memoryJournal() }, faults: { processCrash: 1 } },
      /can't crash/,
    ],
  ])("of %s", async (_what, options, message) => {
    const error = await failure(simulate(({ sleep }) => sleep(1), options));
    expect(isTroupeError(error, "invalid-options")).toBe(true);
    expect(String(error)).toMatch(message);
  });

  it("of a downtime that is none", () =>
    once(async ({ crash, system, now }) => {
      expect(await failure(crash({ downtime: -1 }))).toMatchObject({ code: "invalid-options" });
      expect(await failure(crash({ downtime: Number.NaN }))).toMatchObject({ code: "invalid-options" });
      expect(await system.store.read(tally, "k")).toEqual({ n: 0 }); // it lives
      expect(now()).toBeGreaterThan(0);
    }));
});
