/** Each fault happens where it is asked for, is named in the report of a failure that needs it, and is off in a share of the runs. */

import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isConflictError } from "../../../src/index.ts";
import { type Faults, type Scenario, simulate } from "../../../src/testing/index.ts";
import { encodeBatch } from "../../../src/runtime/transport/frame-codec.ts";
import { contentsOf } from "../../../src/testing/simulator/faults/arrivals.ts";
import { simulateOnce } from "../../../src/testing/simulator/simulate.ts";
import { messageRaces } from "../../races/message-races.ts";
import { atOnce, cell, type Part, read, write } from "../../races/players.ts";

const none = { delay: 0, duplicate: 0, partition: 0, slowStore: 0, swarm: false } satisfies Faults;
const touch = messageRaces.find(({ name }) => name.startsWith("touch"))?.buggy as Scenario;

/** Holds while a write is over before anything else goes on. */
const writesAlone: Scenario = async ({ system, sleep }) => {
  await atOnce(system, () => Promise.resolve());
  let others = 0;
  void sleep(0).then(() => others++);
  await write(system.store, "k", 1);
  assert.equal(others, 0);
};

/** Holds while nothing takes time that takes none by itself. */
const writesAtOnce: Scenario = async ({ system, now }) => {
  await atOnce(system, async (context) => {
    const start = now();
    await write(context, "k", 1);
    assert.equal(now(), start);
  });
};

const readsTheClock: Scenario = async ({ system }) => {
  await atOnce(system, async (context) => {
    const start = Date.now();
    await context.sleep(5);
    assert.equal(Date.now(), start + 5);
  });
};

const isThere: Scenario = async ({ system }) => {
  await atOnce(system, (context) => write(context, "k", 1));
  assert.equal(await read(system.store, "k"), 1);
};

const runsOnce: Scenario = async ({ system }) => {
  await atOnce(system, async (context) => {
    await write(context, "k", 1);
    let runs = 0;
    await context.commit(cell, "k", ({ n }) => {
      runs++;
      return { n: n + 1 };
    });
    assert.equal(runs, 1);
  });
};

interface Case {
  readonly scenario: Scenario;
  readonly faults: Faults;
  readonly says: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  "a partition of two threads": {
    scenario: touch,
    faults: { partition: 0.2 },
    says: /threads 0 and \d are parted for [\d.]+ ms/,
  },
  "a slow store": { scenario: writesAlone, faults: { slowStore: 0.7 }, says: /the store is slow/ },
  "a clock that jumps": {
    scenario: readsTheClock,
    faults: { clockJump: 0.2 },
    says: /the time of day jumps by -?\d+ ms/,
  },
  "a batch that is held up": { scenario: writesAtOnce, faults: { delay: 0.5 }, says: /is held up [\d.]+ ms/ },
  "a thread that dies": { scenario: isThere, faults: { threadDeath: 0.2 }, says: /thread \d dies/ },
  "a thread that dies at an answer": {
    scenario: isThere,
    faults: { deathAtAnswer: 0.4 },
    says: /thread \d dies (before|right after) (its answer arrives|it hears an answer)/,
  },
  "a conflict without a change": {
    scenario: runsOnce,
    faults: { spuriousConflict: 0.4 },
    says: /another author writes cell\/k again, as it is/,
  },
  "a process that crashes": { scenario: isThere, faults: { processCrash: 0.2 }, says: /the process crashes/ },
};

describe.each(Object.entries(cases))("%s", (_what, { scenario, faults, says }) => {
  it("is named by a failure that needs it", async () => {
    const options = { seed: 1, runs: 500, faults: { ...none, ...faults } };
    const failing = simulate(scenario, options);
    await expect(failing).rejects.toMatchObject({ message: expect.stringMatching(says) as string });
  });

  it("doesn't happen where it is not asked for", async () => {
    expect(await simulate(scenario, { seed: 1, runs: 100, faults: none })).toMatchObject({ runs: 100 });
  });

  it("is off in a share of the runs", async () => {
    let [held, failed] = [0, 0];
    for (let seed = 1; seed <= 60; seed++)
      await simulate(scenario, {
        seed,
        runs: 1,
        shrink: false,
        faults: { ...none, slowStore: 0.5, ...faults, swarm: true },
      }).then(
        () => held++,
        () => failed++,
      );
    expect(held).toBeGreaterThan(5);
    expect(failed).toBeGreaterThan(5);
  });
});

describe("a thread that dies at an answer", () => {
  it("has committed what it was to answer, and dies before it hears of that, before it answers, or after", async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 100; seed++)
      await simulateOnce(
        async ({ system, sleep, threads }) => {
          let [went, end] = ["no further", "unanswered"];
          const part: Part = async (context) => {
            await write(context, "k", 1);
            await sleep(0); // a thread that is dead goes no further
            went = "on";
            await write(context, "l", 1);
          };
          await atOnce(system, part).then(
            () => (end = "answered"),
            () => undefined,
          );
          await sleep(1);
          assert.equal(await read(system.store, "k"), 1);
          const isDead = threads().some((thread) => thread > 2);
          assert.equal(isDead || end === "answered", true);
          seen.add(`${went}, ${end}${isDead ? ", dead" : ""}`);
        },
        seed,
        { faults: { ...none, deathAtAnswer: 0.3 } },
      );
    expect([...seen].sort()).toEqual([
      "no further, unanswered, dead",
      "on, answered",
      "on, answered, dead",
      "on, unanswered, dead",
    ]);
  });

  it("is one of as many as may die in a run", async () => {
    for (let seed = 1; seed <= 20; seed++)
      await simulateOnce(
        async ({ system, threads }) => {
          for (let n = 0; n < 10; n++) await atOnce(system, (context) => write(context, "k", 1)).catch(() => undefined);
          assert.equal(Math.max(...threads()), 4); // two have been replaced
        },
        seed,
        { faults: { ...none, deathAtAnswer: 1, maxThreadDeaths: 2 } },
      );
  });
});

describe("a conflict without a change", () => {
  it("is lost to a version with the same state, and leaves keys alone that have none", async () => {
    await simulateOnce(
      async ({ system }) => {
        await atOnce(system, (context) => write(context, "k", 1));
        assert.equal((await system.store.snapshot(cell, "k"))?.version, 1);
        await atOnce(system, (context) => context.commit(cell, "k", ({ n }) => ({ n: n + 1 }), { maxRetries: 0 })).then(
          () => assert.fail("it was the first"),
          (error: Error) => assert.equal(isConflictError(error.cause), true),
        );
        const snapshot = await system.store.snapshot(cell, "k");
        assert.deepEqual([snapshot?.version, snapshot?.state], [2, { n: 1 }]);
      },
      1,
      { faults: { ...none, spuriousConflict: 1 } },
    );
  });

  it("leaves what Troupe keeps for itself alone, and what is only read", () => {
    const written = { patches: [], schema: 1, parent: 0 };
    const changes = [
      { key: "mail/1/a", ...written },
      { key: "cell/x/y", ...written },
      { key: "cell/z", parent: 3 },
    ];
    const message = { kind: "commit", id: 1, request: { changes, author: "1/a" } } as const;
    const batch = encodeBatch(1, 0, [{ kind: "to-authority", message }]);
    expect(contentsOf({ batch, from: 1, to: 0 })).toEqual({ answered: undefined, written: ["cell/x/y"] });
  });
});
