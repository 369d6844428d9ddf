/** Searches the schedules of something that can be played for one that fails. */

import { nodeClock } from "../../runtime/platform/node-clock.ts";
import { everySchedule } from "./schedules/exhaustive.ts";
import { RunLog } from "./explain/run-log.ts";
import { type Failure, failure, failureOnReplay, whatTouched } from "./failure.ts";
import type { Game } from "./game.ts";
import { type HeldRun, mostHeld } from "./outliving/held-before.ts";
import type { RunOutcome } from "./schedules/run-outcome.ts";
import { readSchedule } from "./schedules/schedule-string.ts";
import type { Exhaustive } from "./search-options.ts";
import { States } from "./schedules/states.ts";
import { type SimulationReport, Tallied, type Tally } from "./simulation-report.ts";

/** Where a search begins, and how long it is at most. */
export interface Search {
  readonly seed: number;
  readonly runs: number;
  /** After so many real milliseconds no other schedule is tried. */
  readonly time?: number | undefined;
  readonly replay?: string | undefined;
  readonly exhaustive?: Exhaustive | undefined;
  /** Asked after each run: whether that was the last. It may give the event loop its turn. Default: it goes on. */
  readonly isOver?: () => boolean | Promise<boolean>;
}

/** What a search came to. */
export interface Searched {
  /** What was tried, until it failed where it did. */
  readonly report: SimulationReport;
  readonly failure?: Failure;
}

export function search(game: Game, options: Search): Promise<Searched> {
  if (options.replay !== undefined) return replayed(game, options.replay);
  return options.exhaustive === undefined ? drawn(game, options) : exhausted(game, options);
}

/** What a part of a search by seeds came to. */
export interface SearchedPart {
  readonly tally: Tally;
  /** It failed, or what is outside of the simulation has had a part in it. */
  readonly failed?: RunOutcome;
  /** The first runs before it. */
  readonly held?: readonly HeldRun[];
}

/** Plays under each seed from one on, until one fails. */
export async function searchPart(game: Game, { seed, runs, time, isOver }: Search): Promise<SearchedPart> {
  const tried = new Tallied();
  const ends = endOf(time, isOver);
  for (let i = 0; i < runs; i++) {
    const run = await game.play(seed + i);
    tried.add(tallyOf(run));
    const isFailed = run.failure !== undefined || (run.isTouched && (await whatTouched(game, run)) !== undefined);
    if (isFailed) return { tally: tried.tally, failed: run, held: firstFrom(seed, i) };
    const over = ends();
    if (over === true || (over !== false && (await over))) break;
  }
  return { tally: tried.tally };
}

/** The first of so many runs that held. */
function firstFrom(seed: number, count: number): readonly HeldRun[] {
  return Array.from({ length: Math.min(count, mostHeld) }, (_, n) => ({ seed: seed + n }));
}

async function drawn(game: Game, options: Search): Promise<Searched> {
  const { tally, failed, held } = await searchPart(game, options);
  const tried = new Tallied();
  tried.add(tally);
  const report = tried.report(options.seed);
  return failed === undefined ? { report } : { report, failure: await failure(game, failed, { held }) };
}

async function exhausted(
  game: Game,
  { seed, runs, time, exhaustive: { switches = Number.POSITIVE_INFINITY, isolated = false } = {}, isOver }: Search,
): Promise<Searched> {
  const tried = new Tallied();
  const held: HeldRun[] = [];
  const ends = endOf(time, isOver);
  const isOrdered = switches < Number.POSITIVE_INFINITY;
  const run = (chosen: RunOutcome["chosen"]): Promise<RunOutcome> =>
    game.play(seed, { given: { chosen }, ...(isolated && { states: new States({ isOrdered }) }) });
  const schedules = everySchedule({ run, switches, runs });
  for (;;) {
    const { value, done } = await schedules.next();
    if (done === true) return { report: { ...tried.report(seed), isComplete: value } };
    tried.add(tallyOf(value));
    if (value.failure !== undefined)
      return { report: tried.report(seed), failure: await failure(game, value, { found: "given", held }) };
    if (held.length < mostHeld) held.push({ seed, given: { chosen: value.chosen } });
    if (await ends()) return { report: { ...tried.report(seed), isComplete: false } };
  }
}

async function replayed(game: Game, replay: string): Promise<Searched> {
  const schedule = readSchedule(replay);
  const log = new RunLog();
  const run = await game.play(schedule.seed, { given: schedule, log });
  const tried = new Tallied();
  tried.add(tallyOf(run));
  const report = tried.report(schedule.seed);
  const found = failureOnReplay(game, { run, schedule, replay, log });
  return found === undefined ? { report } : { report, failure: found };
}

function tallyOf({ trace, crashes, effects, met }: RunOutcome): Tally {
  return { runs: 1, steps: trace.length, crashes, schedules: [effects], met };
}

/** Asked after each run: whether that was the last. */
function endOf(time: number | undefined, isOver: Search["isOver"] = () => false): NonNullable<Search["isOver"]> {
  if (time === undefined) return isOver;
  const clock = nodeClock();
  const end = clock.now() + time;
  return () => clock.now() >= end || isOver();
}
