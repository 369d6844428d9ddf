/** `runOnThreads`: the scenario of a simulation on real worker threads. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { messageOf } from "../../errors/caught.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import { nodeClock } from "../../runtime/platform/node-clock.ts";
import { RunLog } from "../simulator/explain/run-log.ts";
import { failureOnReplay } from "../simulator/failure.ts";
import type { RunOutcome } from "../simulator/schedules/run-outcome.ts";
import { type Schedule, readSchedule } from "../simulator/schedules/schedule-string.ts";
import { randomOf } from "../simulator/schedules/seeded-random.ts";
import { checkSearch } from "../simulator/search-options.ts";
import type { Scenario, SimulateOptions } from "../simulator/simulate-options.ts";
import { simulation } from "../simulator/simulate.ts";
import { Tallied } from "../simulator/simulation-report.ts";
import { virtualSources } from "../simulator/virtual/virtual-sources.ts";
import { Delays } from "./delays.ts";
import { comesTo, Gates } from "./gates.ts";

/**
 * How {@link runOnThreads} runs a scenario. `seed`, `system` and `expects` are those of `simulate`, and so are `faults`, `journal` and `placement`, by which a
 * `replay` is simulated.
 *
 * @since 0.1.0
 * @experimental
 */
export interface RunOnThreadsOptions extends Pick<
  SimulateOptions,
  "seed" | "system" | "expects" | "faults" | "journal" | "placement"
> {
  /** How often it runs, each time in a system of its own. Default 20. */
  readonly runs?: number;
  /** For how many milliseconds at most a batch is held up between a thread and that of the system, and code at a {@link point}. Half of them aren't. Default 5. */
  readonly maxDelay?: number;
  /**
   * A schedule that `simulate` has printed. Its batches are let through in their order, in place of delays by chance: each between a thread and that of
   * the system is held until those before it have passed, or haven't come for a second. So is code at a {@link point}.
   */
  readonly replay?: string;
  /** After so many milliseconds a run fails as `timed-out`. Default 30,000. */
  readonly timeout?: number;
}

/**
 * What {@link runOnThreads} has seen.
 *
 * @since 0.1.0
 * @experimental
 */
export interface ThreadsReport {
  /** Of the first run; the others follow it. */
  readonly seed: number;
  readonly runs: number;
  /** How many batches passed, over all runs. */
  readonly batches: number;
  /** How many batches and points of a `replay` did not come in its order; 0 where the threads did what was simulated. */
  readonly missed: number;
  /** What was stated by `sometimes`, and met in no run. */
  readonly unmet: readonly string[];
}

const schema = v.strictObject({
  seed: v.optional(v.unknown()),
  runs: v.optional(v.unknown()),
  maxDelay: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(60_000))),
  replay: v.optional(v.string()),
  timeout: v.optional(v.pipe(v.number(), v.minValue(1))),
  faults: v.optional(v.unknown()),
  journal: v.optional(v.unknown()),
  placement: v.optional(v.unknown()),
  system: v.optional(v.record(v.string(), v.unknown())),
  expects: v.optional(v.function()),
});

/** Milliseconds that a batch of a replay is waited for while others are held. */
const patience = 1_000;

/**
 * Runs a scenario of `simulate` on real worker threads: batches between them and the thread of the system are held up by chance, and actors are on any thread
 * by chance in half of the runs. So what was simulated is tried where nothing stands in for threads, clocks and the copies that messages are.
 *
 * The machine has its part in the schedule: a seed draws the same delays again, yet the run may come to something else. With a `replay`, batches pass in the order of that
 * schedule, so that its delays are kept. Other faults are only there in a simulation: a replay in which something dies, crashes, jumps or is slow is refused. Time is real, so
 * a scenario whose order is made by timers may leave the schedule; so may actors on different threads that send each other messages. `missed` says whether it did.
 *
 * Definitions have to be in modules that threads can load. `jumpClock` and `crash` of the scenario are errors here.
 *
 * @throws TroupeError (as a rejection) `simulation-failed` for a run that fails, with what it threw as its cause; `not-repeatable` for a replay whose schedule isn't there any
 * more; `invalid-options`; and as `createSystem` does.
 * @example
 * await runOnThreads(transfers, { runs: 50 });
 * @since 0.1.0
 * @experimental
 */
export async function runOnThreads(scenario: Scenario, options: RunOnThreadsOptions = {}): Promise<ThreadsReport> {
  checkOptions("runOnThreads", schema, options);
  const { system = {}, expects = () => false, replay, maxDelay = 5, timeout = 30_000 } = options;
  const { runs: count = 20 } = options;
  const first = options.seed === undefined ? {} : { seed: options.seed };
  const given = replay === undefined ? undefined : await simulated(scenario, replay, options);
  const checked = checkSearch("runOnThreads", { ...first, runs: count });
  const seed = given?.schedule.seed ?? checked.seed;
  const { playOnThreads } = await import("./play-on-threads.ts"); // simulations need no threads
  const clock = nodeClock();
  const tried = new Tallied();
  let [batches, missed] = [0, 0];
  for (let n = 0; n < checked.runs; n++) {
    const own = given === undefined ? seed + n : seed;
    const random = randomOf(own, "delays");
    const gates = given && new Gates({ clock, order: given.order, patience });
    const hold = gates ?? new Delays({ clock, random, longest: maxDelay });
    const place = given === undefined ? drawn(own) : inOrder(given.schedule.chosen.place);
    const run = await playOnThreads({ scenario, seed: own, clock, hold, place, system, expects, timeout });
    batches += run.batches;
    missed += gates?.missed ?? 0;
    if (run.failure !== undefined) throw failed(run.failure.thrown, own, run.batches, gates?.missed);
    tried.add({ runs: 1, steps: run.batches, crashes: 0, schedules: [], met: run.met });
  }
  return { seed, runs: checked.runs, batches, missed, unmet: tried.report(seed).unmet };
}

interface Simulated {
  readonly schedule: Schedule;
  /** The links that batches passed, and the points that code did. */
  readonly order: readonly string[];
}

/** Plays a replay in a simulation, to see in which order batches pass. */
async function simulated(scenario: Scenario, replay: string, options: RunOnThreadsOptions): Promise<Simulated> {
  const schedule = readSchedule(replay);
  if (schedule.chosen.strike.some((choice) => choice !== 0))
    throw new TroupeError(
      "invalid-options",
      "runOnThreads: the replay has a fault that only a simulation has, such as a thread that dies. Have simulate look for a schedule without",
    );
  const { runs: _runs, maxDelay: _delay, replay: _replay, timeout: _timeout, ...simulating } = options;
  const log = new RunLog();
  const game = simulation(scenario, simulating);
  const run = await virtualSources.lend(() => game.play(schedule.seed, { given: schedule, log }));
  const error = failureOnReplay(game, { run, schedule, replay, log })?.error;
  if (isTroupeError(error, "not-repeatable")) throw error;
  return { schedule, order: orderOf(run, log) };
}

/** What gates hold, in its order, and before what comes after it each point that code has come to. */
function orderOf({ trace }: RunOutcome, { points }: RunLog): readonly string[] {
  const isHeld = (lane: string): boolean => /^(?:link (?:0>\d+|\d+>0)$|point )/.test(lane);
  return trace.flatMap(({ lane }, at) => [
    ...(isHeld(lane) ? [lane] : []),
    ...points.filter(({ step }) => step === at + 1).map((point) => comesTo(point.lane)),
  ]);
}

/** Places actors: in half of the runs on any thread by chance, else on the least loaded one, which comes first. */
function drawn(seed: number): (among: number) => number {
  const random = randomOf(seed, "places");
  const isDrawn = random.chance(1 / 2);
  return (among) => (isDrawn ? random.below(among) : 0);
}

/** Places actors as a simulation has: it has made a choice wherever there was more than one thread. */
function inOrder(places: readonly number[]): (among: number) => number {
  let next = 0;
  return (among) => (among < 2 ? 0 : Math.min(places[next++] ?? 0, among - 1));
}

function failed(thrown: unknown, seed: number, batches: number, missed: number | undefined): TroupeError {
  const how =
    missed === undefined
      ? `with the delays of seed ${seed}, after ${batches} batches`
      : `by the replay, of whose batches ${missed === 0 ? "all came in its order" : `${missed} did not come in its order`}`;
  return new TroupeError("simulation-failed", `the scenario failed on real threads, ${how}: ${messageOf(thrown)}`, {
    cause: thrown,
    details: { seed, steps: batches },
  });
}
