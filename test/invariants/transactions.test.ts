/** Invariants 3, 4 and 5 over several keys: a transaction is whole, serializable and lands once. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ActorRef, System } from "../../src/index.ts";
import { isTroupeError } from "../../src/index.ts";
import { account, doctor, startingCents, teller, ward } from "./bank.ts";
import { asStoreMessage, mapFrames } from "./wire.ts";
import { crashes, holdsOnThreads, holdsSimulated, isFoundBroken, type SimulatedOptions } from "./worlds.ts";

const faults = { delay: 0.3, maxDelay: 20, duplicate: 0.1 };

interface Day {
  /** For each teller, what it does, one after another; an audit where nothing is moved. */
  readonly tellers: readonly (readonly { readonly from: string; readonly to: string; readonly cents: number }[])[];
}

const accounts = ["a", "b", "c"];
const day: fc.Arbitrary<Day> = fc.record({
  tellers: fc.array(
    fc.array(
      fc
        .record({ pair: fc.shuffledSubarray(accounts, { minLength: 2, maxLength: 2 }), cents: fc.nat(90) })
        .map(({ pair: [from = "", to = ""], cents }) => ({ from, to, cents })),
      { minLength: 1, maxLength: 4 },
    ),
    { minLength: 2, maxLength: 4 },
  ),
});

/** Spawns on another thread when the one it was to be on dies meanwhile. */
async function spawned<R>(spawn: () => Promise<R>): Promise<R> {
  return spawn().catch((error: unknown) => {
    if (isTroupeError(error, "thread-died")) return spawned(spawn);
    throw error;
  });
}

/** Money moves between accounts all day, and every count comes to the same. */
async function noCentIsLost(system: System, { tellers }: Day, scope: string): Promise<void> {
  const keys = accounts.map((id) => `${scope}-${id}`);
  const total = keys.length * startingCents;
  const refs = await Promise.all(tellers.map(() => spawned(() => system.spawn(teller))));
  let moved = 0;
  const worked = tellers.map(async (transfers, i) => {
    const ref = refs[i] as ActorRef<typeof teller.protocol>;
    for (const { from, to, cents } of transfers) {
      const done = await ref
        .ask("transfer", { from: `${scope}-${from}`, to: `${scope}-${to}`, cents })
        .catch(() => undefined); // its thread may die
      if (done === true) moved++;
      const counted = await ref.ask("audit", { accounts: keys }).catch(() => undefined);
      if (counted !== undefined) expect(counted).toBe(total);
    }
  });
  await Promise.all(worked);
  const snapshots = await system.store.transact(
    keys.map((key) => [account, key] as const),
    () => undefined,
  );
  expect(snapshots.reduce((sum, { state }) => sum + state.cents, 0)).toBe(total);
  expect(snapshots.reduce((sum, { state }) => sum + state.transfers, 0)).toBeGreaterThanOrEqual(2 * moved);
  // at each position of the order, not only where a reader looked
  const histories = await Promise.all(keys.map((key) => system.store.history(account, key)));
  const all = histories.flat().toSorted((one, other) => one.position - other.position);
  const cents = new Map(keys.map((key) => [`account/${key}`, startingCents]));
  for (const [i, { key, state, position }] of all.entries()) {
    cents.set(key, state.cents);
    if (all[i + 1]?.position !== position) expect([...cents.values()].reduce((sum, one) => sum + one)).toBe(total);
  }
}

describe("a bank's total is the same at every position and in every transaction that reads it (invariant 3)", () => {
  it("holds on the simulator, with replicas lagging", () => holdsSimulated(day, noCentIsLost, { faults }));

  it("holds on the simulator when threads die: no transaction is left by halves", () =>
    holdsSimulated(day, noCentIsLost, { faults: { ...faults, threadDeath: 0.02 } }));

  it("holds on the simulator when the process crashes: nor after that", () =>
    holdsSimulated(day, noCentIsLost, { journal: "durable", faults: { ...faults, ...crashes } }));

  it("holds on real threads", () => holdsOnThreads(day, noCentIsLost));

  it("does not hold when a part of a transaction gets lost on its way", async () => {
    const failure = await isFoundBroken(day, noCentIsLost, {
      tamper: tampering((changes) => (changes.filter(isWritten).length > 1 ? changes.slice(1) : changes)),
    });
    expect(failure).toMatch(/expected|conflict/i);
  });
});

interface Shift {
  readonly wards: number;
  readonly rounds: number;
  readonly doctors: number;
}

const shift: fc.Arbitrary<Shift> = fc.record({
  wards: fc.integer({ min: 2, max: 4 }),
  rounds: fc.integer({ min: 1, max: 3 }),
  doctors: fc.integer({ min: 2, max: 3 }),
});

/** Each ward lets another doctor go, if it sees that another one stays. They write different keys: only what they read collides. */
async function somebodyStays(system: System, { wards, rounds, doctors }: Shift, scope: string): Promise<void> {
  const names = Array.from({ length: doctors }, (_, i) => `${scope}-${i}`);
  await system.store.transact(
    names.map((name) => [doctor, name] as const),
    () => undefined,
  );
  const refs = await Promise.all(
    Array.from({ length: wards }, (_, i) => system.spawn(ward, { placement: { thread: 1 + (i % 2) } })),
  );
  for (let round = 0; round < rounds; round++) {
    const worked = refs.map(async (ref, i) => {
      const name = names[(i + round) % names.length] as string;
      await ref.ask("release", { name, others: names.filter((other) => other !== name) });
      expect(await ref.ask("onCall", { names })).toBeGreaterThan(0);
    });
    await Promise.all(worked);
    await refs[0]?.ask("call", { name: names[round % names.length] as string });
  }
  const histories = await Promise.all(names.map((name) => system.store.history(doctor, name)));
  const onCall = new Map<string, boolean>();
  for (const { key, state } of histories.flat().toSorted((one, other) => one.position - other.position)) {
    onCall.set(key, state.onCall);
    expect([...onCall.values()].some((is) => is)).toBe(true);
  }
}

describe("there is no write skew: a doctor stays on call (serializability)", () => {
  it("holds on the simulator, with replicas lagging", () => holdsSimulated(shift, somebodyStays, { faults }));

  it("holds on real threads", () => holdsOnThreads(shift, somebodyStays));

  it("does not hold when what a transaction only read isn't checked", async () => {
    const failure = await isFoundBroken(shift, somebodyStays, {
      faults,
      tamper: tampering((changes) => (changes.some(isWritten) ? changes.filter(isWritten) : changes)),
    });
    expect(failure).toMatch(/expected/);
  });
});

interface WireChange {
  readonly patches?: unknown;
}

function isWritten({ patches }: WireChange): boolean {
  return patches !== undefined;
}

/** Changes what commits ask of the store, on their way there. */
function tampering(change: (changes: WireChange[]) => WireChange[]): NonNullable<SimulatedOptions["tamper"]> {
  return () => (batch) =>
    mapFrames(batch, (frame) => {
      const { request } = (asStoreMessage(frame)?.message ?? {}) as { request?: { changes: WireChange[] } };
      if (request !== undefined) request.changes = change(request.changes);
      return frame;
    });
}
