/** `troupe bench`: measures what a module exports. */

import { moduleTarget } from "../arguments/module-target.ts";
import type { Command } from "../command/command.ts";

export const bench: Command = {
  name: "bench",
  summary: "measure actors and agents side by side",
  flags: { rounds: { type: "string" }, compare: { type: "string" }, json: { type: "boolean" } },
  read(given) {
    const [file = ""] = given.named("FILE");
    const order = {
      ...moduleTarget(file, given),
      rounds: given.wholeNumber("rounds"),
      compare: given.optional("compare", "--compare FILE"),
      json: given.flag("json"),
    };
    return async (terminal) => {
      const { runBenches } = await import("../benches/run-benches.ts"); // other commands don't need it
      return runBenches(order, terminal);
    };
  },
  help: `troupe bench: measure actors and agents side by side

Usage:
  troupe bench FILE[#export] [options]

Options:
  --rounds N      how many rounds count, after one that warms up (default: as the bench says, or 5)
  --json          one line of JSON for each figure
  --compare FILE  beside the figures that --json printed into a file before
  -h, --help      this text
  --verbose       print errors with their stacks

FILE is a module that exports benches: what bench(…) of troupe/bench returns. Each subject of a bench runs once to warm up and
then in each round, all in turn. Printed are the medians: how many a second, and the processor time of each, on all threads.
Close what else needs the processor. Ctrl-C ends it after the round of one subject; what was measured whole is printed.

Exit code: 0 measured, 1 a subject failed, 2 wrong usage, 130 interrupted.
`,
};
