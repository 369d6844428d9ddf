/** How many schedules a race takes until the first fails: those of `test/races`, each under several seeds. */

import { simulateOnce } from "../src/testing/simulator/simulate.ts";
import { memoryRaces } from "../test/races/memory-races.ts";
import { messageRaces } from "../test/races/message-races.ts";
import type { Race } from "../test/races/players.ts";
import { stateRaces } from "../test/races/state-races.ts";
import { workflowRaces } from "../test/races/workflow-races.ts";
import { type Figure, measure } from "./harness.ts";

const seeds = 30;
/** A race that doesn't show in so many counts as one more. */
const most = 2_000;
/** From the first seed of a round to that of the next. */
const stride = 1_000_003;

export async function racesFound(): Promise<Figure[]> {
  const races = [...stateRaces, ...memoryRaces, ...messageRaces, ...workflowRaces].filter(
    ({ isRare }) => isRare !== true,
  );
  const unit = "schedules";
  const figures = await measure({ bench: "race", unit, rounds: seeds, subjects: races.map(subjectOf) });
  const logs = figures.reduce((sum, { value }) => sum + Math.log(value), 0);
  return [
    ...figures,
    { ...figures[0], subject: "geometric mean", value: Math.exp(logs / races.length), spread: 0 } as Figure,
  ];
}

function subjectOf({ name, buggy, options }: Race) {
  let round = 0;
  return {
    name,
    async run(): Promise<number> {
      const first = stride * round++;
      for (let tried = 1; tried <= most; tried++)
        try {
          await simulateOnce(buggy, first + tried, options);
        } catch {
          return tried;
        }
      return most + 1;
    },
  };
}
