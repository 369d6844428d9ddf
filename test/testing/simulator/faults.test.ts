/** Each fault happens where it is asked for, is named in the report of a failure that needs it, and is off in a share of the runs. */

import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { type Faults, type Scenario, simulate } from "../../../src/testing/index.ts";
import { messageRaces } from "../../races/message-races.ts";
import { atOnce, read, write } from "../../races/players.ts";

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
