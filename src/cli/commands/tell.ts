/** `troupe tell`: answers a wait of a run that no process goes on with, and goes on with the run. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Arguments } from "../arguments/arguments.ts";
import { readTakeUp, takeUpFlags, takeUpHelp } from "../arguments/take-up-arguments.ts";
import type { Command } from "../command/command.ts";
import { findRun } from "../journal/find-runs.ts";
import { takeUp } from "../runs/take-up.ts";

export const tell: Command = {
  name: "tell",
  summary: "answer what a run waits for, and go on with it",
  flags: { ...takeUpFlags, by: { type: "string" }, key: { type: "string" } },
  read(given) {
    const order = readTakeUp(given);
    const [id = "", wait = "", json = ""] = given.named("ID", "WAIT", "JSON");
    const answer = answerOf(given, json);
    const by = given.optional("by", "--by NAME");
    const idempotencyKey = given.optional("key", "--key TEXT");
    const options = {
      ...(by === undefined ? {} : { by }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
    return (terminal, ports) =>
      takeUp(
        order,
        {
          choose: async (store) => [await findRun(store, id)],
          recovers: false,
          begin: async (run) => {
            await run.tell(wait, answer, options);
            return run;
          },
          isMeant: (status) => status === "completed" || status === "waiting",
        },
        terminal,
        ports,
      );
  },
  help: `troupe tell: answer what a run waits for, and go on with it until it ends or waits again

Usage:
  troupe tell --journal DIR ID WAIT JSON [--by NAME] [--key TEXT] [options]

  ID     the run
  WAIT   the name of the wait; troupe show-run says what is asked
  JSON   the answer, such as '{"approved":true}'

Options:
  --by NAME             who answers; it is kept in the run's history
  --key TEXT            the same for each try at telling this one answer: told again, it is no second answer
${takeUpHelp}

The first answer counts. A later one is refused, and the message says who answered before, and when. An answer may come before the
run asks for it.

Exit codes: 0 the answer counts, and the run has completed or waits again; 1 it doesn't, the run ended otherwise, or the command
failed; 2 wrong usage, 130 interrupted by Ctrl-C (again: at once): troupe resume goes on with the run.
`,
};

/** @throws TroupeError `invalid-options` for anything but JSON. */
function answerOf(given: Arguments, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const { message } = given.wrong("JSON is the answer as JSON, such as '{\"approved\":true}'");
    throw new TroupeError("invalid-options", message, { cause: error });
  }
}
