/** Invariant 17: each time at which a schedule is due has one decision, in one commit with the run that it starts, and in time. */

import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  defineAgent,
  defineState,
  defineWorkflow,
  isTroupeError,
  type Journal,
  memoryJournal,
  type Run,
  type ScheduleOptions,
  type Snapshot,
  type System,
} from "../../src/index.ts";
import { runState } from "../../src/workflows/history/run-state.ts";
import { type ScheduleState, scheduleState } from "../../src/workflows/schedule/schedule-state.ts";
import type { CommitRecord } from "../../src/store/versions/commit.ts";
import type { JournalSource } from "../../src/testing/simulator/world/simulated-journal.ts";
import { crashes, holdsInWorld, isFoundBrokenInWorld, type WorldScenario } from "./worlds.ts";

/** The times that the runs of a schedule booked, in the order committed. */
const ticks = defineState({
  name: "ticks",
  version: 1,
  schema: v.object({ runs: v.array(v.string()) }),
  initial: () => ({ runs: [] }),
});

const Tick = v.object({ schedule: v.string(), ms: v.number(), at: v.optional(v.number()) });

export const ticker = defineAgent(import.meta.url, {
  name: "ticker",
  version: "1.0.0",
  input: Tick,
  output: v.null(),
  concurrency: 10,
  policies: { breaker: false },
  async execute({ schedule, ms }, context) {
    if (ms > 0) await context.sleep(ms);
    await context.commit(ticks, schedule, (draft) => void draft.runs.push(String(context.run)));
    return null;
  },
});

export const ticking = defineWorkflow(import.meta.url, { name: "ticking", version: "1.0.0", input: Tick }).step(
  "tick",
  ticker,
  ({ input }) => input,
);

type Step =
  | { readonly do: "sleep" | "jump"; readonly ms: number }
  | { readonly do: "trigger"; readonly overlap?: ScheduleOptions["overlap"] }
  | { readonly do: "backfill"; readonly ms: number; readonly overlap: "queue" | "allow" }
  | { readonly do: "pause" | "resume" | "crash" | "change" };

interface Case {
  readonly every: number;
  readonly overlap: NonNullable<ScheduleOptions["overlap"]>;
  readonly catchUp: NonNullable<ScheduleOptions["catchUp"]>;
  /** How long a run takes. */
  readonly ms: number;
  /** Whether a function gives the input. */
  readonly isMapped: boolean;
  /** How many of its runs may go on at a time by a queue that they wait in, in all or of one key; absent for none. */
  readonly queue: { readonly concurrency: number; readonly isByKey: boolean } | undefined;
  readonly steps: readonly Step[];
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("sleep" as const), ms: fc.integer({ min: 0, max: 5_000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("jump" as const), ms: fc.integer({ min: -4_000, max: 100_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("trigger" as const),
      overlap: fc.constantFrom(undefined, "skip" as const, "queue" as const, "allow" as const, "cancel" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("backfill" as const),
      ms: fc.integer({ min: 1_000, max: 20_000 }),
      overlap: fc.constantFrom("queue" as const, "allow" as const),
    }),
  },
  fc.record({ do: fc.constantFrom("pause" as const, "resume" as const, "crash" as const, "change" as const) }),
);

const cases: fc.Arbitrary<Case> = fc.record({
  every: fc.integer({ min: 700, max: 4_000 }),
  overlap: fc.constantFrom("skip" as const, "queue" as const, "allow" as const, "cancel" as const),
  catchUp: fc.constantFrom("latest" as const, "all" as const, "none" as const),
  ms: fc.constantFrom(0, 50, 1_500, 6_000),
  isMapped: fc.boolean(),
  queue: fc.option(fc.record({ concurrency: fc.integer({ min: 1, max: 2 }), isByKey: fc.boolean() }), {
    nil: undefined,
    freq: 1,
  }),
  steps: fc.array(step, { maxLength: 8 }),
});

const id = "beat";

/** When the schedule could not be expected to be in time: a process began, the clock jumped, the schedule was changed. Times of day. */
type Excuses = number[];

/** What was asked of a schedule: every request is decided by as many decisions as it has times, and each of its times has one run. */
function expectAsked(versions: readonly Snapshot<ScheduleState>[], started: Map<string, number>) {
  const decided = new Set<number>();
  for (const [n, { state, position }] of versions.entries()) {
    const before = versions[n - 1]?.state;
    const { last, requests = [] } = state;
    const [was = [], is = requests] = [before?.requests];
    if (is.length > was.length) expect(is.slice(0, -1), "what was asked stays").toEqual(was);
    if (last?.by === undefined || last === before?.last || isDeepStrictEqual(last, before?.last)) continue;
    const [asked] = was.filter(
      (one) => one.kind === last.by && (one.kind === "trigger" ? one.at : one.from) === last.at,
    );
    expect(asked, "what is decided was asked for").toBeDefined();
    expect(state.decided, "what was asked decides nothing of what is due").toBe(before?.decided);
    if (last.by === "trigger") {
      expect(decided.has(last.at), "what was asked is decided once").toBe(false);
      decided.add(last.at);
    }
    if (last.outcome !== "started") continue;
    expect(started.has(last.run ?? ""), "a time has one run").toBe(false);
    started.set(last.run ?? "", position);
  }
  expect(versions.at(-1)?.state.requests, "all that was asked is decided").toBeUndefined();
}

/** Each time of a stretch has its run, in the end. */
function expectFilled(versions: readonly Snapshot<ScheduleState>[], begins: ReadonlyMap<string, number>) {
  for (const [n, { state }] of versions.entries()) {
    const asked = state.requests?.at(-1);
    if (asked?.kind !== "backfill" || (versions[n - 1]?.state.requests?.length ?? 0) >= (state.requests?.length ?? 0))
      continue;
    if (!("every" in asked.times)) throw new Error("the times of this schedule come every so often");
    for (let at = asked.from; at <= asked.to; at += asked.times.every)
      expect(begins.has(`${id}@${new Date(at).toISOString().replace(".000Z", "Z")}`), "no time is left out").toBe(true);
  }
}

function expectDecided(
  versions: readonly Snapshot<ScheduleState>[],
  excuses: Excuses,
  ends: ReadonlyMap<string, number>,
) {
  const started = new Map<string, number>();
  for (const [n, { state, time, position }] of versions.entries()) {
    const before = versions[n - 1]?.state;
    if (before === undefined || !("every" in state.times) || !("every" in before.times)) continue;
    if (state.times.every !== before.times.every) continue; // new times count from then on
    expect(state.decided, "what is decided stays so").toBeGreaterThanOrEqual(before.decided);
    if (state.decided === before.decided) continue;
    const { every, from } = state.times;
    const due = [];
    for (let at = from + every; at <= state.decided; at += every) if (at > before.decided) due.push(at);
    const { outcome, at, run, missed, from: first = missed?.from ?? at } = state.last ?? { outcome: "missed", at: 0 };
    expect(due.at(-1), "a decision is about a time that is due").toBe(at);
    expect(due[0], "no time is left out").toBe(first);
    if (missed !== undefined) expect(due.at(-2), "those before the latest were missed").toBe(missed.to);
    if (outcome !== "started") continue;
    expect(started.has(run ?? ""), "a time has one run").toBe(false);
    started.set(run ?? "", position);
    const lastEnd = ends.get(before.run ?? "") ?? 0;
    const since = Math.max(at, ...excuses.filter((excuse) => excuse <= time), lastEnd <= time ? lastEnd : 0);
    if (state.catchUp !== "all") expect(time - since, "it starts within a second").toBeLessThanOrEqual(1_000);
  }
  return started;
}

async function expectDueOnce(system: System, excuses: Excuses): Promise<void> {
  const runs: Run[] = [];
  for await (const { run } of system.runs({ workflow: ticking })) runs.push(await system.findRun(run));
  await Promise.all(runs.map(({ result }) => result.catch(() => undefined)));
  const ends = new Map<string, number>();
  const begins = new Map<string, number>();
  for (const { id: run } of runs) {
    const versions = await system.store.history(runState, run);
    begins.set(run, versions[0]?.position ?? 0);
    ends.set(run, versions.at(-1)?.time ?? 0);
  }
  const versions = await system.store.history(scheduleState, id);
  const started = expectDecided(versions, excuses, ends);
  expectAsked(versions, started);
  expectFilled(versions, begins);
  expect(begins, "a run starts in the commit that decides its time").toEqual(started);
  const booked = (await system.store.read(ticks, id)).runs;
  expect(new Set(booked).size, "each run has its effect once").toBe(booked.length);
}

/** Of the runs of a schedule with a queue, no more went on at a time than that says, in the order in which they started. */
async function expectQueued(system: System, { concurrency }: NonNullable<Case["queue"]>): Promise<void> {
  const moves: { readonly position: number; readonly by: 1 | -1 }[] = [];
  const released: { readonly started: number; readonly at: number }[] = [];
  for await (const { run } of system.runs({ workflow: ticking })) {
    const versions = await system.store.history(runState, run);
    const begins = versions.find(({ state }) => state.isQueued !== true && state.startsAt === undefined);
    const ended = versions.at(-1);
    const first = versions[0];
    expect(first?.state.queue?.name, "each of its runs joins the queue").toBe("beats");
    if (begins === undefined || ended === undefined || first === undefined) continue;
    moves.push({ position: begins.position, by: 1 }, { position: ended.position, by: -1 });
    released.push({ started: first.position, at: begins.position });
  }
  let [going, most] = [0, 0];
  for (const { by } of moves.toSorted((one, other) => one.position - other.position || one.by - other.by))
    most = Math.max(most, (going += by));
  expect(most, "no more go on at a time than the queue says").toBeLessThanOrEqual(concurrency);
  const inOrder = released.toSorted((one, other) => one.started - other.started).map(({ at }) => at);
  expect(inOrder, "they are released in order").toEqual(inOrder.toSorted((one, other) => one - other));
}

const eachTimeIsDecidedOnce: WorldScenario<Case> = async (
  world,
  { every, overlap, catchUp, ms, isMapped, queue, steps },
) => {
  const excuses: Excuses = [];
  let [done, factor] = [0, 1];
  const excuse = (): void => void excuses.push(world.now());
  await world.survive(async ({ system, sleep }) => {
    const set = async (): Promise<void> => {
      const input = { schedule: id, ms };
      const given = isMapped ? (at: Date) => ({ ...input, at: at.getTime() }) : input;
      const queued = queue === undefined ? {} : { queue: { name: "beats", ...(queue.isByKey ? { key: "one" } : {}) } };
      await system.schedules.set(id, ticking, { every: every * factor, overlap, catchUp, ...queued }, given);
      excuse();
    };
    if (queue !== undefined) {
      const { concurrency, isByKey } = queue;
      await system.queues.set("beats", isByKey ? { perKey: { concurrency } } : { all: { concurrency } });
    }
    await set();
    for (; done < steps.length; done++) {
      const next = steps[done] as Step;
      if (next.do === "sleep") await sleep(next.ms);
      else if (next.do === "jump") {
        done++; // it has jumped, even if the process crashes now
        excuse();
        world.jumpClock(next.ms);
        excuse();
        await sleep(0);
        done--;
      } else if (next.do === "pause") await system.schedules.pause(id, "for a while");
      else if (next.do === "resume") await system.schedules.resume(id).then(excuse);
      else if (next.do === "trigger")
        await system.schedules.trigger(id, next.overlap === undefined ? {} : { overlap: next.overlap });
      else if (next.do === "backfill") {
        const to = world.now();
        await system.schedules
          .backfill(id, { from: to - next.ms, to, overlap: next.overlap })
          .catch((error: unknown) => {
            if (!isTroupeError(error, "invalid-options")) throw error; // no time of it has passed in so short a stretch
          });
      } else if (next.do === "change") {
        factor = 3 - factor;
        await set();
      } else {
        done++;
        void world.crash().catch(() => undefined);
        await sleep(1_000_000); // the process ends before
      }
    }
    await sleep(5_000);
    const { last, run, next = Number.POSITIVE_INFINITY } = await system.schedules.find(id);
    if (last?.outcome === "started") expect(run).toBe(last.run);
    // it waits for an earlier run, or for its turn
    const mayLag = overlap === "queue" || overlap === "cancel" || catchUp === "all";
    if (!mayLag && (await system.schedules.find(id)).paused === undefined)
      expect(next, "no time is left undecided").toBeGreaterThan(world.now() - 1_000);
    await system.schedules.pause(id);
    while ((await system.schedules.find(id)).requests !== undefined) await sleep(5_000);
    await expectDueOnce(system, excuses);
    if (queue !== undefined) await expectQueued(system, queue);
  });
};

/** Loses one key of what was committed last when the process crashes: the decision, or the run that it starts. */
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
      const [last = []] = log.slice(-1);
      log = log.slice(0, -1);
      const kept = last.filter(({ snapshot: { key } }) => !key.startsWith("schedule/"));
      if (kept.length > 0) log.push(kept);
    },
  };
}

const durable = { journal: "durable" } as const;

describe("invariant 17: each time is due once", () => {
  it("holds on the simulator, while the clock jumps and the process is ended", () =>
    holdsInWorld(cases, eachTimeIsDecidedOnce, durable));

  it("holds on the simulator when the process crashes at any step", () =>
    holdsInWorld(cases, eachTimeIsDecidedOnce, { ...durable, faults: crashes }));

  it("holds on the simulator when threads die", () =>
    holdsInWorld(cases, eachTimeIsDecidedOnce, { ...durable, faults: { ...crashes, threadDeath: 0.005 } }));

  it("holds where a schedule is paused while it is behind, and times of a stretch were asked for", () => {
    const behind: Case = {
      ...{ every: 1_850, overlap: "queue", catchUp: "all", ms: 6_000, isMapped: false, queue: undefined },
      steps: [
        { do: "jump", ms: 39_381 },
        { do: "backfill", ms: 17_625, overlap: "allow" },
        { do: "sleep", ms: 5_000 },
      ],
    };
    return holdsInWorld(fc.constant(behind), eachTimeIsDecidedOnce, { ...durable, numRuns: 5 });
  });

  it("does not hold where the decision and the run are not one commit", async () => {
    const failure = await isFoundBrokenInWorld(cases, eachTimeIsDecidedOnce, {
      faults: crashes,
      journals: tornJournal,
    });
    expect(failure).toMatch(
      /a run starts in the commit that decides its time|run-exists|of schedule\/beat appended after/,
    );
  });
});
