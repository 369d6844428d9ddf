/** A failure says what its shortest schedule does, what raced, and who waits for whom. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, defineState, type ErrorCode, isTroupeError } from "../../../../src/index.ts";
import { type Scenario, simulate, type SimulateOptions } from "../../../../src/testing/index.ts";
import { RunLog } from "../../../../src/testing/simulator/explain/run-log.ts";
import { runOnce } from "../../../../src/testing/simulator/run-once.ts";
import { VirtualSources } from "../../../../src/testing/simulator/virtual/virtual-sources.ts";
import { races } from "../../../races/scenarios.ts";

async function failure(scenario: Scenario, options: SimulateOptions = {}) {
  try {
    await simulate(scenario, { seed: 1, runs: 3_000, ...options });
  } catch (error) {
    if (isTroupeError(error)) return error;
  }
  throw new Error("it should have failed");
}

interface Forever {
  ask(type: "forever", input: undefined, options: { readonly timeout: number }): Promise<number>;
}

const sleeper = defineActor(import.meta.url, {
  name: "sleeper",
  protocol: { forever: { reply: v.number() }, through: { input: v.any(), reply: v.number() }, beat: {} },
  on: {
    forever: () => new Promise<number>(() => undefined),
    through: (_draft, other) => (other as Forever).ask("forever", undefined, { timeout: Number.POSITIVE_INFINITY }),
    beat: () => undefined,
  },
});

const flag = defineState({ name: "flag", version: 1, schema: v.boolean(), initial: () => false });

const looker = defineActor(import.meta.url, {
  name: "looker",
  protocol: { twice: { reply: v.boolean() }, write: {} },
  on: {
    async twice(_draft, _none, context) {
      const before = await context.read(flag, "k");
      await context.sleep(5);
      return (await context.read(flag, "k")) === before;
    },
    async write(_draft, _none, context) {
      await context.put(flag, "k", true);
    },
  },
});

/** Not installed: the scenarios here use none. */
const sources = new VirtualSources();

describe("what is taken down of a run", () => {
  it("changes none of its steps", async () => {
    const faults = { threadDeath: 0.03 };
    for (const { buggy } of races)
      for (let seed = 0; seed < 15; seed++) {
        const log = new RunLog();
        const { schedule } = await runOnce(buggy, seed, { faults }, { sources });
        expect((await runOnce(buggy, seed, { faults }, { sources, log })).schedule).toBe(schedule);
        expect(log.seen.length).toBeGreaterThan(0);
      }
  });
});

describe("a failure", () => {
  it("shows a lost update in at most 25 lines, with actors, messages, keys and versions", async () => {
    const { message } = await failure(races[0]?.buggy as Scenario);
    const lines = message.split("\n");
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(170);
    expect(message).toMatch(/^ {2}step {2,}ms {2}adder-\d, thread \d +adder-\d, thread \d$/m);
    expect(message).toMatch(/^ +\d+ +0 .* begins hasty from code outside$/m);
    expect(message).toMatch(/reads tally\/k v0$/m);
    expect(message).toMatch(/commits tally\/k v1/);
    expect(message).toMatch(/loses to tally\/k v1/);
    expect(message).toMatch(/commits tally\/k v2/);
    expect(message).toMatch(
      /^What raced: (adder-\d) read tally\/k at version 0 in step \d+, for "hasty", and committed version 2 in step \d+; between the two, (?!\1)adder-\d committed version 1\.$/m,
    );
  });

  it("shows a torn read", async () => {
    const { message } = await failure(races[1]?.buggy as Scenario);
    expect(message).toMatch(
      /^What raced: mover-3 read tally\/([xy]) at version 0 in step \d+ and tally\/[xy] at version 1 in step \d+, for "look", which never were the newest at once: mover-1 had committed version 1 of tally\/\1\.$/m,
    );
  });

  it("shows that a key changed between two reads of one handler", async () => {
    const scenario: Scenario = async ({ system }) => {
      const [reader, writer] = await Promise.all([system.spawn(looker), system.spawn(looker)]);
      const [isSame] = await Promise.all([reader.ask("twice"), writer.ask("write")]);
      if (!isSame) throw new Error("it changed");
    };
    const { message } = await failure(scenario);
    expect(message).toMatch(
      /^What raced: (looker-\d) read flag\/k at version 0 in step \d+ and at version 1 in step \d+, for "twice"; between the two, (?!\1)looker-\d committed version 1\.$/m,
    );
  });

  it("shows an order of messages, and who sent them; of a long one the end", async () => {
    const { message } = await failure(races[2]?.buggy as Scenario);
    const handled = [...message.matchAll(/handles note from (teller-\d)/g)].map(([, sender]) => sender);
    expect(handled.length).toBeGreaterThan(5);
    expect(handled.at(-1)).not.toBe(handled.at(-2));
    expect(new Set(handled.slice(0, -1)).size).toBe(1);
    expect(message).toMatch(/^ {2}… \d+ earlier$/m);
    expect(message).not.toContain("What raced");
  });

  it("shows the faults that it needs", async () => {
    const scenario: Scenario = async ({ system, now }) => {
      const start = now();
      const ref = await system.spawn(sleeper);
      await ref.ask("beat");
      if (now() > start) throw new Error("it was late");
    };
    const { message } = await failure(scenario);
    expect(message).toMatch(/\(a batch \d>\d is held up [\d.]+ ms\)/);
    expect(message).toMatch(/has no switches and 1 fault:/);
  });

  it("of a thread that dies says which", async () => {
    const scenario: Scenario = async ({ system }) => {
      const ref = await system.spawn(sleeper);
      for (let n = 0; n < 5; n++) await ref.ask("beat");
    };
    const { message } = await failure(scenario, { faults: { threadDeath: 0.05 } });
    expect(message).toMatch(/\(thread \d dies\)/);
  });

  it("says who waits for whom in a deadlock, with the place in the code", async () => {
    const scenario: Scenario = async ({ system }) => {
      const [one, other] = await Promise.all([system.spawn(sleeper), system.spawn(sleeper)]);
      await one.ask("through", other, { timeout: Number.POSITIVE_INFINITY });
    };
    const error = await failure(scenario);
    expect(error.code).toBe<ErrorCode>("deadlock");
    expect(error.message).toMatch(
      /^ {2}code outside waits since step \d+ for sleeper-1 to answer "through" \(explain\/explanation\.test\.[jt]s:\d+\)$/m,
    );
    expect(error.message).toMatch(
      /^ {2}sleeper-1, which handles "through", waits since step \d+ for sleeper-2 to answer "forever" \(explain\/explanation\.test\.[jt]s:\d+\)$/m,
    );
  });

  it("says so also behind a timeout, and beside an actor that goes on", async () => {
    const scenario: Scenario = async ({ system, sleep }) => {
      const [one, heart] = await Promise.all([system.spawn(sleeper), system.spawn(sleeper)]);
      const answer = one.ask("forever");
      const beating = (async () => {
        for (let n = 0; n < 80; n++) {
          await heart.ask("beat");
          await sleep(100);
        }
      })();
      await answer;
      await beating;
    };
    const error = await failure(scenario);
    expect(error.code).toBe<ErrorCode>("simulation-failed");
    expect(error.message).toMatch(/code outside waits since step \d+ for sleeper-1 to answer "forever"/);
    expect(error.message).not.toContain('"beat"');
  });

  it("of a livelock has a code of its own, and names who is busy", async () => {
    const scenario: Scenario = async ({ system }) => {
      const ref = await system.spawn(sleeper);
      for (;;) await ref.ask("beat");
    };
    const error = await failure(scenario, { maxSteps: 3_000 });
    expect(error.code).toBe<ErrorCode>("livelock");
    expect(error.message).toMatch(
      /something keeps itself busy\. The last 1000 steps are of .*turn of \d\/sleeper-1 \(\d+ %\)/,
    );
  });
});
