/** `simulate`: runs a scenario on the whole runtime, many times, each under another seeded schedule. */

import { createHash } from "node:crypto";
import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { moduleLoader } from "../../runtime/definitions/definition-loader.ts";
import { nodeRandom } from "../../runtime/platform/node-random.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";
import type { FakeAnswer } from "./fake-answer.ts";
import type { ActorFailure } from "./actor-failure.ts";
import { ChoicesOfRun, type Choices } from "./choices.ts";
import { type Faults, faultsOfRun, resolveFaults } from "./faults.ts";
import { LinkFaults } from "./link-faults.ts";
import { type StrategyName, strategyNames, strategyOf } from "./strategy.ts";
import { Lives } from "./lives.ts";
import { MachineClock } from "./machine-clock.ts";
import { Scheduler, type TraceStep } from "./scheduler.ts";
import { randomOf, type SeededRandom } from "./seeded-random.ts";
import {
  DurableJournal,
  type DurableJournalOptions,
  type JournalSource,
  onlyJournal,
  volatileJournals,
} from "./simulated-journal.ts";
import type { Tamper } from "./simulated-platform.ts";
import { Strikes } from "./strikes.ts";
import { withStandIns } from "./stand-ins.ts";
import { type World, worldOf } from "./world.ts";
import { shown } from "../../values/shown.ts";

/**
 * The code under test: sets actors up, lets them race, and throws if something that must hold does not.
 *
 * @since 0.1.0
 */
export type Scenario = (world: World) => Promise<void>;

/**
 * Which schedules {@link simulate} tries, and what may go wrong in them.
 *
 * @since 0.1.0
 */
export interface SimulateOptions {
  /** The first run's seed; the others follow it. Default: another one each time. */
  readonly seed?: number;
  /** How many schedules to try. Default 100. */
  readonly runs?: number;
  readonly faults?: Faults;
  /** How the next step is chosen. Default `"portfolio"`: another way for each run. */
  readonly strategy?: StrategyName;
  /**
   * Which thread an actor is on that may be on any. `"drawn"`: in half of the runs, any by chance; actors that share a thread see each
   * other's commits at once, so both matter. `"spread"`: always the least loaded, as in production. Default `"drawn"`.
   */
  readonly placement?: "drawn" | "spread";
  /**
   * What a crash of the process leaves. `"memory"`: nothing. `"durable"`: all acknowledged commits, and the first few of those
   * that were under way, how many by chance; commits then take some virtual time. Default `"memory"`.
   */
  readonly journal?: "memory" | "durable";
  /** The system's options; `threads` is 2 and `logger` false unless given. If they have a `journal`, the process can't crash. */
  readonly system?: Omit<SystemOptions, "env" | "resourceLimits" | "stallTimeout" | "shutdownOn">;
  /**
   * What agents do in place of their own code, by {@link answering}: in steps of runs, and when they are called. Contract, policies and
   * placement stay theirs, so that an answer that throws is tried again as their `retry` says, and its output is checked. Their
   * compensations do nothing. Default: all run their own code.
   */
  readonly agents?: readonly FakeAnswer[];
  /**
   * Whether a failure is meant to happen. What a handler or a behaviour throws fails the run, unless its asker is told: else an assertion
   * in a handler that was told would go unseen. A refusal is no failure. Default: none is meant to happen.
   */
  readonly expects?: (failure: ActorFailure) => boolean;
  /** A run with more steps than this fails, since something keeps itself busy. Default 100,000. */
  readonly maxSteps?: number;
}

/**
 * What {@link simulate} tried, if nothing failed.
 *
 * @since 0.1.0
 */
export interface SimulationReport {
  readonly seed: number;
  readonly runs: number;
  /** Steps over all runs. */
  readonly steps: number;
  /** How many different schedules the runs took. */
  readonly schedules: number;
  /** How often the process crashed over all runs. */
  readonly crashes: number;
}

/** One run, as {@link simulateOnce} returns it. */
export interface SimulatedRun {
  readonly seed: number;
  readonly trace: readonly TraceStep[];
  /** A hash of the trace: equal for equal schedules. */
  readonly schedule: string;
  /** How often the process crashed. */
  readonly crashes: number;
}

/** What a test of a test breaks on purpose. */
export interface Sabotage {
  readonly tamper?: Tamper | undefined;
  readonly journals?: JournalSource | undefined;
}

/** Of seed, runs, faults and journal, `simulate` says itself what is wrong; of the system's options, the system. */
const schema = v.strictObject({
  seed: v.optional(v.unknown()),
  runs: v.optional(v.unknown()),
  faults: v.optional(v.unknown()),
  strategy: v.optional(v.picklist(strategyNames)),
  placement: v.optional(v.picklist(["drawn", "spread"])),
  journal: v.optional(v.unknown()),
  system: v.optional(v.record(v.string(), v.unknown())),
  agents: v.optional(v.array(v.object({ agent: v.unknown(), answer: v.function() }))),
  expects: v.optional(v.function()),
  maxSteps: v.optional(v.pipe(v.number(), v.minValue(1))),
});

/** The simulation starts here in virtual time. */
const epoch = Date.UTC(2026, 0, 1);

/**
 * Runs `scenario` under many schedules. All of the runtime runs as in production, but on one thread and on virtual time:
 * the simulator picks, by its seed, which actor takes its turn, which batch arrives, how long it is held up, whether it
 * arrives twice, and whether a thread dies or the whole process crashes.
 *
 * Guarantees: the same seed and program take the same schedule, step for step (invariant 8). A failure names its seed,
 * and `simulate(scenario, { seed, runs: 1 })` repeats it. A scenario that waits for something that nothing in the
 * simulation will bring fails as a deadlock instead of hanging.
 *
 * @throws TroupeError (as a rejection) `simulation-failed` with the seed, the step count and what the scenario threw as its
 * cause, or `deadlock`; `invalid-options`.
 * @example
 * await simulate(async ({ system }) => {
 *   const ref = await system.spawn(counter);
 *   await Promise.all([ref.ask("add", { by: 1 }), ref.ask("add", { by: 1 })]);
 *   assert.equal(await ref.ask("get"), 2);
 * }, { runs: 500 });
 * @since 0.1.0
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<SimulationReport> {
  checkOptions("simulate", schema, options);
  const { runs = 100, seed = freshSeed() } = options;
  if (!Number.isSafeInteger(runs) || runs < 1)
    throw new TroupeError("invalid-options", `simulate: runs is a whole number from 1, not ${shown(runs)}`);
  if (!Number.isSafeInteger(seed))
    throw new TroupeError("invalid-options", `simulate: seed is a whole number, not ${shown(seed)}`);
  const schedules = new Set<string>();
  let steps = 0;
  let crashes = 0;
  for (let i = 0; i < runs; i++) {
    const run = await simulateOnce(scenario, seed + i, options);
    schedules.add(run.schedule);
    steps += run.trace.length;
    crashes += run.crashes;
  }
  return { seed, runs, steps, schedules: schedules.size, crashes };
}

/** One run of {@link simulate} under the given seed. */
export async function simulateOnce(
  scenario: Scenario,
  seed: number,
  options: SimulateOptions = {},
  { tamper, journals }: Sabotage = {},
): Promise<SimulatedRun> {
  const choices = new ChoicesOfRun();
  const draw = (part: string): SeededRandom => randomOf(seed, part);
  const faults = faultsOfRun(resolveFaults(options.faults), draw("swarm"));
  const links = new LinkFaults(choices, draw("links"), faults);
  const striking = draw("strikes");
  let strikes: Strikes | undefined;
  const scheduler = new Scheduler({
    choices,
    strategy: strategyOf(options.strategy ?? "portfolio", draw("strategy")),
    start: epoch,
    maxSteps: options.maxSteps ?? 100_000,
    onStep: () => strikes?.strike() ?? false,
  });
  const machine = new MachineClock();
  const lives = new Lives({
    scheduler,
    machine,
    random: draw("system"),
    seed,
    faults: links,
    downtime: () => (choices.choose("strike", 101, () => striking.below(101)) / 100) * faults.maxDowntime,
    place: placing(options, choices, draw("places")),
    system: options.system ?? {},
    journals: journals ?? journalsOf(options, { choices, random: striking, faults: links }),
    expects: options.expects ?? (() => false),
    load: withStandIns(
      moduleLoader((url) => import(url) as Promise<object>),
      options.agents ?? [],
    ),
    ...(tamper === undefined ? {} : { tamper }),
  });
  /** Where the trace of the scenario ends, and that of the close begins. */
  let end: number | undefined;
  const failure = await play(scheduler, lives, async () => {
    strikes = new Strikes(lives, choices, striking, faults);
    try {
      await Promise.race([lives.standing(), lives.failed]);
      await Promise.race([
        scenario(worldOf({ lives, scheduler, machine, random: draw("scenario"), seed })),
        lives.failed,
      ]);
    } finally {
      strikes = undefined;
      end = scheduler.trace.length;
      if (closes(seed, options.system)) await lives.close();
    }
    await Promise.race([lives.failed, Promise.resolve()]); // while it was closed
  });
  const trace = scheduler.trace.slice(0, end);
  if (failure !== undefined) throw simulationFailed(failure, seed, trace.length);
  return { seed, trace, schedule: hash(trace), crashes: lives.crashes };
}

/**
 * Whether a run ends with the close of its system. What is left otherwise is garbage, as that of a process that crashed is. A close takes
 * as long as a small scenario, so only one run in eight has it, unless something outside of the simulation sees its effects.
 */
function closes(seed: number, { journal, telemetry, logger }: SystemOptions = {}): boolean {
  return (
    journal !== undefined ||
    telemetry !== undefined ||
    (logger !== undefined && logger !== false) ||
    randomOf(seed, "close").below(8) === 0
  );
}

/** Runs the program under the scheduler; returns what went wrong, if anything did. */
async function play(
  scheduler: Scheduler,
  lives: Lives,
  program: () => Promise<void>,
): Promise<{ thrown: unknown } | undefined> {
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
  return { thrown: new TroupeError("deadlock", whyNotEnded(end, scheduler.trace.length, lives.crashes)) };
}

function whyNotEnded(end: "deadlock" | "too-many-steps", steps: number, crashes: number): string {
  if (end === "too-many-steps")
    return `the scenario has not ended after ${steps} steps: something keeps itself busy. Raise maxSteps if it has to be so long.`;
  const stuck = `nothing is left to run after ${steps} steps, but the scenario still waits. Either actors wait for each other, or the scenario awaits something outside the simulation, such as a real timer or a file.`;
  if (crashes === 0) return stuck;
  return `${stuck} Or it awaits a system whose process has crashed (it crashed ${crashes} times), which never answers: what is to be begun again in the next process belongs into survive().`;
}

/** Which of the threads, the least loaded first, an actor is placed on. */
function placing(
  { placement = "drawn" }: SimulateOptions,
  choices: Choices,
  random: SeededRandom,
): (among: number) => number {
  const isDrawn = placement === "drawn" && random.chance(1 / 2);
  return (among) => (among < 2 ? 0 : choices.choose("place", among, () => (isDrawn ? random.below(among) : 0)));
}

/** @throws TroupeError `invalid-options` */
function journalsOf({ journal = "memory", system }: SimulateOptions, durable: DurableJournalOptions): JournalSource {
  if (journal !== "memory" && journal !== "durable")
    throw new TroupeError("invalid-options", `simulate: journal is "memory" or "durable", not ${shown(journal)}`);
  if (system?.journal !== undefined) {
    if (journal === "durable")
      throw new TroupeError(
        "invalid-options",
        'simulate: journal is "durable", and system.journal is another one. Give one of them.',
      );
    return onlyJournal(system.journal);
  }
  return journal === "durable" ? new DurableJournal(durable) : volatileJournals;
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
  let lines = "";
  for (const { at, lane } of trace) lines += `${at} ${lane}\n`;
  return createHash("sha256").update(lines).digest("hex");
}

function freshSeed(): number {
  return Math.floor(nodeRandom().next() * 2 ** 31);
}
