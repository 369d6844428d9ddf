/**
 * Invariants 5, 7 and 11 of a system that is shut down, at any moment and with any deadline: the caller of a run is told what
 * became of it, nothing is recorded as failed because the system ends, and the next process does the rest, once.
 */

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type Coordination, isTroupeError, type Run, type System } from "../../src/index.ts";
import type { World } from "../../src/testing/index.ts";
import { outside } from "./outside.ts";
import { type Conduct, ledger, steady, steps } from "./sagas.ts";
import { crashes, holdsInWorld, type SimulatedOptions } from "./worlds.ts";

interface Deployments {
  readonly orders: readonly Readonly<Record<string, Conduct>>[];
  readonly pinned: Coordination;
  /** When each process but the last is shut down, in milliseconds, and how long that may take. */
  readonly shutdowns: readonly { readonly after: number; readonly deadline: number }[];
}

const conduct: fc.Arbitrary<Conduct> = fc.record({
  before: fc.integer({ min: 0, max: 6 }),
  after: fc.integer({ min: 0, max: 6 }),
  throws: fc.constant(0),
  undoThrows: fc.constant(0),
});

const deployments: fc.Arbitrary<Deployments> = fc.record({
  orders: fc.array(fc.record(Object.fromEntries(steps.map((step) => [step, conduct]))), { minLength: 1, maxLength: 4 }),
  pinned: fc.constantFrom("orchestrator" as const, "relay" as const),
  shutdowns: fc.array(
    fc.record({ after: fc.integer({ min: 0, max: 60 }), deadline: fc.integer({ min: 0, max: 30 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
});

const maxRuns = 2;
const options: SimulatedOptions = {
  journal: "durable",
  system: { maxRuns },
  faults: { delay: 0.2, duplicate: 0.1 },
};

async function hasRun(system: System, id: string): Promise<boolean> {
  try {
    await system.findRun(id);
    return true;
  } catch (error) {
    if (!isTroupeError(error, "no-such-run")) throw error;
    return false;
  }
}

async function runOf(system: System, order: string, { pinned }: Deployments, given: Readonly<Record<string, Conduct>>) {
  if (await hasRun(system, order)) return system.findRun(order);
  return system.run(steady, { order, conduct: given }, { id: order, coordination: pinned });
}

/** How a caller that waits for a run is told that it ended. */
async function told(run: Run): Promise<string> {
  try {
    await run.result;
    return "completed";
  } catch (error) {
    if (!isTroupeError(error, "system-closed")) throw error;
    return error.details["isRecorded"] === true ? "unfinished" : "not started";
  }
}

async function everyRunIsDoneOnce(world: World, given: Deployments): Promise<void> {
  outside.reset();
  const ids = given.orders.map((_, n) => `order-${n}`);
  const begin = (system: System): Promise<Run[]> =>
    Promise.all(given.orders.map((order, n) => runOf(system, ids[n] as string, given, order)));

  for (const { after, deadline } of given.shutdowns) {
    const ended = await world.survive(async ({ system, sleep }) => {
      const ends = (await begin(system)).map(told);
      expect((await system.stats()).runs.inFlight).toBeLessThanOrEqual(maxRuns);
      await sleep(after);
      const left = await system.shutdown({ deadline });
      const said = await Promise.all(ends);
      expect([...left.unfinished].sort()).toEqual(ids.filter((_, n) => said[n] === "unfinished"));
      expect(left.notStarted).toEqual(ids.filter((_, n) => said[n] === "not started"));
      return said;
    });
    await world.crash();
    const isThere = await world.survive(({ system }) => Promise.all(ids.map((id) => hasRun(system, id))));
    expect(isThere).toEqual(ended.map((end) => end !== "not started"));
  }

  await world.survive(async ({ system }) => {
    for (const run of await begin(system)) await run.result;
  });
  for (const id of ids) {
    const history = await world.survive(async ({ system }) => (await system.findRun(id)).history());
    const { entries } = await world.survive(({ system }) => system.store.read(ledger, id));
    expect(history.map(({ event }) => event.type).filter((type) => /failed|cancel|compensat/.test(type))).toEqual([]);
    expect(history.at(-1)).toMatchObject({ event: { type: "run-ended", status: "completed" } });
    expect([...entries].sort()).toEqual(steps.map((step) => `+${step}`));
    expect(outside.log.filter((entry) => entry.includes(`${id}/`)).sort()).toEqual(
      steps.map((step) => `+${id}/${step}`),
    );
  }
}

it("a shutdown tells what became of each run, fails none, and the next process does the rest once", () =>
  holdsInWorld(deployments, everyRunIsDoneOnce, options));

it("and so it is where processes crash as well", () =>
  holdsInWorld(deployments, everyRunIsDoneOnce, { ...options, faults: { ...options.faults, ...crashes } }));
