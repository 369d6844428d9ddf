/** Invariant 3: no lost update. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ActorRef, isTroupeError, type System } from "../../src/index.ts";
import { adder, tally } from "../fixtures/actors.ts";
import { holdsOnThreads, holdsSimulated, isFoundBroken } from "./worlds.ts";
import { asStoreMessage, mapFrames } from "./wire.ts";

interface Load {
  /** For each actor, which key it adds to, and how much, one after another. */
  readonly actors: readonly (readonly { readonly key: string; readonly by: number }[])[];
}

const load: fc.Arbitrary<Load> = fc.record({
  actors: fc.array(
    fc.array(fc.record({ key: fc.constantFrom("a", "b"), by: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    { minLength: 2, maxLength: 4 },
  ),
});

interface Acknowledged {
  readonly key: string;
  readonly by: number;
  readonly version: number;
  readonly n: number;
}

/** Lets all actors add at the same time; returns what was acknowledged. */
async function addAll(system: System, { actors }: Load, scope: string): Promise<Acknowledged[]> {
  // a thread may die while an actor is being started on it: then the next one is tried
  const spawn = (): Promise<ActorRef<typeof adder.protocol>> =>
    system
      .spawn(adder)
      .catch((error: unknown) => (isTroupeError(error, "thread-died") ? spawn() : Promise.reject(error)));
  const refs = await Promise.all(actors.map(spawn));
  const rounds = actors.map(async (additions, index) => {
    const acknowledged: Acknowledged[] = [];
    for (const addition of additions) {
      const outcome = await refs[index]
        ?.ask("add", { ...addition, key: `${scope}-${addition.key}` })
        .catch(() => undefined); // its thread may die
      if (outcome !== undefined) acknowledged.push({ ...addition, ...outcome });
    }
    return acknowledged;
  });
  return (await Promise.all(rounds)).flat();
}

/** Versions are 1, 2, 3 …, each from the one before, and each acknowledged addition is exactly one of them. */
async function checkHistory(system: System, key: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const versions = await system.store.history(tally, key, { order: "oldest-first" });
  expect(versions.map(({ version }) => version)).toEqual(versions.map((_, index) => index + 1));
  expect(versions.map(({ parent }) => parent)).toEqual(versions.map((_, index) => index));
  const added = versions.map(({ state }, index) => state.n - (versions[index - 1]?.state.n ?? 0));
  for (const { by, version, n } of acknowledged) {
    expect(added[version - 1]).toBe(by);
    expect(versions[version - 1]?.state.n).toBe(n);
  }
  expect(new Set(acknowledged.map(({ version }) => version)).size).toBe(acknowledged.length);
}

async function everyAdditionLands(system: System, given: Load, scope: string): Promise<void> {
  const acknowledged = await addAll(system, given, scope);
  expect(acknowledged).toHaveLength(given.actors.flat().length);
  for (const key of ["a", "b"]) {
    const mine = acknowledged.filter((addition) => addition.key === key);
    await checkHistory(system, `${scope}-${key}`, mine);
    const expected = mine.reduce((sum, { by }) => sum + by, 0);
    expect(await system.store.read(tally, `${scope}-${key}`)).toEqual({ n: expected });
  }
}

describe("invariant 3: an acknowledged commit is exactly one version, and none is lost", () => {
  it("holds on the simulator", () => holdsSimulated(load, everyAdditionLands));

  it("holds on the simulator when a thread dies: what was acknowledged is there", () =>
    holdsSimulated(
      load,
      async (system, given, scope) => {
        const acknowledged = await addAll(system, given, scope);
        for (const key of ["a", "b"])
          await checkHistory(
            system,
            `${scope}-${key}`,
            acknowledged.filter((addition) => addition.key === key),
          );
      },
      { faults: { threadDeath: 0.02 } },
    ));

  it("holds on real threads", () => holdsOnThreads(load, everyAdditionLands));

  it("does not hold without the version check", async () => {
    const failure = await isFoundBroken(load, everyAdditionLands, {
      // every commit is made to look as if it was computed from the newest version
      tamper: () => {
        const newest = new Map<string, number>();
        return (batch) =>
          mapFrames(batch, (frame) => {
            const store = asStoreMessage(frame);
            const { metas, updates, request } = (store?.message ?? {}) as {
              metas?: { key: string; version: number }[];
              updates?: { meta: { key: string; version: number } }[];
              request?: { changes: { key: string; parent: number }[] };
            };
            for (const { key, version } of metas ?? updates?.map(({ meta }) => meta) ?? [])
              newest.set(key, Math.max(version, newest.get(key) ?? 0));
            for (const change of request?.changes ?? [])
              if (change.parent > 0) change.parent = newest.get(change.key) ?? change.parent;
            return frame;
          });
      },
    });
    expect(failure).toMatch(/expected|conflict/i);
  });
});
