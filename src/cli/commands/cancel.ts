/** `troupe cancel`: cancels a run that a process left unfinished. */

import type { Command } from "../command/command.ts";
import { expectOpen, findRun } from "../journal/find-runs.ts";
import { takeUp } from "../runs/take-up.ts";
import { readTakeUp, takeUpFlags, takeUpHelp } from "../arguments/take-up-arguments.ts";

export const cancel: Command = {
  name: "cancel",
  summary: "cancel a run that a process left unfinished, and undo what it did",
  flags: { ...takeUpFlags, reason: { type: "string" } },
  read(given) {
    const order = readTakeUp(given);
    const [id = ""] = given.named("ID");
    const reason = given.text("reason");
    return (terminal, ports) =>
      takeUp(
        order,
        {
          choose: async (store) => [expectOpen(await findRun(store, id), "cancel")],
          recovers: false,
          begin: async (run) => {
            await run.cancel(reason);
            return run;
          },
          isMeant: (status) => status === "cancelled",
        },
        terminal,
        ports,
      );
  },
  help: `troupe cancel: cancel a run that a process left unfinished, and wait until what it did is undone

Usage:
  troupe cancel --journal DIR ID [--reason TEXT] [options]

Options:
  --reason TEXT         why; it is kept in the run's history
${takeUpHelp}

Nothing that was in flight is begun again. Steps that had finished are undone by their agents, the last one first; a step
whose effects are unknown is undone if its agent can do that. Past its point of no return a run can't be cancelled.

Exit codes: 0 it is cancelled, 1 it is not, or could not be undone, or the command failed, 2 wrong usage, 130 interrupted by
Ctrl-C (again: at once): troupe resume goes on undoing it.
`,
};
