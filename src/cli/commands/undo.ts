/** `troupe undo`: undoes a run that has completed. */

import type { Command } from "../command/command.ts";
import { expectCompleted, findRun } from "../journal/find-runs.ts";
import { takeUp } from "../runs/take-up.ts";
import { readTakeUp, takeUpFlags, takeUpHelp } from "../arguments/take-up-arguments.ts";

export const undo: Command = {
  name: "undo",
  summary: "undo a run that has completed",
  flags: { ...takeUpFlags, reason: { type: "string" } },
  read(given) {
    const order = readTakeUp(given);
    const [id = ""] = given.named("ID");
    const reason = given.text("reason");
    return (terminal, ports) =>
      takeUp(
        order,
        {
          choose: async (store) => [expectCompleted(await findRun(store, id))],
          recovers: false,
          begin: (run) => run.undo(reason),
          isMeant: (status) => status === "undone",
        },
        terminal,
        ports,
      );
  },
  help: `troupe undo: undo a run that has completed, and wait until that is done

Usage:
  troupe undo --journal DIR ID [--reason TEXT] [options]

Options:
  --reason TEXT         why; it is kept in the run's history
${takeUpHelp}

Steps are undone by their agents, the last that finished first, as far as these can. Past its point of no return a run can't be undone.

Exit codes: 0 it is undone, 1 it is not, or the command failed, 2 wrong usage, 130 interrupted by Ctrl-C (again: at once):
troupe resume goes on undoing it.
`,
};
