/** Invariant 14, of queues: no more runs go on than a queue says, none is released twice or overtaken by one that comes after it; with it 10 and 11. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Coordination,
  isTroupeError,
  type Journal,
  memoryJournal,
  type QueueOptions,
  type Run,
  type System,
} from "../../src/index.ts";
import { rankOf } from "../../src/workflows/queue/rank.ts";
import { type RunState, runState } from "../../src/workflows/history/run-state.ts";
import { type QueueState, queueState } from "../../src/workflows/queue/queue-state.ts";
import type { CommitRecord } from "../../src/store/versions/commit.ts";
import type { JournalSource } from "../../src/testing/simulator/world/simulated-journal.ts";
import { served, serving } from "./clerks.ts";
import { crashes, holdsInWorld, holdsOnThreads, isFoundBrokenInWorld, type WorldScenario } from "./worlds.ts";

type Step =
  | { readonly do: "run"; readonly key: string; readonly priority: number; readonly ms: number }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "cancel"; readonly nth: number }
  | { readonly do: "limit"; readonly concurrency: number }
  | { readonly do: "switch" | "crash" };

interface Case {
  readonly perKey: { readonly concurrency: number; readonly rate?: number };
  readonly all: { readonly concurrency?: number; readonly rate?: number };
  readonly steps: readonly Step[];
}

const period = 100;
const few = fc.integer({ min: 1, max: 3 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      key: fc.constantFrom("a", "b", "c"),
      priority: fc.constantFrom(0, 0, 0, 5, -5),
      ms: fc.constantFrom(0, 20, 100),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("sleep" as const), ms: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), nth: fc.nat(10) }) },
  fc.record({ do: fc.constant("limit" as const), concurrency: few }),
  fc.record({ do: fc.constantFrom("switch" as const, "crash" as const) }),
);

const cases: fc.Arbitrary<Case> = fc.record({
  perKey: fc.record({ concurrency: few, rate: few }, { requiredKeys: ["concurrency"] }),
  all: fc.record({ concurrency: fc.integer({ min: 1, max: 5 }), rate: few }, { requiredKeys: [] }),
  steps: fc.array(step, { minLength: 3, maxLength: 25 }),
});

const limitsOf = ({ concurrency, rate }: Case["all"]): QueueOptions["all"] => ({
  ...(concurrency === undefined ? {} : { concurrency }),
  ...(rate === undefined ? {} : { rate: { runs: rate, period } }),
});

/** What became of a run: the positions at which it was recorded, released and ended. */
interface Course {
  readonly run: string;
  readonly key: string;
  readonly rank: number;
  readonly joined: number;
  readonly released: number;
  readonly ended: number;
}

async function courseOf(system: System, run: string): Promise<Course> {
  const versions = await system.store.history(runState, run, { order: "oldest-first" });
  const at = (type: string): number[] =>
    versions.flatMap(({ state, position }) => state.events.filter((event) => event.type === type).map(() => position));
  expect(at("run-released").length, "a run is released once").toBeLessThanOrEqual(1);
  const { queue } = (versions[0]?.state ?? {}) as RunState;
  expect(queue).toBeDefined();
  return {
    run,
    key: queue?.key ?? "",
    rank: queue === undefined ? 0 : rankOf(queue),
    joined: versions[0]?.position ?? 0,
    released: at("run-released")[0] ?? Number.POSITIVE_INFINITY,
    ended: at("run-ended").at(-1) ?? Number.POSITIVE_INFINITY,
  };
}

/** The limits of one key from a position on; before it is certain, those before may still count. */
type InForce = { readonly from: number; readonly concurrency: number }[];

function expectBounded(courses: readonly Course[], { all }: Case, inForce: InForce): void {
  const goingAt = (position: number, one: Course): boolean => one.released <= position && one.ended > position;
  for (const course of courses.filter(({ released }) => released < Number.POSITIVE_INFINITY)) {
    const { released, key, rank, run } = course;
    const going = courses.filter((one) => goingAt(released, one));
    const since = inForce.findLastIndex(({ from }) => from < released);
    const may = Math.max(...inForce.slice(Math.max(0, since)).map(({ concurrency }) => concurrency));
    expect(going.filter((one) => one.key === key).length, `no more of a key go on with ${run}`).toBeLessThanOrEqual(
      may,
    );
    expect(going.length, `no more go on in all with ${run}`).toBeLessThanOrEqual(
      all.concurrency ?? Number.POSITIVE_INFINITY,
    );
    // with several places, two that were released one after the other may be recorded the other way round
    if (all.concurrency !== 1 && inForce.some(({ concurrency }) => concurrency > 1)) continue;
    const overtaken = courses.filter(
      (one) =>
        one.key === key &&
        one.rank < rank &&
        one.joined < course.joined &&
        one.released > released &&
        one.ended > released,
    );
    expect(overtaken, `no run is overtaken by ${run}`).toEqual([]);
  }
}

function expectRated(versions: readonly { readonly state: QueueState }[], { perKey, all }: Case): void {
  const released = new Map<string, { readonly at: number; readonly key: string }>();
  for (const { state } of versions)
    for (const [run, one] of Object.entries(state.released ?? {})) released.set(run, one);
  const spaced = (times: number[], runs: number | undefined): void => {
    if (runs === undefined) return;
    const sorted = times.toSorted((one, other) => one - other);
    for (const [n, at] of sorted.entries())
      expect(
        (sorted[n + runs] ?? Number.POSITIVE_INFINITY) - at,
        "no more are released in a period",
      ).toBeGreaterThanOrEqual(period);
  };
  spaced(
    [...released.values()].map(({ at }) => at),
    all.rate,
  );
  for (const key of ["a", "b", "c"])
    spaced(
      [...released.values()].flatMap((one) => (one.key === key ? [one.at] : [])),
      perKey.rate,
    );
}

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

interface Play {
  readonly given: Case;
  readonly scope: string;
  /** The ids of the runs that were to be started. */
  readonly started: string[];
  readonly cancelled: Set<string>;
  readonly inForce: InForce;
  done: number;
}

/** Does the steps that are left; `crash` never returns. */
async function play(
  system: System,
  at: Play,
  sleep: (ms: number) => Promise<void>,
  crash?: () => Promise<void>,
): Promise<void> {
  const { given, scope, started, cancelled, inForce } = at;
  const set = async (concurrency: number): Promise<void> => {
    await system.queues.set(scope, {
      perKey: { ...limitsOf(given.perKey), concurrency },
      all: limitsOf(given.all) ?? {},
    });
    // what was on its way to the journal has a position before this
    const { position } = await system.store.put(served, `${scope}-limits`, { runs: [`${at.done}`] });
    inForce.push({ from: position, concurrency });
  };
  if (inForce.length === 0) await set(given.perKey.concurrency);
  for (; at.done < given.steps.length; at.done++) {
    const next = given.steps[at.done] as Step;
    if (next.do === "sleep") await sleep(next.ms);
    else if (next.do === "switch") await system.switchCoordination(other(system.coordination));
    else if (next.do === "limit") await set(next.concurrency);
    else if (next.do === "cancel") {
      const id = started[next.nth];
      if (id === undefined) continue;
      cancelled.add(id);
      const run = await system.findRun(id).catch(unlessGone);
      await run?.cancel("not any more");
    } else if (next.do === "crash") {
      at.done++;
      await crash?.();
      at.done--;
    } else if (next.do === "run") {
      const id = `${scope}-${at.done}`;
      const { key, priority, ms } = next;
      if (!started.includes(id)) started.push(id);
      const run = await system.runOnce(serving, { scope, ms }, { id, queue: { name: scope, key, priority } });
      run.result.catch(() => undefined);
    }
  }
}

/** An earlier process may have crashed before it was recorded. */
function unlessGone(error: unknown): undefined {
  if (!isTroupeError(error, "no-such-run")) throw error;
  return undefined;
}

async function expectHeld(system: System, { given, scope, started, cancelled, inForce }: Play): Promise<void> {
  const runs = (await Promise.all(started.map((id) => system.findRun(id).catch(unlessGone)))).filter(
    (run): run is Run => run !== undefined,
  );
  const results = await Promise.allSettled(runs.map(({ result }) => result));
  for (const [n, { status }] of results.entries())
    if (!cancelled.has(runs[n]?.id ?? "")) expect(status, "every run that was accepted is done").toBe("fulfilled");
  const courses = await Promise.all(runs.map(({ id }) => courseOf(system, id)));
  expectBounded(courses, given, inForce);
  expectRated(await system.store.history(queueState, scope), given);
  const { runs: booked } = await system.store.read(served, scope);
  expect(new Set(booked).size, "each run has its effect once").toBe(booked.length);
  const { waiting, released } = await system.queues.find(scope);
  expect({ waiting, released }, "nothing is left in it").toEqual({ waiting: 0, released: 0 });
}

const newPlay = (given: Case, scope: string): Play => ({
  ...{ given, scope, started: [], cancelled: new Set<string>(), inForce: [] },
  done: 0,
});

const queuesHold: WorldScenario<Case> = async (world, given) => {
  const at = newPlay(given, "desk");
  await world.survive(async ({ system, sleep }) => {
    await play(system, at, sleep, async () => {
      void world.crash().catch(() => undefined);
      await sleep(1_000_000); // the process ends before
    });
    await expectHeld(system, at);
  });
};

/** Loses all that was recorded of the queue since its first version when the process crashes. */
function tornJournal(): JournalSource {
  let log: (readonly CommitRecord[])[] = [];
  return {
    open() {
      const memory = memoryJournal();
      for (const records of log) void memory.append(records);
      const append: Journal["append"] = (records) => {
        log.push(records);
        return memory.append(records);
      };
      return Object.create(memory, { append: { value: append } }) as Journal;
    },
    crash() {
      log = log.map((records) =>
        records.filter(({ snapshot: { key, version } }) => !key.startsWith("queue/") || version === 1),
      );
    },
  };
}

/** Limits that were set after a crash once counted for runs of the process before. */
const limitedAfterCrash: Case = {
  perKey: { concurrency: 2, rate: 3 },
  all: { rate: 3 },
  steps: [
    { do: "run", key: "c", priority: 0, ms: 0 },
    { do: "sleep", ms: 64 },
    { do: "run", key: "b", priority: 0, ms: 100 },
    { do: "limit", concurrency: 3 },
    { do: "run", key: "b", priority: 0, ms: 0 },
    { do: "run", key: "b", priority: 0, ms: 100 },
    { do: "run", key: "c", priority: 0, ms: 0 },
    { do: "crash" },
    { do: "limit", concurrency: 1 },
    { do: "run", key: "a", priority: 5, ms: 20 },
    { do: "run", key: "c", priority: 0, ms: 0 },
  ],
};

const durable = { journal: "durable" } as const;

describe("invariant 14: the bounds of queues are the history's", () => {
  it("holds on the simulator, while the process is ended", () =>
    holdsInWorld(cases, queuesHold, durable, [[limitedAfterCrash, 2_147_483_624]]));

  it("holds on the simulator when the process crashes at any step", () =>
    holdsInWorld(cases, queuesHold, { ...durable, faults: crashes }));

  it("holds on the simulator when threads die, and with few places in the system", () =>
    holdsInWorld(cases, queuesHold, {
      ...durable,
      faults: { ...crashes, threadDeath: 0.005 },
      system: { maxRuns: 2 },
    }));

  it("holds on real threads", () =>
    holdsOnThreads(cases, async (system, given, scope) => {
      const at = newPlay({ ...given, steps: given.steps.filter((one) => one.do !== "crash") }, scope);
      await play(system, at, async () => void (await system.stats()));
      await expectHeld(system, at);
    }));

  it("does not hold where what the queue records of a release is lost", async () => {
    const failure = await isFoundBrokenInWorld(cases, queuesHold, { faults: crashes, journals: tornJournal });
    expect(failure).toMatch(/no more (are released in a period|of a key)/);
  });
});
