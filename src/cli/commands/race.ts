/** `troupe race`: looks for races in what a module exports, schedule by schedule. */

import { moduleTarget } from "../arguments/module-target.ts";
import type { Command } from "../command/command.ts";

const strategies = ["portfolio", "random", "weighted", "pct", "pos", "fair"] as const;
/** More threads than this are no help on any machine. */
const mostJobs = 256;

export const race: Command = {
  name: "race",
  summary: "look for races of agents, actors and async code, and repeat them",
  flags: {
    strategy: { type: "string" },
    runs: { type: "string" },
    seed: { type: "string" },
    time: { type: "string" },
    replay: { type: "string" },
    jobs: { type: "string" },
    html: { type: "string" },
    json: { type: "boolean" },
  },
  read(given) {
    const [file = ""] = given.named("FILE");
    const target = moduleTarget(file, given);
    const seed = given.text("seed");
    if (seed !== undefined && !/^-?\d{1,15}$/.test(seed))
      throw given.wrong(`--seed must be a whole number, got ${JSON.stringify(seed)}`);
    const order = {
      ...target,
      strategy: given.text("strategy") === undefined ? undefined : given.choice("strategy", strategies),
      runs: given.wholeNumber("runs"),
      seed: seed === undefined ? undefined : Number(seed),
      time: given.wholeNumber("time"),
      replay: given.optional("replay", "--replay STRING"),
      jobs: given.wholeNumber("jobs", mostJobs) ?? 1,
      html: given.optional("html", "--html FILE"),
      json: given.flag("json"),
    };
    for (const other of ["runs", "seed", "time", "jobs", "strategy"])
      if (order.replay !== undefined && given.text(other) !== undefined)
        throw given.wrong(`--replay is one schedule: leave out --${other}`);
    return async (terminal) => {
      const { playRaces } = await import("../races/play-races.ts"); // other commands don't need the simulator
      return playRaces(order, terminal);
    };
  },
  help: `troupe race: look for races of agents, actors and async code, and repeat them

Usage:
  troupe race FILE[#export] [options]

Options:
  --runs N          how many schedules to try of each race (default: as the race says, or 1000)
  --seed N          the first schedule's seed (default: as the race says, or by chance)
  --time MS         try no more schedules of a race after so many milliseconds
  --strategy NAME   how the next step is chosen: portfolio (default), random, weighted, pct, pos or fair
  --jobs N          how many threads try schedules at once (default: 1); what is found is the same
  --replay STRING   repeat one schedule, as a failure prints it; of one race
  --html FILE       write the first failure as a page that is stepped through, in one file that needs nothing else
  --json            one line of JSON for each race
  -h, --help        this text
  --verbose         print errors with their stacks

FILE is a module that exports races: what raceTest(…) returns, what interleave(…) takes, or objects with a scenario and perhaps a name and options.
Ctrl-C ends the search, and prints what was found until then.

Exit code: 0 all races held, 1 one failed, 2 wrong usage, 130 interrupted.
`,
};
