/** `troupe resolve`: declares that a person has dealt with what a run could not undo. */

import type { Command } from "../command/command.ts";
import { expectWaitsForPerson, findRun } from "../journal/find-runs.ts";
import { exitCodes, journalFlags, journalOf } from "../arguments/journal-arguments.ts";
import { takeUp } from "../runs/take-up.ts";

export const resolve: Command = {
  name: "resolve",
  summary: "say that a run that could not be undone was seen to",
  flags: { ...journalFlags, note: { type: "string" } },
  read(given) {
    const [id = ""] = given.named("ID");
    const note = given.required("note", "--note TEXT");
    const order = {
      journal: journalOf(given),
      json: given.flag("json"),
      verbose: given.flag("verbose"),
      modules: [], // no workflow's code is needed
      coordination: "orchestrator",
      threads: 1,
      env: [],
      setup: undefined,
    } as const;
    return (terminal, ports) =>
      takeUp(
        order,
        {
          choose: async (store) => [expectWaitsForPerson(await findRun(store, id))],
          recovers: false,
          begin: async (run, system) => {
            await run.resolve(note);
            return system.findRun(id);
          },
          isMeant: (status) => status === "resolved",
        },
        terminal,
        ports,
      );
  },
  help: `troupe resolve: say that a person has seen to what a run left that could not be undone; it ends as resolved

Usage:
  troupe resolve --journal DIR ID --note TEXT [--json]

  ID   a run that is compensation-failed; see troupe runs

Options:
  --note TEXT     what was done; it is kept in the run's history
  --journal DIR   the folder of the journal, or its postgres:// URL; no system may have it open
  --json          a line of JSON that says how the run ended
  -h, --help      this text

No code of the workflow is loaded.

${exitCodes}`,
};
