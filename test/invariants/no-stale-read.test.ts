/** Invariant 4: no stale read. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { System } from "../../src/index.ts";
import { adder, writer } from "../fixtures/actors.ts";
import { asMessage, mapFrames, withToken } from "./wire.ts";
import { holdsOnThreads, holdsSimulated, isFoundBroken } from "./worlds.ts";

interface Exchange {
  readonly writers: number;
  readonly rounds: number;
  readonly keys: number;
}

const exchange: fc.Arbitrary<Exchange> = fc.record({
  writers: fc.integer({ min: 1, max: 3 }),
  rounds: fc.integer({ min: 1, max: 4 }),
  keys: fc.integer({ min: 1, max: 2 }),
});

/** Replicas lag by as much as a batch may be held up; the direct link between two threads overtakes them. */
const lag = { delay: 0.5, maxDelay: 50, duplicate: 0.1 };

/** Writers commit on one thread and have a reader on another one read what they wrote. */
async function readersSeeWhatWasWritten(
  system: System,
  { writers, rounds, keys }: Exchange,
  scope: string,
): Promise<void> {
  const reader = await system.spawn(adder, { placement: { thread: 2 } });
  for (let k = 0; k < keys; k++) await reader.ask("read", { key: `${scope}-${k}` }); // its replica follows the keys from now on
  const refs = await Promise.all(
    Array.from({ length: writers }, () => system.spawn(writer, { placement: { thread: 1 } })),
  );
  await Promise.all(
    refs.map(async (ref, index) => {
      for (let round = 0; round < rounds; round++) {
        const { wrote, read } = await ref.ask("write", { key: `${scope}-${(index + round) % keys}`, by: 1, reader });
        expect(read).toBeGreaterThanOrEqual(wrote);
      }
    }),
  );
}

describe("invariant 4: who handles a message reads nothing older than its sender had seen", () => {
  it("holds on the simulator, with replicas lagging", () =>
    holdsSimulated(exchange, readersSeeWhatWasWritten, { faults: lag }));

  it("holds on real threads", () => holdsOnThreads(exchange, readersSeeWhatWasWritten));

  it("does not hold when causal tokens are ignored", async () => {
    const failure = await isFoundBroken(exchange, readersSeeWhatWasWritten, {
      faults: lag,
      tamper: () => (batch, from, to) =>
        from === 0 || to === 0
          ? batch
          : mapFrames(batch, (frame) => (asMessage(frame) === undefined ? frame : withToken(frame, 0))),
    });
    expect(failure).toContain("to be greater than or equal to");
  });
});
