/** `troupe resume`: goes on with runs that a process left unfinished. */

import { isOpen } from "../../workflows/history/run-state.ts";
import type { TroupeError } from "../../errors/troupe-error.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import type { Command } from "../command/command.ts";
import { allRuns, expectOpen, findRun, type FoundRun } from "../journal/find-runs.ts";
import { takeUp } from "../runs/take-up.ts";
import { readTakeUp, takeUpFlags, takeUpHelp } from "../arguments/take-up-arguments.ts";

export const resume: Command = {
  name: "resume",
  summary: "go on with runs that a process left unfinished",
  flags: takeUpFlags,
  read(given) {
    const order = readTakeUp(given);
    const ids = [...new Set(given.positionals)];
    return (terminal, ports) =>
      takeUp(
        order,
        {
          choose: (store, onDamage) => (ids.length === 0 ? unfinished(store, onDamage) : named(store, ids)),
          recovers: true,
          begin: async (run) => run,
          isMeant: (status) => status === "completed" || status === "waiting",
        },
        terminal,
        ports,
      );
  },
  help: `troupe resume: go on with runs that a process left unfinished, and wait until they have ended

Usage:
  troupe resume --journal DIR [ID...] [options]

  ID   the run to go on with (default: all that have not ended)

Options:
${takeUpHelp}

Prints a line for each run as it ends. What had finished isn't done again; what was in flight is, under the same idempotency
key. A run whose workflow changed under its version, or isn't found, is refused and stays as it is.

A run that only waits for an answer or a time stays as it is: troupe tell answers, and troupe show-run says what is asked.

Exit codes: 0 all have completed or only wait, 1 one has not, or the command failed, 2 wrong usage, 130 interrupted by Ctrl-C (again: at
once): what has not ended goes on with the next troupe resume.
`,
};

async function unfinished(store: OwnedStore, onDamage: (error: TroupeError) => void): Promise<readonly FoundRun[]> {
  const found: FoundRun[] = [];
  for await (const one of allRuns(store, onDamage)) if (isOpen(one.head.state)) found.push(one);
  return found;
}

async function named(store: OwnedStore, ids: readonly string[]): Promise<readonly FoundRun[]> {
  const found: FoundRun[] = [];
  for (const id of ids) found.push(expectOpen(await findRun(store, id), "resume"));
  return found;
}
