/** Invariant 6: nothing accepted vanishes. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTroupeError, type System } from "../../src/index.ts";
import type { ActorFailure } from "../../src/testing/simulator/actor-failure.ts";
import { backpressureBox, dropNewestBox, dropOldestBox, rejectBox, witness, witnessed } from "./actors.ts";
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

/** What is told when all of it is about to end. */
interface LastWords {
  /** Where each witness is. */
  readonly placements: readonly (number | "dedicated")[];
  /** How many milliseconds the handling of each note takes, and which witness is to tell it on to which; `undefined` from outside. */
  readonly notes: readonly { readonly ms: number; readonly from: number | undefined; readonly to: number }[];
  /** Before which note a witness is stopped, and which. */
  readonly stop: { readonly before: number; readonly who: number };
  /** How many round trips the system goes on for after the last note. */
  readonly rounds: number;
}

const lastWords: fc.Arbitrary<LastWords> = fc.record({
  placements: fc.array(fc.constantFrom(0, 1, 2, "dedicated" as const), { minLength: 2, maxLength: 4 }),
  notes: fc.array(
    fc.record({ ms: fc.constantFrom(0, 0, 5), from: fc.option(fc.nat(3), { nil: undefined }), to: fc.nat(3) }),
    { minLength: 1, maxLength: 12 },
  ),
  stop: fc.record({ before: fc.nat(20), who: fc.nat(3) }),
  rounds: fc.nat(2),
});

/** A witness of a dedicated thread is stopped while another one waits to tell it a note. */
const stoppedWhileOneWaits: LastWords = {
  placements: ["dedicated", 1, 0],
  notes: [
    { ms: 5, from: undefined, to: 0 },
    { ms: 5, from: 3, to: 3 },
    { ms: 0, from: 2, to: 3 },
    { ms: 0, from: 3, to: 2 },
    { ms: 0, from: 2, to: 3 },
    { ms: 5, from: 3, to: 3 },
    { ms: 5, from: 0, to: 3 },
    { ms: 0, from: 3, to: 2 },
    { ms: 5, from: 2, to: 0 },
    { ms: 0, from: 0, to: 3 },
    { ms: 0, from: 2, to: 3 },
  ],
  stop: { before: 0, who: 0 },
  rounds: 1,
};

/** A system closes, and a thread with its only actor, while messages are on their way between all of them. */
const nothingVanishesInTheEnd: Scenario<LastWords> = async (system, { placements, notes, stop, rounds }) => {
  const { accepted, handled } = witnessed;
  for (const some of [accepted, handled]) some.clear();
  const dead: number[] = [];
  system.deadLetters$.subscribe(({ type, payload }) => {
    const told = type === "tellOn" ? (payload as { notes: { n: number }[] }).notes : [payload as { n: number }];
    for (const { n } of told) dead.push(n);
  });
  const witnesses = await Promise.all(
    placements.map((at) => system.spawn(witness, { placement: at === "dedicated" ? at : { thread: at } })),
  );
  const at = (n: number): (typeof witnesses)[number] => witnesses[n % witnesses.length]!;
  const sending: Promise<unknown>[] = [];
  for (const [n, { ms, from, to }] of notes.entries()) {
    if (n === stop.before) sending.push(system.stop(at(stop.who)));
    const told =
      from === undefined ? at(to).tell("note", { n, ms }) : at(from).tell("tellOn", { to: at(to), notes: [{ n, ms }] });
    sending.push(told.then(() => from === undefined && accepted.add(n), toldSoInTheEnd));
  }
  for (let round = 0; round < rounds; round++) await system.stats();
  await system.close();
  await Promise.all(sending);
  expect([...accepted].filter((n) => !handled.has(n) && !dead.includes(n))).toEqual([]);
  expect(dead.filter((n) => handled.has(n))).toEqual([]);
  expect(new Set(dead).size).toBe(dead.length);
};

function toldSoInTheEnd(error: unknown): undefined {
  if (isTroupeError(error, "system-closed")) return undefined;
  return toldSo(error);
}

/** A witness that tells another on is told as any sender is: full, where it tells itself, or gone. */
function expects({ error }: ActorFailure): boolean {
  toldSoInTheEnd(error);
  return true;
}

describe("invariant 6: what was accepted is handled, waits, or is a dead letter; askers are answered", () => {
  it("holds on the simulator", () => holdsSimulated(traffic(false), nothingVanishes));
  it("holds on the simulator when actors stop", () => holdsSimulated(traffic(true), nothingVanishes));
  it("holds on the simulator when threads die", () =>
    holdsSimulated(traffic(true), nothingVanishes, { faults: { threadDeath: 0.02 } }));
  it("holds on the simulator for actors that have stopped", () =>
    holdsSimulated(traffic(false), stoppedActorsBuryEverything));
  it("holds on the simulator when the system closes", () =>
    holdsSimulated(lastWords, nothingVanishesInTheEnd, { expects }, [[stoppedWhileOneWaits, 30_550_648]]));
  it("holds on real threads", () => holdsOnThreads(traffic(true), nothingVanishes));
});
