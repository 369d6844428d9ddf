/** Searches the schedules of a race, with its options. */

import { checkInterleave, withTasks } from "../interleave/interleave.ts";
import type { Game } from "../simulator/game.ts";
import { search, type Search, type Searched } from "../simulator/search.ts";
import type { SearchOptions } from "../simulator/search-options.ts";
import { checkSimulate, type SimulateOptions } from "../simulator/simulate-options.ts";
import { simulation } from "../simulator/simulate.ts";
import { virtualSources } from "../simulator/virtual/virtual-sources.ts";
import { isInterleaving, type Race } from "./race.ts";

/** Options in place of a race's own: only data, so that they can go to another thread. */
export type Overrides = SearchOptions;

/**
 * The options of a race, with overrides in place of its own. A `replay` replaces all options that say which schedules are tried.
 *
 * @throws TroupeError `invalid-options`
 */
export function optionsOf(
  { scenario, options }: Race,
  overrides: Overrides,
): { readonly options: SimulateOptions; readonly seed: number; readonly runs: number } {
  const { seed: _seed, runs: _runs, replay: _replay, exhaustive: _exhaustive, ...rest } = options;
  const merged = { ...(overrides.replay === undefined ? options : rest), ...overrides };
  return { options: merged, ...(isInterleaving(scenario) ? checkInterleave(merged) : checkSimulate(merged)) };
}

export interface RaceSearch {
  readonly overrides: Overrides;
  readonly repeat: Game["repeat"];
  readonly isOver?: Search["isOver"];
}

/** @throws TroupeError (as a rejection) `invalid-options` */
export function searchRace(race: Race, { overrides, repeat, isOver }: RaceSearch): Promise<Searched> {
  const { options, seed, runs } = optionsOf(race, overrides);
  const { replay, exhaustive, time } = options;
  return withRace(race, options, repeat, (game) =>
    search(game, { seed, runs, replay, exhaustive, time, ...(isOver && { isOver }) }),
  );
}

/** Makes a race something that can be played, for as long as `work` takes. */
export function withRace<T>(
  { scenario }: Race,
  options: SimulateOptions,
  repeat: Game["repeat"],
  work: (game: Game) => Promise<T>,
): Promise<T> {
  if (isInterleaving(scenario)) return withTasks(scenario, options, repeat, work);
  return virtualSources.lend(() => work(simulation(scenario, options, repeat)));
}
