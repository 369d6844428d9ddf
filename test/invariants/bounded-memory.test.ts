/** Invariant 7: bounded memory. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTroupeError, type System } from "../../src/index.ts";
import { backpressureBox, capacity, dropNewestBox, dropOldestBox, rejectBox } from "./actors.ts";
import { holdsOnThreads, holdsSimulated } from "./worlds.ts";

const boxes = [backpressureBox, rejectBox, dropOldestBox, dropNewestBox] as const;

interface Flood {
  readonly box: number;
  readonly thread: number;
  readonly messages: number;
  readonly heedful: boolean;
}

const flood: fc.Arbitrary<Flood> = fc.record({
  box: fc.integer({ min: 0, max: boxes.length - 1 }),
  thread: fc.integer({ min: 0, max: 2 }),
  messages: fc.integer({ min: 1, max: 30 }),
  heedful: fc.boolean(),
});

/** However fast the sender, no more than the capacity waits; a sender that heeds backpressure loses nothing. */
async function mailboxesStayBounded(system: System, { box, thread, messages, heedful }: Flood): Promise<void> {
  const definition = boxes[box] ?? backpressureBox;
  const ref = await system.spawn(definition, { placement: { thread } });
  await ref.tell("work", { ms: 10 });
  const refused: unknown[] = [];
  const sending: Promise<void>[] = [];
  for (let n = 0; n < messages; n++) {
    const told = ref.tell("put", { n }).catch((error: unknown) => void refused.push(error));
    sending.push(told);
    if (heedful) await told;
    if (n % 5 === 0) expect((await system.stats()).waiting).toBeLessThanOrEqual(capacity);
  }
  expect((await system.stats()).waiting).toBeLessThanOrEqual(capacity);
  await Promise.all(sending);
  for (const error of refused) expect(isTroupeError(error, "mailbox-full")).toBe(true);
  if (definition === backpressureBox && heedful) {
    expect(refused).toEqual([]);
    expect(await ref.ask("handled", undefined, { timeout: 60_000 })).toEqual(
      Array.from({ length: messages }, (_, n) => n),
    );
  }
  await system.stop(ref); // what waits in it would count for the next case
}

describe("invariant 7: every queue has a capacity and a policy", () => {
  it("holds on the simulator", () => holdsSimulated(flood, mailboxesStayBounded));
  it("holds on real threads", () => holdsOnThreads(flood, mailboxesStayBounded));
});
