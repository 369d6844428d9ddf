/** `simulate`: runs a scenario on the whole runtime, many times, each under another seeded schedule. */

import { createHash } from "node:crypto";
import { encodeError } from "../errors/error-codec.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { nodeRandom } from "../runtime/node-random.ts";
import { ActorSystem, type System } from "../runtime/system.ts";
import { resolveOptions, type SystemOptions } from "../runtime/system-options.ts";
import { defaultFaults, type Faults, type ResolvedFaults } from "./faults.ts";
import { Scheduler, type TraceStep } from "./scheduler.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.ts";
import { simulatedPlatform, type SimulatedPlatform, type Tamper } from "./simulated-platform.ts";

/** What a scenario works with. Everything in it is decided by the seed. */
export interface World {
  /** A system on simulated threads; the same code that production runs. */
  readonly system: System;
  /** The seed of this run. */
  readonly seed: number;
  /** Virtual milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` virtual milliseconds. */
  sleep(ms: number): Promise<void>;
  /** A number in [0, 1). */
  random(): number;
  /** The threads that live. */
  threads(): readonly number[];
  /** Kills a thread, as a crash would. */
  killThread(thread: number): void;
}

/** What is tested: sets actors up, lets them race, and throws if something that must hold does not. */
export type Scenario = (world: World) => Promise<void>;

export interface SimulateOptions {
  /** The first run's seed; the others follow it. Default: another one each time. */
  readonly seed?: number;
  /** How many schedules to try. Default 100. */
  readonly runs?: number;
  readonly faults?: Faults;
  /** The system's options; `threads` is 2 unless given. */
  readonly system?: Omit<SystemOptions, "env">;
  /** A run with more steps than this fails: something never comes to rest. Default 100,000. */
  readonly maxSteps?: number;
}

export interface SimulationReport {
  readonly seed: number;
  readonly runs: number;
  /** Steps over all runs. */
  readonly steps: number;
  /** How many different schedules the runs took. */
  readonly schedules: number;
}

/** One run, as {@link simulateOnce} tells about it. */
export interface SimulatedRun {
  readonly seed: number;
  readonly trace: readonly TraceStep[];
  /** A hash of the trace: equal for equal schedules. */
  readonly schedule: string;
}

/** The simulation starts here in virtual time. */
const epoch = Date.UTC(2026, 0, 1);

/**
 * Runs `scenario` under many schedules. All of the runtime runs as in production, but on one thread and on virtual time:
 * the simulator picks, by its seed, which actor takes its turn, which batch arrives, how long it is held up, whether it
 * arrives twice, and whether a thread dies.
 *
 * Guarantees: the same seed and program take the same schedule, step for step (invariant 8). A failure names its seed,
 * and `simulate(scenario, { seed, runs: 1 })` repeats it. A scenario that waits for something that nothing in the
 * simulation will bring fails as a deadlock instead of hanging.
 *
 * @throws TroupeError (as a rejection) `simulation-failed` with the seed, the step count and what the scenario threw as its
 * cause, or `deadlock`.
 * @example
 * await simulate(async ({ system }) => {
 *   const ref = await system.spawn(counter);
 *   await Promise.all([ref.ask("add", { by: 1 }), ref.ask("add", { by: 1 })]);
 *   assert.equal(await ref.ask("get"), 2);
 * }, { runs: 500 });
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<SimulationReport> {
  const { runs = 100, seed = freshSeed() } = options;
  if (!Number.isSafeInteger(runs) || runs < 1)
    throw new TroupeError("invalid-options", `simulate: runs is a whole number from 1, not ${String(runs)}`);
  if (!Number.isSafeInteger(seed))
    throw new TroupeError("invalid-options", `simulate: seed is a whole number, not ${String(seed)}`);
  const schedules = new Set<string>();
  let steps = 0;
  for (let i = 0; i < runs; i++) {
    const run = await simulateOnce(scenario, seed + i, options);
    schedules.add(run.schedule);
    steps += run.trace.length;
  }
  return { seed, runs, steps, schedules: schedules.size };
}

/** One run of {@link simulate} under the given seed; `tamper` may break the system on purpose, to test a test. */
export async function simulateOnce(
  scenario: Scenario,
  seed: number,
  options: SimulateOptions = {},
  tamper?: Tamper,
): Promise<SimulatedRun> {
  const faults: ResolvedFaults = { ...defaultFaults, ...options.faults };
  const random = seededRandom(seed);
  const deaths = { left: faults.maxThreadDeaths };
  const world: { platform?: SimulatedPlatform; isRunning: boolean } = { isRunning: false };
  const scheduler = new Scheduler({
    random,
    start: epoch,
    maxSteps: options.maxSteps ?? 100_000,
    onStep: () => world.isRunning && world.platform !== undefined && strike(world.platform, random, faults, deaths),
  });
  const platform = simulatedPlatform({ scheduler, random, faults, ...(tamper === undefined ? {} : { tamper }) });
  world.platform = platform;

  const failure = await play(scheduler, async () => {
    const system = await ActorSystem.start(platform, await resolveOptions({ threads: 2, ...options.system }));
    world.isRunning = true;
    try {
      await scenario(worldOf(system, platform, random, seed));
    } finally {
      world.isRunning = false;
      await system.close();
    }
  });
  const { trace } = scheduler;
  if (failure !== undefined) throw simulationFailed(failure, seed, trace.length);
  return { seed, trace, schedule: hash(trace) };
}

function worldOf(system: System, platform: SimulatedPlatform, random: SeededRandom, seed: number): World {
  const { clock } = platform;
  return {
    system,
    seed,
    now: () => clock.now(),
    sleep: (ms) => new Promise((resolve) => clock.setTimer(ms, resolve)),
    random: () => random.next(),
    threads: () => platform.liveThreads(),
    killThread: (thread) => platform.kill(thread),
  };
}

/** Runs the program under the scheduler; returns what went wrong, if anything did. */
async function play(scheduler: Scheduler, program: () => Promise<void>): Promise<{ thrown: unknown } | undefined> {
  let outcome: { failure?: { thrown: unknown } } | undefined;
  const running = program().then(
    () => (outcome = {}),
    (thrown: unknown) => (outcome = { failure: { thrown } }),
  );
  const end = await scheduler.run(() => outcome !== undefined);
  if (end === "done") {
    await running;
    return outcome?.failure;
  }
  const steps = scheduler.trace.length;
  const message =
    end === "deadlock"
      ? `nothing is left to run after ${steps} steps, but the scenario still waits. Either actors wait for each other, or the scenario awaits something outside the simulation, such as a real timer or a file.`
      : `the scenario has not ended after ${steps} steps: something keeps itself busy. Raise maxSteps if it has to be so long.`;
  return { thrown: new TroupeError("deadlock", message) };
}

/** Kills a thread if chance has it so. */
function strike(
  platform: SimulatedPlatform,
  random: SeededRandom,
  faults: ResolvedFaults,
  deaths: { left: number },
): boolean {
  if (deaths.left === 0 || !random.chance(faults.threadDeath)) return false;
  const live = platform.liveThreads();
  const victim = live[random.below(live.length)];
  if (victim === undefined) return false;
  deaths.left--;
  platform.kill(victim);
  return true;
}

function simulationFailed({ thrown }: { thrown: unknown }, seed: number, steps: number): TroupeError {
  const code = thrown instanceof TroupeError && thrown.code === "deadlock" ? "deadlock" : "simulation-failed";
  return new TroupeError(
    code,
    `the scenario failed with seed ${seed}: ${encodeError(thrown).message}\nRepeat it with simulate(scenario, { seed: ${seed}, runs: 1 }).`,
    { cause: thrown, details: { seed, steps } },
  );
}

function hash(trace: readonly TraceStep[]): string {
  const digest = createHash("sha256");
  for (const { at, lane } of trace) digest.update(`${at} ${lane}\n`);
  return digest.digest("hex");
}

function freshSeed(): number {
  return Math.floor(nodeRandom().next() * 2 ** 31);
}
