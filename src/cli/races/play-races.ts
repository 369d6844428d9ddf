/** Plays the races of a module, one after another. */

import { playedAlone } from "../../testing/race/play-alone.ts";
import { loadForRaces, type Race, raceNamed, racesIn } from "../../testing/race/race.ts";
import { searchInThreads } from "../../testing/race/search-in-threads.ts";
import { searchRace } from "../../testing/race/search-race.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { wrongUsage } from "../arguments/arguments.ts";
import type { Terminal } from "../command/terminal.ts";
import { loadExports, moduleUrl } from "../modules/load-exports.ts";
import { painter } from "../output/paint.ts";
import { writeFailurePage } from "./failure-page.ts";
import type { RaceOrder } from "./race-order.ts";
import { raceJson, raceLines, type RaceResult } from "./race-text.ts";

/** How many schedules of a race are tried, unless the race or the command says. */
const usualRuns = 1_000;

/** Returns the exit code: 1 if a race failed. */
export async function playRaces(order: RaceOrder, terminal: Terminal): Promise<number> {
  const races = await racesOf(order, terminal.cwd);
  const paint = painter(terminal.colours);
  let code = 0;
  let page = order.html; // until it is written, for the first failure
  for (const [exportName, race] of races) {
    if (terminal.interrupted.aborted) break;
    const result = await played(exportName, race, order, terminal);
    for (const line of order.json ? [raceJson(result)] : raceLines(result, paint)) await terminal.print(line);
    if (result.failure === undefined) continue;
    code = 1;
    if (page !== undefined) await writeFailurePage(page, result, terminal);
    page = undefined;
  }
  if (page !== undefined) terminal.note(`${page} is not written: no race failed`);
  return code;
}

/** @throws TroupeError (as a rejection) `definition-not-found`; as the import of the module does. */
async function racesOf({ module, exportName, replay }: RaceOrder, cwd: string): Promise<ReadonlyMap<string, Race>> {
  const exports = await loadForRaces(() => loadExports(module, cwd));
  if (exportName !== undefined) return new Map([[exportName, raceNamed(exports, exportName, module)]]);
  const races = racesIn(exports);
  if (races.size === 0)
    throw new TroupeError(
      "definition-not-found",
      `${module}: exports no race; export what raceTest(…) returns, what interleave(…) takes, or { name, scenario, options }`,
      { details: { module } },
    );
  if (replay !== undefined && races.size > 1)
    throw wrongUsage(
      `race: --replay is of one race; name it: ${[...races.keys()].map((name) => `${module}#${name}`).join(", ")}`,
    );
  return races;
}

async function played(exportName: string, race: Race, order: RaceOrder, terminal: Terminal): Promise<RaceResult> {
  const { interrupted, progress } = terminal;
  const target = `troupe race ${order.module}#${exportName}`;
  const repeat = {
    bySeed: (seed: number) => `${target} --seed ${seed} --runs 1`,
    byReplay: (replay: string) => `${target} --replay ${replay}`,
  };
  const overrides = overridesOf(race, order);
  const say = (runs: number): void => progress?.(`${race.name}: ${runs} schedules tried`);
  const isBySeeds = overrides.replay === undefined && race.options.exhaustive === undefined;
  const place = { module: await moduleUrl(order.module, terminal.cwd), exportName };
  const searched =
    order.jobs > 1 && isBySeeds
      ? await searchInThreads(race, {
          ...{ place, overrides, repeat, jobs: order.jobs, signal: interrupted },
          onProgress: say,
        })
      : await searchRace(race, { overrides, repeat, isOver: overWhen(interrupted, say) });
  const found = isBySeeds ? await playedAlone(searched, place, overrides) : searched;
  return { ...found, name: race.name, isInterrupted: interrupted.aborted };
}

function overridesOf({ options }: Race, { replay, runs, seed, time, strategy }: RaceOrder) {
  if (replay !== undefined) return { replay };
  const usual = options.runs === undefined && options.exhaustive === undefined ? usualRuns : undefined;
  const how = runs ?? (time === undefined ? usual : Number.MAX_SAFE_INTEGER);
  return {
    ...(how !== undefined && { runs: how }),
    ...(seed !== undefined && { seed }),
    ...(time !== undefined && { time }),
    ...(strategy !== undefined && { strategy }),
  };
}

/** Real milliseconds between two turns of the event loop, in which an interruption is heard. */
const betweenTurns = 50;

function overWhen(interrupted: AbortSignal, say: (runs: number) => void): () => boolean | Promise<boolean> {
  let [runs, last] = [0, performance.now()];
  return () => {
    runs++;
    if (performance.now() - last < betweenTurns) return false;
    last = performance.now();
    say(runs);
    return new Promise((turn) => setImmediate(() => turn(interrupted.aborted)));
  };
}
