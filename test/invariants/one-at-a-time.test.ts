/** Invariant 2: one message at a time, first in, first out. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { System } from "../../src/index.ts";
import { clerk, dictator } from "./actors.ts";
import { holdsOnThreads, holdsSimulated } from "./worlds.ts";

interface Dictation {
  readonly thread: number;
  /** For each sender, how long the clerk takes over each of its messages. */
  readonly senders: readonly { readonly thread: number; readonly pauses: readonly number[] }[];
}

const thread = fc.integer({ min: 0, max: 2 });
const dictation: fc.Arbitrary<Dictation> = fc.record({
  thread,
  senders: fc.array(
    fc.record({ thread, pauses: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
});

async function inOrderAndAlone(system: System, given: Dictation): Promise<void> {
  const to = await system.spawn(clerk, { placement: { thread: given.thread } });
  const told = given.senders.map(async (sender, index) => {
    const ref = await system.spawn(dictator, { placement: { thread: sender.thread } });
    const timeout = Number.POSITIVE_INFINITY;
    await ref.ask("dictate", { to, from: `sender-${index}`, pauses: [...sender.pauses] }, { timeout });
  });
  const switches = given.senders.map((_, index) =>
    system.switchCoordination(index % 2 === 0 ? "relay" : "orchestrator"),
  );
  await Promise.all([...told, ...switches]);
  const { entries, overlaps } = await to.ask("notes", undefined, { timeout: Number.POSITIVE_INFINITY });
  expect(overlaps).toBe(0);
  for (const [index, { pauses }] of given.senders.entries()) {
    const mine = entries.filter(({ from }) => from === `sender-${index}`).map(({ n }) => n);
    expect(mine).toEqual(pauses.map((_, n) => n));
  }
}

describe("invariant 2: an actor handles one message at a time, and each sender's in the order sent", () => {
  it("holds on the simulator", () => holdsSimulated(dictation, inOrderAndAlone));
  it("holds on real threads", () => holdsOnThreads(dictation, inOrderAndAlone));
});
