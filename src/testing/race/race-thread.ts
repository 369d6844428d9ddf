/** What a thread runs that helps a search: it plays a race under the seeds that it is told. */

import { answerWith } from "../../runtime/threads/node-helper.ts";
import { searchPart } from "../simulator/search.ts";
import type { Tally } from "../simulator/simulation-report.ts";
import { loadForRaces, type Race, raceNamed } from "./race.ts";
import { optionsOf, type Overrides, withRace } from "./search-race.ts";

/** Where a race is, for another thread. */
export interface RacePlace {
  /** The URL of the module. */
  readonly module: string;
  readonly exportName: string;
}

/** What a thread is asked to play: the race under so many seeds, from one on. */
export interface PartOrder extends RacePlace {
  readonly overrides: Overrides;
  readonly seed: number;
  readonly runs: number;
}

export interface PartAnswer {
  readonly tally: Tally;
  /** The seed that failed. */
  readonly failed?: number;
}

export function runThread(_task: unknown, importModule: (url: string) => Promise<object>): void {
  let race: Promise<Race> | undefined;
  answerWith(async ({ module, exportName, overrides, seed, runs }: PartOrder): Promise<PartAnswer> => {
    race ??= loadForRaces(() => importModule(module)).then((exports) => raceNamed(exports, exportName, module));
    const { options } = optionsOf(await race, overrides);
    const { tally, failed } = await withRace(await race, options, nowhere, (game) => searchPart(game, { seed, runs }));
    return failed === undefined ? { tally } : { tally, failed: failed.seed };
  });
}

/** The thread that has asked says how a failure is repeated. */
const nowhere = { bySeed: () => "", byReplay: () => "" };
