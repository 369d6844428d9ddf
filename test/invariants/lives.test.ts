/** Invariant 4 across the lives of a supervised actor: each sees all that the lives before it have committed. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, defineState, isAskError } from "../../src/index.ts";
import { withoutSettling } from "./wire.ts";
import { holdsInWorld, isFoundBrokenInWorld, type SimulatedOptions, type WorldScenario } from "./worlds.ts";

const page = defineState({
  name: "lives-page",
  version: 1,
  schema: v.object({ lines: v.array(v.number()) }),
  initial: () => ({ lines: [] as number[] }),
});

/** What a handler read, and what it read of the same a while later. */
const changed: (readonly [before: number, after: number])[] = [];

const Line = v.object({ id: v.string(), line: v.number() });

const writer = defineActor("test:lives", {
  name: "lives-writer",
  protocol: { write: { input: Line }, look: { input: v.string(), reply: v.number() } },
  state: () => ({}),
  on: {
    async write(_, { id, line }, context) {
      await context.commit(page, id, ({ lines }) => {
        if (!lines.includes(line)) lines.push(line);
      });
    },
    async look(_, id, context) {
      const { length: before } = (await context.read(page, id)).lines;
      await context.sleep(200);
      const { length: after } = (await context.read(page, id)).lines;
      if (before !== after) changed.push([before, after]);
      return after;
    },
  },
});

interface Given {
  /** How many lines are written before each look. */
  readonly looks: readonly number[];
  /** After how many milliseconds each of its threads is killed. */
  readonly kills: readonly number[];
}

const given: fc.Arbitrary<Given> = fc.record({
  looks: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
  kills: fc.array(fc.nat(30), { maxLength: 3 }),
});

/** A message that its actor's life ends with isn't begun again. */
function lost(error: unknown): void {
  if (!isAskError(error)) throw error;
}

const scenario: WorldScenario<Given> = async ({ system, threads, killThread, sleep }, { looks, kills }) => {
  changed.length = 0;
  await system.supervise({
    name: "root",
    strategy: "one-for-one",
    intensity: { restarts: 20, within: 60_000 },
    children: [{ name: "w", actor: writer, placement: { thread: 1 }, maxDeliveries: 1 }],
  });
  const ref = await system.find(writer, "w");
  let line = 0;
  const looking = looks.map((lines) => {
    for (let i = 0; i < lines; i++) void ref.tell("write", { id: "p", line: ++line }).catch(lost);
    return ref.ask("look", "p", { timeout: 60_000 }).catch(lost);
  });
  for (const ms of kills) {
    await sleep(ms);
    for (const thread of threads()) killThread(thread);
  }
  await Promise.all(looking);
  expect(changed).toEqual([]);
};

const late: SimulatedOptions = { journal: "leased", faults: { connectionLoss: 0.5, delay: 0.5, maxDelay: 200 } };

describe("invariant 4: a life of a supervised actor", () => {
  it("reads what the lives before it had on the way to a journal that answers late", () =>
    holdsInWorld(given, scenario, late));

  it("would not if the store didn't wait for what is on the way", async () => {
    expect(await isFoundBrokenInWorld(given, scenario, { ...late, tamper: withoutSettling, seed: 8 })).toMatch(
      /expected/,
    );
  });
});
