/** `troupe dev`: a system with the workflows of a module, and a page to start runs and to see them. */

import { inspectorFlags, inspectorHelp, readInspector } from "../arguments/inspector-arguments.ts";
import { moduleTarget } from "../arguments/module-target.ts";
import { readSystem, systemFlags, systemHelp } from "../arguments/system-arguments.ts";
import type { Command } from "../command/command.ts";
import { systemOptionsOf } from "../command/system-options.ts";
import { untilAborted } from "../command/until-aborted.ts";
import { loadWorkflows } from "../modules/load-workflow.ts";
import { placeOfJournal } from "../journal/journal-place.ts";

export const dev: Command = {
  name: "dev",
  summary: "start a system with a page to start runs of a module's workflows, and to see them",
  flags: { ...systemFlags, ...inspectorFlags, journal: { type: "string" } },
  read(given) {
    const [target = ""] = given.named("<module>");
    const { module, exportName } = moduleTarget(target, given);
    const journal = given.optional("journal", "--journal DIR");
    const order = readSystem(given);
    const inspector = readInspector(given);
    return async (terminal, { start, openJournal }) => {
      const workflows = await loadWorkflows({ module, exportName, cwd: terminal.cwd });
      const options = await systemOptionsOf(order, terminal);
      const system = await start({
        ...options,
        ...(journal === undefined
          ? {}
          : { journal: openJournal(placeOfJournal(terminal.cwd, journal), { readOnly: false }) }),
        workflows,
        logger: "warn",
        inspector: { ...inspector, onOpen: () => undefined },
      });
      try {
        await terminal.print(system.inspector?.url ?? "");
        await untilAborted(terminal.interrupted);
        return 0;
      } finally {
        await system.close();
      }
    };
  },
  help: `troupe dev: start a system with a page to start runs of a module's workflows, and to see them

Usage:
  troupe dev <module>[#export] [options]

  <module>   path or file URL of the module that exports the workflows
  #export    one of them (default: all)

Options:
  --journal DIR         keep state and runs in this folder, and go on with those that are unfinished there (default: in memory)
  --coordination NAME   orchestrator (default) or relay
${systemHelp}
${inspectorHelp}
  -h, --help            this text

Prints the URL of the page, with the token that opens it, and goes on until Ctrl-C. Failures that no caller waits for are told on stderr.

Exit codes: 1 failed, 2 wrong usage, 130 ended by Ctrl-C.
`,
};
