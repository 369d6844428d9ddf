/** `troupe retry-compensation`: goes on undoing a run where it could not be undone. */

import type { Command } from "../command/command.ts";
import { expectWaitsForPerson, findRun } from "../journal/find-runs.ts";
import { takeUp } from "../runs/take-up.ts";
import { readTakeUp, takeUpFlags, takeUpHelp } from "../arguments/take-up-arguments.ts";

export const retryCompensation: Command = {
  name: "retry-compensation",
  summary: "go on undoing a run where that failed",
  flags: takeUpFlags,
  read(given) {
    const order = readTakeUp(given);
    const [id = ""] = given.named("ID");
    return (terminal, ports) =>
      takeUp(
        order,
        {
          choose: async (store) => [expectWaitsForPerson(await findRun(store, id))],
          recovers: false,
          begin: (run) => run.retryCompensation(),
          isMeant: (status) => status === "failed" || status === "cancelled",
        },
        terminal,
        ports,
      );
  },
  help: `troupe retry-compensation: try the compensation again that failed for good, and go on undoing the run from there

Usage:
  troupe retry-compensation --journal DIR ID [options]

  ID   a run that is compensation-failed; see troupe runs

Options:
${takeUpHelp}

Exit codes: 0 all is undone: the run ended as failed or cancelled, 1 it is not, or the command failed, 2 wrong usage, 130
interrupted by Ctrl-C (again: at once): troupe resume goes on undoing it.
`,
};
