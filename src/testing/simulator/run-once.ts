/** One run of a scenario: all its parts, its choices, and what became of it. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { moduleLoader } from "../../runtime/definitions/definition-loader.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";
import { shown } from "../../values/shown.ts";
import type { RunLog } from "./explain/run-log.ts";
import { Effects } from "./schedules/effects.ts";
import { type Choices, ChoicesOfRun, type Given } from "./schedules/choices.ts";
import { faultsOfRun, resolveFaults } from "./faults/faults.ts";
import { LinkFaults } from "./faults/link-faults.ts";
import { InvariantsOfRun } from "./invariants.ts";
import { play, untilEnd } from "./play.ts";
import { Lives } from "./world/lives.ts";
import { MachineClock } from "./world/machine-clock.ts";
import { pointsOfRun } from "./schedules/points-of-run.ts";
import { hashOf, type RunOutcome } from "./schedules/run-outcome.ts";
import { epoch, Scheduler } from "./schedules/scheduler.ts";
import { randomOf, type SeededRandom, watched } from "./schedules/seeded-random.ts";
import type { Scenario, SimulateOptions } from "./simulate-options.ts";
import { LeasedJournal, type LeasedJournalOptions, type Omitted } from "./world/leased-journal.ts";
import {
  DurableJournal,
  type JournalSource,
  onlyJournal,
  slowJournals,
  volatileJournals,
} from "./world/simulated-journal.ts";
import type { Tamper } from "./world/simulated-platform.ts";
import { withStandIns } from "./stand-ins.ts";
import type { States } from "./schedules/states.ts";
import { strategyOf } from "./schedules/strategy.ts";
import { Strikes } from "./faults/strikes.ts";
import { CodeTimers } from "./virtual/code-timers.ts";
import type { OutsideWork } from "./virtual/outside-work.ts";
import type { SourcesOfRun } from "./virtual/sources-of-run.ts";
import type { VirtualSources } from "./virtual/virtual-sources.ts";
import { worldOf } from "./world/world.ts";

/** What a test of a test breaks on purpose. */
export interface Sabotage {
  readonly tamper?: Tamper | undefined;
  readonly journals?: JournalSource | undefined;
  /** What a leased journal doesn't do. */
  readonly omitted?: Omitted | undefined;
}

/** What a run is given besides its options. */
export interface RunExtras extends Sabotage {
  /** Installed. */
  readonly sources: VirtualSources;
  /** The choices to make. Default: they are drawn by the seed. */
  readonly given?: Given;
  /** Takes down what happens. */
  readonly log?: RunLog;
  /** Sees what is begun outside. */
  readonly watch?: OutsideWork;
  /** Tells its states apart. */
  readonly states?: States;
}

/**
 * Runs a scenario once. Its choices are those given, and where none are, drawn by the seed.
 *
 * @throws TroupeError `invalid-options`
 */
export async function runOnce(
  scenario: Scenario,
  seed: number,
  options: SimulateOptions,
  { sources, tamper, journals, omitted, given, log, watch, states }: RunExtras,
): Promise<RunOutcome> {
  const choices = new ChoicesOfRun(given);
  const effects = new Effects();
  const draw = (part: string): SeededRandom => randomOf(seed, part);
  const faults = faultsOfRun(resolveFaults(options.faults), draw("swarm"));
  const links = new LinkFaults(choices, draw("links"), faults, log?.fault);
  const { connectionLoss } = faults;
  const striking = draw("strikes");
  let strikes: Strikes | undefined;
  const invariants = new InvariantsOfRun();
  const machine = new MachineClock();
  const isOpen = options.system?.journal !== undefined;
  let hasLoaded = false;
  let isTouched = false;
  let uncontrolled: TroupeError | undefined;
  let lives: Lives | undefined;
  const scheduler: Scheduler = new Scheduler({
    choices,
    strategy: strategyOf(options.strategy ?? "portfolio", draw("strategy")),
    start: epoch,
    maxSteps: options.maxSteps ?? 100_000,
    onStep: () => {
      invariants.look(scheduler.trace.length);
      return strikes?.strike() ?? false;
    },
    outside: sources.outside,
    states,
    onTouched: () => (isTouched ||= !hasLoaded && !isOpen),
  });
  const load = (url: string): Promise<object> => {
    hasLoaded = true;
    return import(url) as Promise<object>;
  };
  const isHostAlive = (host: string): boolean => !/^[1-9]/.test(host) || lives?.hasThread(host) === true;
  const chance = draw("sources");
  const ofRun: SourcesOfRun = {
    now: () => scheduler.now + machine.ahead,
    elapsed: () => scheduler.now - epoch,
    point: pointsOfRun(scheduler, isHostAlive, log?.comesTo),
    random: states === undefined ? chance : watched(chance, () => states.drew(scheduler.turn.host)),
    where: () => `in step ${scheduler.trace.length}, a ${scheduler.turn.name}`,
    onUncontrolled: (error) => (uncontrolled ??= error),
    ...(isOpen ? {} : { timers: new CodeTimers(scheduler, isHostAlive) }),
  };
  const isSlow = (): boolean => {
    const isSlowed = choices.choose("strike", 2, () => (draw("store").chance(faults.slowStore) ? 1 : 0)) === 1;
    if (isSlowed) log?.fault("the store is slow");
    return isSlowed;
  };
  log?.begin(() => ({ step: scheduler.trace.length, at: scheduler.now - epoch }));
  watch?.watch({ isInRun: () => sources.isInRun, where: ofRun.where });
  return sources.during(ofRun, async () => {
    const all = (lives = new Lives({
      scheduler,
      machine,
      random: draw("system"),
      seed,
      faults: links,
      downtime: () => (choices.choose("strike", 101, () => striking.below(101)) / 100) * faults.maxDowntime,
      place: placing(options, choices, draw("places")),
      // recording changes no schedule
      system: { ...options.system, ...(log && { telemetry: { traces: log, sample: 1 } }) },
      journals:
        journals ??
        journalsOf(options, { choices, random: striking, faults: links, ...{ connectionLoss, omitted } }, isSlow),
      expects: options.expects ?? (() => false),
      strikeAt: (arriving) => strikes?.strikeAt(arriving),
      load: withStandIns(moduleLoader(load), options.agents ?? []),
      ...(tamper === undefined ? {} : { tamper }),
      observer:
        log === undefined
          ? effects.see
          : (event) => {
              effects.see(event);
              log.observe(event);
            },
    }));
    const { failed } = all;
    const whileItRuns = {
      invariants,
      failed,
      interruption: () => uncontrolled,
      deadlock: (steps: number) => deadlock(steps, all.crashes),
    };
    const { failure, hasEnded } = await play(scheduler, {
      ...whileItRuns,
      run: async () => {
        strikes = new Strikes(all, machine, choices, striking, faults, log?.fault);
        try {
          await Promise.race([all.standing(), failed]);
          await Promise.race([
            scenario(worldOf({ lives: all, scheduler, machine, random: draw("scenario"), seed, invariants })),
            failed,
          ]);
        } finally {
          strikes = undefined;
        }
        await Promise.race([failed, Promise.resolve()]); // in the same step
      },
    });
    watch?.end();
    const trace = scheduler.trace.slice(); // without that of a close
    const order = effects.hash();
    const closing =
      hasEnded && closes(seed, options.system)
        ? await untilEnd(scheduler, { ...whileItRuns, run: () => all.close() })
        : undefined;
    const { chosen, lanes, alternatives, marks, misfit } = choices;
    return {
      ...{
        seed,
        trace,
        schedule: hashOf(trace),
        effects: order,
        crashes: all.crashes,
        chosen,
        lanes,
        alternatives,
        marks,
        states: scheduler.keys,
        misfit,
      },
      failure: failure ?? closing?.failure,
      isTouched,
      met: invariants.met,
    };
  });
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

function deadlock(steps: number, crashes: number): TroupeError {
  return new TroupeError("deadlock", whyStuck(steps, crashes));
}

function whyStuck(steps: number, crashes: number): string {
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
function journalsOf(
  { journal = "memory", system }: SimulateOptions,
  durable: LeasedJournalOptions,
  isSlow: () => boolean,
): JournalSource {
  if (journal !== "memory" && journal !== "durable" && journal !== "leased")
    throw new TroupeError(
      "invalid-options",
      `simulate: journal is "memory", "durable" or "leased", not ${shown(journal)}`,
    );
  if (system?.journal !== undefined) {
    if (journal !== "memory")
      throw new TroupeError(
        "invalid-options",
        `simulate: journal is "${journal}", and system.journal is another one. Give one of them.`,
      );
    return onlyJournal(system.journal);
  }
  if (journal === "durable") return new DurableJournal(durable);
  if (journal === "leased") return new LeasedJournal(durable);
  return isSlow() ? slowJournals(durable) : volatileJournals;
}
