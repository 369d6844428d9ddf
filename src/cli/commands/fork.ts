/** `troupe fork`: starts a run that begins where another one was. */

import type { Arguments } from "../arguments/arguments.ts";
import { readTakeUp, takeUpFlags, takeUpHelp } from "../arguments/take-up-arguments.ts";
import type { Command } from "../command/command.ts";
import { findRun } from "../journal/find-runs.ts";
import { takeUp } from "../runs/take-up.ts";

export const fork: Command = {
  name: "fork",
  summary: "start a run that begins where another one was",
  flags: {
    ...takeUpFlags,
    id: { type: "string" },
    at: { type: "string" },
    before: { type: "string", multiple: true },
    output: { type: "string", multiple: true },
  },
  read(given) {
    const order = readTakeUp(given);
    const [of = ""] = given.named("ID");
    const id = given.optional("id", "--id NAME");
    const at = given.wholeNumber("at");
    const options = {
      ...(id === undefined ? {} : { id }),
      ...(at === undefined ? {} : { at }),
      before: given.texts("before"),
      outputs: Object.fromEntries(given.texts("output").map((text) => outputOf(given, text))),
    };
    return (terminal, ports) =>
      takeUp(
        order,
        {
          choose: async (store) => [await findRun(store, of)],
          recovers: false,
          begin: (_, system) => system.forkRun(of, options),
          isMeant: (status) => status === "completed" || status === "waiting",
        },
        terminal,
        ports,
      );
  },
  help: `troupe fork: start a run that begins where another one was, and go on with it until it ends or waits

Usage:
  troupe fork --journal DIR ID [--at VERSION] [--before STEP]... [--output STEP=JSON]... [--id NAME] [options]

  ID   the run that it is a fork of, which stays as it is

Options:
  --at VERSION          the version of run/ID that it begins with; troupe history run/ID lists them (default: the newest)
  --before STEP         a step that is done again though it had finished, with all that comes after it; may be given several times
  --output STEP=JSON    what stands in for the output of a step, or the answer of a wait, such as 'draft={"text":"mended"}'; may be
                        given several times
  --id NAME             the fork's id (default: a new one)
${takeUpHelp}

What had finished there is inherited: it is not done again, and the fork does not undo it. The line that is printed has the fork's id.

Exit codes: 0 it has completed, or waits; 1 it has not, or the command failed; 2 wrong usage, 130 interrupted by Ctrl-C (again: at
once): troupe resume goes on with the fork.
`,
};

/** @throws TroupeError `invalid-options` for anything but a step and JSON. */
function outputOf(given: Arguments, text: string): readonly [step: string, output: unknown] {
  const at = text.indexOf("=");
  try {
    if (at < 1) throw new SyntaxError("there is no step before an equals sign");
    return [text.slice(0, at), JSON.parse(text.slice(at + 1))];
  } catch (error) {
    throw given.wrong(`--output is a step and its output as JSON, such as 'draft={"text":"mended"}'`, error);
  }
}
