/**
 * Invariants 5 and 11 of durable actors: whatever a message changes and sends happens once, whichever thread dies when; and
 * nothing leaves an actor that its store does not hold.
 */

import * as fc from "fast-check";
import { BehaviorSubject, combineLatest, filter, firstValueFrom, map, type Observable } from "rxjs";
import { describe, expect, it } from "vitest";
import { mailState } from "../../src/actors/outbox-state.ts";
import { isTroupeError, type Snapshot, type System } from "../../src/index.ts";
import { purse, purses } from "./actors.ts";
import { asStoreMessage, mapFrames, withoutIdempotencyKeys } from "./wire.ts";
import {
  crashes,
  holdsInWorld,
  holdsOnThreads,
  holdsSimulated,
  isFoundBroken,
  type SimulatedOptions,
  type WorldScenario,
} from "./worlds.ts";

interface Pass {
  readonly from: number;
  readonly route: readonly number[];
  readonly cents: number;
}

const deaths: SimulatedOptions = { faults: { threadDeath: 0.02, maxThreadDeaths: 3 } };

const people = 3;
const person = fc.integer({ min: 0, max: people - 1 });
const passes: fc.Arbitrary<readonly Pass[]> = fc.array(
  fc.record({
    from: person,
    route: fc.array(person, { minLength: 1, maxLength: 3 }),
    cents: fc.integer({ min: 1, max: 50 }),
  }),
  { minLength: 1, maxLength: 6 },
);

/** What may become of an ask or a spawn when a thread dies: both are tried again. */
const passing = new Set(["thread-died", "no-such-thread", "no-such-actor", "actor-stopped", "name-taken"]);

async function insist<T>(system: System, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTroupeError(error) || !passing.has(error.code)) throw error;
      await system.stats(); // a round trip, so that what is under way gets on
    }
  }
}

/** The actor of that name; started again where it went down with its thread. */
function alive(system: System, name: string) {
  return insist(system, async () => {
    try {
      return await system.find(purse, name);
    } catch (error) {
      if (!isTroupeError(error, "no-such-actor")) throw error;
      return await system.spawn(purse, { name });
    }
  });
}

/** The newest state of a key; `undefined` until there is one. */
function watched<S>(versions: Observable<Snapshot<S>>): BehaviorSubject<S | undefined> {
  const newest = new BehaviorSubject<S | undefined>(undefined);
  versions.pipe(map(({ state }) => state)).subscribe(newest);
  return newest;
}

/** A thread died with a commit on its way to the journal, and the next life never delivered what that sent. */
const lostBefore: [readonly Pass[], number][] = [
  [
    [
      { from: 0, route: [1, 0], cents: 45 },
      { from: 0, route: [2, 1], cents: 5 },
      { from: 0, route: [1], cents: 19 },
      { from: 0, route: [2, 2], cents: 1 },
      { from: 1, route: [1, 1, 1], cents: 4 },
      { from: 0, route: [1, 1], cents: 32 },
    ],
    1043969897,
  ],
];

/** @param answered what each gift's giver was answered, also in processes that have crashed since. */
async function giftsHappenOnce(
  system: System,
  given: readonly Pass[],
  scope: string,
  answered = new Map<number, number>(),
): Promise<void> {
  const names = Array.from({ length: people }, (_, i) => `${scope}-${i}`);
  const nameOf = (i: number): string => names[i] as string;
  const reviving: Promise<unknown>[] = [];
  const revivals = system.events$.pipe(filter(({ type }) => type === "thread-died")).subscribe(() => {
    const revived = Promise.all(names.map((name) => alive(system, name)));
    revived.catch(() => undefined); // it is awaited at the end, unless something else fails before
    reviving.push(revived);
  });
  await Promise.all(names.map((name) => alive(system, name)));
  const expected = given.flatMap(({ route }, n) => route.map((_, i) => `${n}/${i + 1}`));
  const state = names.map((name) => watched(system.store.watch(purses, name)));
  const mail = names.map((name) => watched(system.store.watch(mailState, `purse/${name}`)));
  const arrived = firstValueFrom(
    combineLatest([...state, ...mail]).pipe(
      filter(() => state.reduce((sum, { value }) => sum + (value?.got.length ?? 0), 0) >= expected.length),
      filter(() => mail.every(({ value }) => (value?.outbox.length ?? 0) === 0)),
    ),
    { defaultValue: undefined }, // the system closed under it, since something else has failed
  );
  const pass = ({ from, route, cents }: Pass, n: number): Promise<void> =>
    insist(system, async () => {
      const giver = await alive(system, nameOf(from));
      const gift = { route: route.map(nameOf), cents, note: String(n) };
      const left = await giver.ask("pass", gift, { idempotencyKey: `${scope}/${n}`, timeout: 60_000 });
      // a caller that asks again under the same key is answered as the first time, and nothing happens
      expect(left).toBe(answered.get(n) ?? left);
      answered.set(n, left);
    });
  await Promise.all(given.map(pass));
  await Promise.all(given.map(pass));
  await arrived;
  revivals.unsubscribe();
  await Promise.all(reviving);
  const ends = await Promise.all(names.map((name) => system.store.read(purses, name)));
  expect(ends.flatMap(({ got }) => got).toSorted()).toEqual(expected.toSorted());
  expect(ends.reduce((sum, { cents }) => sum + cents, 0)).toBe(100 * people);
}

const thoughProcessesCrash: WorldScenario<readonly Pass[]> = (world, given) => {
  const answered = new Map<number, number>();
  return world.survive(({ system }) => giftsHappenOnce(system, given, "case", answered));
};

describe("invariants 5 and 11: what a durable actor changes and sends happens once", () => {
  it("holds on the simulator", () => holdsSimulated(passes, giftsHappenOnce));
  it("holds on the simulator when threads die", () => holdsSimulated(passes, giftsHappenOnce, deaths));
  it("holds when threads die while the journal takes its time", () =>
    holdsSimulated(passes, giftsHappenOnce, { ...deaths, journal: "durable" }, lostBefore));
  it("holds when the process crashes, and threads die", () =>
    holdsInWorld(passes, thoughProcessesCrash, { journal: "durable", faults: { ...deaths.faults, ...crashes } }));
  it("holds on real threads", () => holdsOnThreads(passes, giftsHappenOnce));

  it("does not hold when the store forgets what was handled", async () => {
    const failure = await isFoundBroken(passes, giftsHappenOnce, {
      ...deaths,
      tamper: withoutIdempotencyKeys,
    });
    expect(failure).toMatch(/expected/);
  });

  it("does not hold when a new incarnation finds nothing in its outbox", async () => {
    const failure = await isFoundBroken(passes, giftsHappenOnce, {
      ...deaths,
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const { kind, snapshot } = (asStoreMessage(frame)?.message ?? {}) as { kind?: string; snapshot?: Snapshot };
          if (kind === "followed") (snapshot?.state as { outbox?: unknown[] } | undefined)?.outbox?.splice(0);
          return frame;
        }),
    });
    expect(failure).toMatch(/still waits|doesn't fit/);
  });
});
