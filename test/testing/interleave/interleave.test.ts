/** Async code without actors: its races are found, repeated, shrunk and told. */

import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isTroupeError, type TroupeError } from "../../../src/index.ts";
import { interleave } from "../../../src/testing/index.ts";

async function failureOf(running: Promise<unknown>): Promise<TroupeError> {
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isTroupeError(error)) throw new Error(`it should have failed by an error of Troupe's: ${String(error)}`);
  return error;
}

const seeds = Array.from({ length: 15 }, (_, n) => 1 + n * 1_000_003);

/** The median of how many schedules are tried until one fails. */
async function toTheFirst(run: (seed: number) => Promise<unknown>): Promise<number> {
  const counts: number[] = [];
  for (const seed of seeds) counts.push(((await failureOf(run(seed))).details as { seed: number }).seed - seed + 1);
  return counts.sort((a, b) => a - b)[Math.floor(counts.length / 2)] as number;
}

const lostUpdate = {
  shared: () => ({ account: { balance: 100 }, pay: async () => {} }),
  tasks: Object.fromEntries(
    (["ada", "ben"] as const).map((name) => [
      name,
      async ({ account, pay }: { account: { balance: number }; pay: () => Promise<void> }) => {
        const before = account.balance;
        await pay();
        account.balance = before - 10;
      },
    ]),
  ),
  check: ({ account }: { account: { balance: number } }) => assert.equal(account.balance, 80),
};

class Rows {
  readonly #rows = new Map<string, number>();
  loads = 0;
  async load(key: string): Promise<number> {
    this.loads++;
    return key.length;
  }
  async get(key: string): Promise<number> {
    if (!this.#rows.has(key)) this.#rows.set(key, await this.load(key));
    return this.#rows.get(key) as number;
  }
}

class Mutex {
  #held: Promise<void> | undefined;
  #release: () => void = () => undefined;
  async lock(): Promise<void> {
    while (this.#held !== undefined) await this.#held;
    this.#held = new Promise((resolve) => (this.#release = resolve));
  }
  unlock(): void {
    this.#held = undefined;
    this.#release();
  }
}

describe("a race of tasks", () => {
  it("of what was read before an await is found at once, in a median of five schedules at most", async () => {
    expect(await toTheFirst((seed) => interleave(lostUpdate, { seed, runs: 100 }))).toBeLessThanOrEqual(5);
  });

  it("within an object's own methods is found, private fields and all", async () => {
    const twice = {
      shared: () => ({ rows: new Rows() }),
      tasks: { a: ({ rows }: { rows: Rows }) => rows.get("k"), b: ({ rows }: { rows: Rows }) => rows.get("k") },
      check: ({ rows }: { rows: Rows }) => assert.equal(rows.loads, 1),
    };
    expect(await toTheFirst((seed) => interleave(twice, { seed, runs: 100 }))).toBeLessThanOrEqual(5);
  });

  it("of replies that come in another order than they were asked for is found", async () => {
    const search = {
      shared: () => ({ page: { shown: "" }, find: async (text: string) => `results of ${text}` }),
      tasks: {
        typing: async ({ page, find }: { page: { shown: string }; find: (text: string) => Promise<string> }) => {
          const type = async (text: string): Promise<void> => void (page.shown = await find(text));
          await Promise.all([type("a"), type("ab")]);
        },
      },
      check: ({ page }: { page: { shown: string } }) => assert.equal(page.shown, "results of ab"),
    };
    expect(await toTheFirst((seed) => interleave(search, { seed, runs: 100 }))).toBeLessThanOrEqual(5);
  });

  it("isn't there once a lock is held", async () => {
    const locked = {
      shared: () => ({ account: { balance: 100 }, pay: async () => {}, mutex: new Mutex() }),
      tasks: Object.fromEntries(
        ["ada", "ben", "eve"].map((name) => [
          name,
          async ({ account, pay, mutex }: { account: { balance: number }; pay: () => Promise<void>; mutex: Mutex }) => {
            await mutex.lock();
            const before = account.balance;
            await pay();
            account.balance = before - 10;
            mutex.unlock();
          },
        ]),
      ),
      check: ({ account }: { account: { balance: number } }) => assert.equal(account.balance, 70),
    };
    expect(await interleave(locked, { seed: 1, runs: 500 })).toMatchObject({ runs: 500 });
    expect(await interleave(locked, { exhaustive: { switches: 2 } })).toMatchObject({ isComplete: true });
    await expect(interleave(locked, { exhaustive: { isolated: true } })).rejects.toMatchObject({
      code: "invalid-options",
      message: "interleave: tasks share something, and aren't isolated; leave out isolated",
    });
  });
});

describe("what fails", () => {
  it("is repeated by its seed and by its replay, and shrunk to one switch at most", async () => {
    for (const seed of seeds.slice(0, 5)) {
      const error = await failureOf(interleave(lostUpdate, { seed, runs: 100 }));
      const { seed: found, replay } = error.details as { seed: number; replay: string };
      expect(error.message).toMatch(
        /Its shortest schedule found has (no switches|1 switch) and no faults: interleave\(/,
      );
      expect((await failureOf(interleave(lostUpdate, { seed: found, runs: 1 }))).details).toMatchObject({
        seed: found,
      });
      expect((await failureOf(interleave(lostUpdate, { replay }))).message).not.toContain("not quite");
    }
  });

  it("is told by a table of the tasks, and by the two accesses that raced", async () => {
    const { message } = await failureOf(interleave(lostUpdate, { seed: 1, runs: 100 }));
    expect(message.split("\n")).toEqual([
      expect.stringMatching(/^the scenario failed with seed \d+: Expected values to be strictly equal/),
      "",
      "90 !== 80",
      "",
      "What its shortest schedule does:",
      expect.stringMatching(/^ +step +ms +ada +ben$/),
      ...Array.from({ length: 6 }, () => expect.stringMatching(/^ +\d+ +0 +\S/) as string),
      expect.stringMatching(
        /^What raced: (ada|ben) read account.balance at version 1 in step \d, and wrote version 3 in step \d; between the two, (ada|ben) wrote version 2\.$/,
      ),
      expect.stringMatching(/^Repeat it with interleave\(tasks, \{ seed: \d+, runs: 1 \}\)\.$/),
      expect.stringMatching(/^Its shortest schedule found has /),
    ]);
  });

  it("names who waits for what, where tasks wait for each other", async () => {
    const eat =
      (first: number, second: number) =>
      async ({ left, right }: { left: Mutex; right: Mutex }) => {
        const forks = [left, right] as const;
        await forks[first]?.lock();
        await forks[second]?.lock();
        forks[second]?.unlock();
        forks[first]?.unlock();
      };
    const dinner = {
      shared: () => ({ left: new Mutex(), right: new Mutex() }),
      tasks: { ann: eat(0, 1), bob: eat(1, 0) },
    };
    const error = await failureOf(interleave(dinner, { seed: 1, runs: 200 }));
    expect(error.code).toBe("deadlock");
    expect(error.message).toMatch(/ann and bob still wait: for each other/);
    expect(error.message).toMatch(
      /Who waits for what:\n {2}\w+ waits since step \d+ for \w+\.lock \(\S+interleave\.test\.ts:\d+\)\n/,
    );
  });

  it("is what an invariant says, in the middle of a run", async () => {
    const inside = {
      shared: ({ always, sometimes }: { always: Function; sometimes: Function }) => {
        const room = { inside: 0, pause: async () => {} };
        always("one is inside at most", () => room.inside <= 1);
        sometimes("one is inside", () => room.inside === 1);
        return room;
      },
      tasks: Object.fromEntries(
        ["a", "b"].map((name) => [
          name,
          async (room: { inside: number; pause: () => Promise<void> }) => {
            room.inside++;
            await room.pause();
            room.inside--;
          },
        ]),
      ),
    };
    expect((await failureOf(interleave(inside, { seed: 1, runs: 50 }))).message).toMatch(
      /always "one is inside at most": not so after step \d/,
    );
  });
});

describe("timers of tasks", () => {
  it("fire in virtual time, in the order in which they are due, after what is there to do", async () => {
    const told: string[] = [];
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    await interleave(
      {
        shared: () => ({ note: async (what: string) => void told.push(`${what} at ${Math.round(performance.now())}`) }),
        tasks: {
          late: async ({ note }) => {
            await sleep(60_000);
            await note("late");
          },
          soon: async ({ note }) => {
            await sleep(1_000);
            await note("soon");
          },
        },
      },
      { seed: 1, runs: 1 },
    );
    expect(told).toEqual(["soon at 1000", "late at 60000"]);
  });

  it("don't hide what comes from outside, which is named", async () => {
    const outside = { shared: () => ({}), tasks: { a: () => fetch("http://localhost:1") } };
    expect(await failureOf(interleave(outside, { seed: 1, runs: 3 }))).toMatchObject({
      code: "uncontrolled-source",
      message: expect.stringContaining("fetch") as string,
    });
  });
});

describe("what is shared", () => {
  const idle = { a: () => undefined };

  it("has to be made anew for each run", async () => {
    const once = { balance: 1 };
    const error = await failureOf(interleave({ shared: () => ({ once }), tasks: idle }, { seed: 1 }));
    expect(error).toMatchObject({ code: "invalid-options" });
    expect(error.message).toContain("shared.once is the same object as in an earlier run");
  });

  it("is as it was after a run", async () => {
    class Clerk {
      name = "ann";
      async serve(): Promise<string> {
        return this.name;
      }
    }
    const made: Clerk[] = [];
    const shared = () => {
      const clerk = new Clerk();
      made.push(clerk);
      return { clerk };
    };
    await interleave({ shared, tasks: { a: ({ clerk }) => clerk.serve() } }, { seed: 1, runs: 2 });
    for (const clerk of made)
      expect(Object.getOwnPropertyDescriptors(clerk)).toEqual(Object.getOwnPropertyDescriptors(new Clerk()));
  });

  it("can't be a function of a frozen object", async () => {
    const shared = () => ({ api: Object.freeze({ load: async () => 1 }) });
    expect((await failureOf(interleave({ shared, tasks: idle }, { seed: 1 }))).message).toContain(
      "shared.api.load is a function of a frozen object",
    );
  });

  it("gives results to the check", async () => {
    const report = await interleave(
      {
        shared: () => ({ add: async (a: number, b: number) => a + b }),
        tasks: { three: ({ add }) => add(1, 2), seven: ({ add }) => add(3, 4) },
        check: (_shared, { three, seven }) => assert.deepEqual([three, seven], [3, 7]),
      },
      { seed: 1, runs: 20 },
    );
    expect(report.runs).toBe(20);
  });
});
