/** Invariant 6: nothing accepted vanishes. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTroupeError, type System } from "../../src/index.ts";
import { backpressureBox, dropNewestBox, dropOldestBox, rejectBox } from "./actors.ts";
import { holdsOnThreads, holdsSimulated, type Scenario } from "./worlds.ts";

const boxes = {
  backpressure: backpressureBox,
  reject: rejectBox,
  "drop-oldest": dropOldestBox,
  "drop-newest": dropNewestBox,
};

interface Traffic {
  readonly policy: keyof typeof boxes;
  readonly thread: number;
  /** How many messages, and before which of them the actor gets something to do, is stopped, or goes down with its thread. */
  readonly messages: number;
  readonly busyBefore: number;
  readonly stopBefore: number | undefined;
}

const traffic = (stops: boolean): fc.Arbitrary<Traffic> =>
  fc.record({
    policy: fc.constantFrom(...(Object.keys(boxes) as (keyof typeof boxes)[])),
    thread: fc.integer({ min: stops ? 1 : 0, max: 2 }),
    messages: fc.integer({ min: 1, max: 14 }),
    busyBefore: fc.integer({ min: 0, max: 8 }),
    stopBefore: stops ? fc.option(fc.integer({ min: 0, max: 14 }), { nil: undefined }) : fc.constant(undefined),
  });

/**
 * Every message that was accepted was handled or is a dead letter; every ask was answered. `handled` tells what an actor
 * that is gone by the end had handled.
 */
const nothingVanishes: Scenario<Traffic> = async (system, { policy, thread, messages, busyBefore, stopBefore }) => {
  const dead: number[] = [];
  const letters = system.deadLetters$.subscribe(({ type, payload }) => {
    if (type === "put") dead.push((payload as { n: number }).n);
  });
  const box = await system.spawn(boxes[policy], { placement: { thread } }).catch(nobodyThere);
  if (box === undefined) return;
  const accepted: number[] = [];
  const sending: Promise<unknown>[] = [];
  const asking: Promise<unknown>[] = [];
  for (let n = 0; n < messages; n++) {
    if (n === busyBefore) sending.push(box.tell("work", { ms: 5 }).catch(toldSo));
    if (n === stopBefore) sending.push(system.stop(box));
    sending.push(box.tell("put", { n }).then(() => accepted.push(n), toldSo));
    if (n % 4 === 3) asking.push(box.ask("handled", undefined, { timeout: 60_000 }).catch(toldSo));
  }
  await Promise.all([...sending, ...asking]);
  const handled = await box.ask("handled", undefined, { timeout: 60_000 }).catch(toldSo);
  if (!Array.isArray(handled)) return letters.unsubscribe(); // gone: how much it had handled is unknown; each asker was told
  const lost = (): number[] => accepted.filter((n) => !handled.includes(n) && !dead.includes(n));
  await arrived(system, () => lost().length === 0);
  letters.unsubscribe();
  expect(lost()).toEqual([]);
  expect(new Set(handled).size).toBe(handled.length);
};

/** Dead letters come over links, which a round trip on the control channel may overtake: gives them a few. */
async function arrived(system: System, condition: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !condition(); round++) await system.stats();
}

/** The actor is gone, or its mailbox is full: the sender was told so. */
function toldSo(error: unknown): undefined {
  if (!isTroupeError(error)) throw error;
  expect(["mailbox-full", "no-such-actor", "actor-stopped", "thread-died"]).toContain(error.code);
}

function nobodyThere(error: unknown): undefined {
  if (!isTroupeError(error)) throw error;
  expect(["thread-died", "no-such-thread"]).toContain(error.code);
}

/** Stopped from the start, an actor handles nothing: then all of it has to turn up as dead letters or refusals. */
async function stoppedActorsBuryEverything(system: System, { thread, messages }: Traffic): Promise<void> {
  const dead: number[] = [];
  const letters = system.deadLetters$.subscribe(({ type, payload }) => {
    if (type === "put") dead.push((payload as { n: number }).n);
  });
  const box = await system.spawn(backpressureBox, { placement: { thread } });
  await system.stop(box);
  await Promise.all(Array.from({ length: Math.min(messages, 4) }, (_, n) => box.tell("put", { n }).catch(toldSo)));
  await expect(box.ask("handled")).rejects.toMatchObject({ outcome: "rejected" });
  await arrived(system, () => dead.length > 0);
  letters.unsubscribe();
  expect(dead.length).toBeGreaterThan(0);
}

describe("invariant 6: what was accepted is handled, waits, or is a dead letter; askers are answered", () => {
  it("holds on the simulator", () => holdsSimulated(traffic(false), nothingVanishes));
  it("holds on the simulator when actors stop", () => holdsSimulated(traffic(true), nothingVanishes));
  it("holds on the simulator when threads die", () =>
    holdsSimulated(traffic(true), nothingVanishes, { faults: { threadDeath: 0.02 } }));
  it("holds on the simulator for actors that have stopped", () =>
    holdsSimulated(traffic(false), stoppedActorsBuryEverything));
  it("holds on real threads", () => holdsOnThreads(traffic(true), nothingVanishes));
});
