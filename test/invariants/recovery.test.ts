/**
 * Invariants 5, 6, 9, 10 and 11 of sagas: whatever fails when, every run comes to an end, and what its agents did and undid in the
 * world outside is exactly what its history says.
 */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Coordination,
  isTroupeError,
  type Run,
  type RunEvent,
  type RunRecord,
  type System,
} from "../../src/index.ts";
import type { Life, World } from "../../src/testing/index.ts";
import { simulateOnce } from "../../src/testing/simulator/simulate.ts";
import { hastyJournal } from "./hasty-journal.ts";
import { outside } from "./outside.ts";
import { always, type Conduct, final, hasty, ledger, steady, type Step, steps } from "./sagas.ts";
import { withoutIdempotencyKeys } from "./wire.ts";
import { crashes, holdsInWorld, isFoundBrokenInWorld, seeds, type SimulatedOptions, takenOver } from "./worlds.ts";
import { schedules } from "../schedules.ts";
import { quickExpect } from "../quick-expect.ts";

interface GivenOrder {
  readonly conduct: Readonly<Record<string, Conduct>>;
  readonly pointOfNoReturn: boolean;
  /** A coordination of its own. */
  readonly pinned: Coordination | undefined;
  /** When each process cancels it, and when it is to be cancelled if it hasn't ended, in milliseconds. */
  readonly cancelAfter: number | undefined;
  readonly timeout: number | undefined;
  /** Whether it is undone once it has completed. */
  readonly isSentBack: boolean;
}

interface Business {
  readonly orders: readonly GivenOrder[];
  /** Milliseconds between one switch of the coordination and the next, in each process. */
  readonly switches: readonly number[];
  /** What a person does about a run that could not be undone. */
  readonly person: "retries" | "resolves";
}

const coordination = fc.constantFrom("orchestrator" as const, "relay" as const);
const throws = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 2 }) },
  { weight: 1, arbitrary: fc.constant(always) },
);
const conductOf = (failures: fc.Arbitrary<number>, undoFailures: fc.Arbitrary<number>): fc.Arbitrary<Conduct> =>
  fc.record({
    before: fc.integer({ min: 0, max: 6 }),
    after: fc.integer({ min: 0, max: 6 }),
    throws: failures,
    undoThrows: undoFailures,
  });
const conductsOf = (conduct: fc.Arbitrary<Conduct>): fc.Arbitrary<Readonly<Record<string, Conduct>>> =>
  fc.record(Object.fromEntries(steps.map((step) => [step, conduct])));

/** There only now and then. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const business: fc.Arbitrary<Business> = fc.record({
  orders: fc.array(
    fc.record({
      conduct: conductsOf(conductOf(throws, throws)),
      pointOfNoReturn: fc.boolean(),
      pinned: rarely(coordination),
      cancelAfter: rarely(fc.integer({ min: 0, max: 150 })),
      timeout: rarely(fc.integer({ min: 1, max: 300 })),
      isSentBack: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  switches: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4 }),
  person: fc.constantFrom("retries" as const, "resolves" as const),
});

const faults: SimulatedOptions = {
  journal: "durable",
  faults: { ...crashes, threadDeath: 0.005, maxThreadDeaths: 2 },
};

const other = (now: Coordination): Coordination => (now === "relay" ? "orchestrator" : "relay");

/** A run that there is, or a new one. */
async function found(system: System, id: string, begin: () => Run): Promise<Run> {
  try {
    return await system.findRun(id);
  } catch (error) {
    if (isTroupeError(error, "no-such-run")) return begin();
    throw error;
  }
}

/** The run of an order: one that this process starts, or that an earlier one did. */
function runOf({ system }: Life, id: string, given: GivenOrder): Promise<Run> {
  const { pointOfNoReturn, conduct, pinned, timeout } = given;
  return found(system, id, () =>
    system.run(
      pointOfNoReturn ? final : hasty,
      { order: id, conduct },
      {
        id,
        ...(pinned === undefined ? {} : { coordination: pinned }),
        ...(timeout === undefined ? {} : { timeout }),
      },
    ),
  );
}

const ends = new Set([
  "step-failed",
  "run-cancelled",
  "run-undone",
  "compensation-failed",
  "timed-out",
  "run-resolved",
]);

/** Waits for a run's end, and says how it ended. */
async function endOf(run: Run): Promise<string> {
  await run.result.catch((error: unknown) => {
    if (!isTroupeError(error) || !ends.has(error.code)) throw error;
  });
  const end = (await run.history()).at(-1)?.event;
  return end?.type === "run-ended" ? end.status : `not ended, but ${end?.type}`;
}

async function bringToEnd(life: Life, id: string, given: GivenOrder, person: Business["person"]): Promise<void> {
  let run = await runOf(life, id, given);
  const cancelled = cancel(life, run, given);
  cancelled.catch(() => undefined); // where the journal is lost, the run says so first
  let status = await endOf(run);
  await cancelled;
  if (status === "completed" && given.isSentBack && !given.pointOfNoReturn) {
    run = await run.undo("sent back");
    status = await endOf(run);
  }
  while (status === "compensation-failed") {
    const isPastReturn = (await run.history()).some(({ event }) => given.pointOfNoReturn && isFinished(event, "c"));
    if (person === "resolves" || isPastReturn) await run.resolve("seen to by hand");
    else {
      for (const step of steps) outside.relent(`${id}/${step}/compensation`);
      run = await run.retryCompensation();
    }
    status = await endOf(run);
  }
}

async function cancel({ sleep }: Life, run: Run, { cancelAfter }: GivenOrder): Promise<void> {
  if (cancelAfter === undefined) return;
  await sleep(cancelAfter);
  await run.cancel("we changed our minds").catch((error: unknown) => {
    if (!isTroupeError(error, "past-point-of-no-return")) throw error;
  });
}

function isFinished(event: RunEvent, step: Step): boolean {
  return event.type === "step-finished" && event.step === step;
}

/** The steps of the events of a type, in order. */
function stepsOf(history: readonly RunEvent[], type: RunEvent["type"]): readonly string[] {
  return history.flatMap((event) => (event.type === type && "step" in event ? [event.step ?? ""] : []));
}

function count<T>(values: readonly T[], value: T): number {
  return values.filter((one) => one === value).length;
}

const turns: ReadonlySet<string> = new Set(["cancel-requested", "undo-requested"]);

/** Holds the history of a run that has ended to its own rules, and the world outside to the history. */
function checkRun(id: string, history: readonly RunEvent[], entries: readonly string[]): void {
  const end = history.at(-1);
  if (end?.type !== "run-ended") throw new Error(`${id} has not ended, but ${end?.type}`);
  quickExpect(["completed", "failed", "cancelled", "undone", "resolved"]).toContain(end.status);
  const finished = stepsOf(history, "step-finished");
  const undone = stepsOf(history, "compensation-finished");
  quickExpect(new Set(finished).size).toBe(finished.length);
  quickExpect(new Set(undone).size).toBe(undone.length);

  // once it turned back, no step starts; then what is unknown is undone first, and what finished last first
  const turn = history.findIndex(
    (event) => turns.has(event.type) || (event.type === "step-failed" && event.retryAt === undefined),
  );
  if (turn >= 0) quickExpect(stepsOf(history.slice(turn), "step-started")).toEqual([]);
  const uncertain = undone.filter((step) => !finished.includes(step));
  quickExpect(undone.slice(uncertain.length)).toEqual(finished.filter((step) => undone.includes(step)).toReversed());

  // what agents were asked to do is what the history says was begun, and what it says is over has been done
  const inForce: string[] = [];
  for (const step of steps) {
    const effect = outside.effect(`${id}/${step}`);
    quickExpect(effect.done).toBeLessThanOrEqual(count(stepsOf(history, "step-started"), step));
    quickExpect(effect.undone).toBeLessThanOrEqual(count(stepsOf(history, "compensation-started"), step));
    if (finished.includes(step)) expect(effect.done).toBeGreaterThan(0);
    if (undone.includes(step)) expect(effect.undone).toBeGreaterThan(0);
    if (undone.includes(step)) quickExpect(effect.isInForce).toBe(false);
    if (effect.isInForce) inForce.push(step);
  }
  const wasUndone = outside.log.flatMap((entry) => undone.filter((step) => entry === `-${id}/${step}`));
  quickExpect(wasUndone).toEqual(undone.filter((step) => wasUndone.includes(step)));
  const inLedger = steps.filter((step) => isLeft(entries, step));
  quickExpect(new Set(entries).size).toBe(entries.length);
  switch (end.status) {
    case "completed":
      quickExpect(inForce).toEqual(steps);
      quickExpect(inLedger).toEqual(steps);
      return;
    case "resolved": {
      const left = finished.filter((step) => !undone.includes(step) && !isUncompensated(history, step));
      expect(inForce).toEqual(expect.arrayContaining([...left]));
      return;
    }
    default:
      quickExpect(finished.filter((step) => !undone.includes(step))).toEqual([]);
      quickExpect(inForce).toEqual([]);
      quickExpect(inLedger).toEqual([]);
  }
}

function isLeft(entries: readonly string[], step: string): boolean {
  return entries.includes(`+${step}`) && !entries.includes(`-${step}`);
}

/** Its compensation failed: what of it was done is unknown. */
function isUncompensated(history: readonly RunEvent[], step: string): boolean {
  return stepsOf(history, "compensation-failed").includes(step);
}

const eventsOf = (records: readonly RunRecord[]): readonly RunEvent[] => records.map(({ event }) => event);

/** @param tell gets the history of each run. */
async function everyRunEnds(
  world: World,
  { orders, switches, person }: Business,
  tell: (history: readonly RunEvent[]) => void = () => undefined,
): Promise<void> {
  outside.reset();
  const ids = orders.map((_, i) => `order-${i}`);
  await world.survive(async (life) => {
    const { system, sleep } = life;
    const switching = (async () => {
      for (const ms of switches) {
        await sleep(ms);
        await system.switchCoordination(other(system.coordination));
      }
    })();
    switching.catch(() => undefined); // where the journal is lost, the orders say so first
    await Promise.all(orders.map((given, i) => bringToEnd(life, ids[i] as string, given, person)));
    await switching;
  });
  const histories = (): Promise<RunRecord[][]> =>
    world.survive(({ system }) => Promise.all(ids.map(async (id) => (await system.findRun(id)).history())));
  const before = await histories();
  for (const [i, id] of ids.entries()) {
    const { entries } = await world.survive(({ system }) => system.store.read(ledger, id));
    const history = eventsOf(before[i] ?? []);
    checkRun(id, history, entries);
    tell(history);
  }
  const log = [...outside.log];
  await world.crash();
  expect(await histories()).toEqual(before); // and nothing goes on
  await world.sleep(1_000);
  expect(outside.log).toEqual(log);
}

/** Orders that fail in one way or not at all, whenever threads die. */
const steadyOrders = fc.array(conductsOf(conductOf(throws, fc.integer({ min: 0, max: 2 }))), {
  minLength: 1,
  maxLength: 3,
});

/** What came of the orders under one coordination, in the world outside and in the store. */
async function outcomeUnder(
  start: Coordination,
  orders: readonly Readonly<Record<string, Conduct>>[],
  seed: number,
): Promise<unknown> {
  let outcome: unknown;
  await simulateOnce(
    async ({ survive }) => {
      outside.reset();
      outcome = await survive(({ system }) =>
        Promise.all(
          orders.map(async (conduct, i) => {
            const order = `order-${i}`;
            const status = await endOf(
              await found(system, order, () => system.run(steady, { order, conduct }, { id: order })),
            );
            const { entries } = await system.store.read(ledger, order);
            return { status, net: steps.filter((step) => isLeft(entries, step)) };
          }),
        ),
      );
    },
    seed,
    { ...faults, system: { coordination: start } },
  );
  return { outcome, inForce: outside.inForce };
}

/** A participant's thread died while an attempt was on its way to the journal: that was taken for lost, undone, and done in the end. */
const lostTooSoon: [Business, number] = [
  {
    orders: [
      {
        conduct: {
          a: { before: 1, after: 6, throws: 0, undoThrows: 0 },
          b: { before: 1, after: 2, throws: 0, undoThrows: 0 },
          c: { before: 0, after: 2, throws: 2, undoThrows: 0 },
          d: { before: 6, after: 3, throws: 0, undoThrows: 1 },
          e: { before: 2, after: 0, throws: 1, undoThrows: 0 },
        },
        pointOfNoReturn: false,
        pinned: undefined,
        cancelAfter: undefined,
        timeout: undefined,
        isSentBack: false,
      },
      {
        conduct: {
          a: { before: 0, after: 6, throws: 0, undoThrows: always },
          b: { before: 1, after: 0, throws: 0, undoThrows: always },
          c: { before: 2, after: 5, throws: 0, undoThrows: 0 },
          d: { before: 4, after: 1, throws: 0, undoThrows: 0 },
          e: { before: 3, after: 5, throws: 0, undoThrows: 0 },
        },
        pointOfNoReturn: false,
        pinned: undefined,
        cancelAfter: 33,
        timeout: undefined,
        isSentBack: false,
      },
      {
        conduct: {
          a: { before: 1, after: 3, throws: 0, undoThrows: 0 },
          b: { before: 0, after: 0, throws: 1, undoThrows: 1 },
          c: { before: 2, after: 0, throws: 0, undoThrows: 2 },
          d: { before: 4, after: 5, throws: 0, undoThrows: 0 },
          e: { before: 2, after: 1, throws: 0, undoThrows: 0 },
        },
        pointOfNoReturn: true,
        pinned: undefined,
        cancelAfter: 1,
        timeout: undefined,
        isSentBack: false,
      },
    ],
    switches: [12, 30, 8, 4],
    person: "retries",
  },
  2074533614,
];

/** An attempt that was held up went ahead while its step was being undone, as the first undoing has the number of the first attempt. */
const aheadTooLate: [Business, number] = [
  {
    orders: [
      {
        conduct: {
          a: { before: 6, after: 4, throws: 0, undoThrows: 0 },
          b: { before: 4, after: 4, throws: 0, undoThrows: 0 },
          c: { before: 2, after: 2, throws: 0, undoThrows: 0 },
          d: { before: 0, after: 4, throws: 0, undoThrows: 0 },
          e: { before: 5, after: 1, throws: 0, undoThrows: 0 },
        },
        pointOfNoReturn: true,
        pinned: undefined,
        cancelAfter: 7,
        timeout: undefined,
        isSentBack: true,
      },
      {
        conduct: {
          a: { before: 2, after: 1, throws: 0, undoThrows: 0 },
          b: { before: 1, after: 6, throws: 0, undoThrows: 0 },
          c: { before: 0, after: 6, throws: 0, undoThrows: 0 },
          d: { before: 2, after: 2, throws: 0, undoThrows: 0 },
          e: { before: 4, after: 2, throws: 0, undoThrows: 2 },
        },
        pointOfNoReturn: true,
        pinned: undefined,
        cancelAfter: 100,
        timeout: undefined,
        isSentBack: false,
      },
    ],
    switches: [35],
    person: "retries",
  },
  1996056129,
];

/** Events, and how runs end. */
const toBeMet: ReadonlySet<string> = new Set([
  ...["completed", "failed", "cancelled", "undone", "compensation-failed", "resolved"],
  ...["step-finished", "step-failed", "uncertain", "compensation-finished", "compensation-failed"],
  ...[
    "run-recovered",
    "coordination-switched",
    "cancel-requested",
    "undo-requested",
    "compensation-retried",
    "run-resolved",
  ],
]);

describe("invariants 5, 6, 9, 10 and 11: every run ends, and its effects are what its history says", () => {
  it("holds when threads die and processes crash, steps throw, and the coordination is switched", () =>
    holdsInWorld(business, everyRunEnds, faults, [lostTooSoon]));

  it("holds wherever another process takes the journal over", () =>
    holdsInWorld(business, everyRunEnds, { ...takenOver, faults: { ...takenOver.faults, threadDeath: 0.005 } }, [
      aheadTooLate,
    ]));

  it("meets what it is about", async () => {
    const met = new Map<string, number>();
    const tell = (history: readonly RunEvent[]): void => {
      for (const event of history) {
        const isUncertain = event.type === "step-failed" && event.isUncertain === true;
        const what = event.type === "run-ended" ? event.status : isUncertain ? "uncertain" : event.type;
        met.set(what, (met.get(what) ?? 0) + 1);
      }
    };
    const few = (): string[] => [...toBeMet].filter((what) => (met.get(what) ?? 0) < 10);
    for (const [seed, given] of fc.sample(business, { numRuns: 200, seed: 1 }).entries()) {
      await simulateOnce((world) => everyRunEnds(world, given, tell), seed, faults);
      if (few().length === 0) break;
    }
    expect(few()).toEqual([]);
  });

  it("holds for orchestrator and relay alike: they leave the same effects", async () => {
    await fc.assert(
      fc.asyncProperty(steadyOrders, seeds, async (orders, seed) => {
        expect(await outcomeUnder("relay", orders, seed)).toEqual(await outcomeUnder("orchestrator", orders, seed));
      }),
      { numRuns: schedules, endOnFailure: true },
    );
  });

  it("does not hold with a journal that acknowledges before it keeps", async () => {
    expect(await isFoundBrokenInWorld(business, everyRunEnds, { ...faults, journals: hastyJournal })).toMatch(
      /expected/,
    );
  });

  it("does not hold when the store forgets what was committed before", async () => {
    const failure = await isFoundBrokenInWorld(business, everyRunEnds, { ...faults, tamper: withoutIdempotencyKeys });
    expect(failure).toMatch(/expected/);
  });
});
