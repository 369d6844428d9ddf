/** `troupe run`: a workflow over a file of inputs. */

import { resolve } from "node:path";
import { inspect } from "node:util";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { InputRow } from "../input/input-row.ts";
import { loadWorkflow } from "../modules/load-workflow.ts";
import { jsonLine, textLine } from "../output/outcome.ts";
import type { Command, CommandPorts } from "../command/command.ts";
import type { CommandSystem, StartedRun } from "../command/command-system.ts";
import { readInputs } from "../input/read-inputs.ts";
import { readRun, runFlags, type RunOrder } from "../arguments/run-arguments.ts";
import { runInputs } from "./run-inputs.ts";
import type { Terminal } from "../command/terminal.ts";
import { unlessAborted } from "../command/unless-aborted.ts";

export const run: Command = {
  name: "run",
  summary: "run a workflow over a file of inputs",
  flags: runFlags,
  read(given) {
    const order = readRun(given);
    return (terminal, ports) => runCommand(order, terminal, ports);
  },
  help: `troupe run: run a workflow over a file of inputs, and print a line for each

Usage:
  troupe run <module>[#export] --input FILE [options]

  <module>   path or file URL of the module that exports the workflow
  #export    which of its exports; needed when it exports several workflows and none as default

Options:
  --input FILE          a .jsonl file (one JSON value a line) or a .csv file with a header
  --coordination NAME   orchestrator (default) or relay
  --threads N           worker threads, 1 to 256 (default: one for each core)
  --journal DIR         keep state and runs in this folder, which is made where there is none (default: in memory);
                        what a process leaves unfinished there goes on with troupe resume
  --id NAME             call the runs NAME-LINE, by the lines of their inputs (default: random ids)
  --json                a line of JSON for each input
  --verbose             print stacks of errors to stderr
  -h, --help            this text

Exit codes: 0 all inputs ok, 1 an input failed or the module or the file can't be used, 2 wrong usage,
130 interrupted by Ctrl-C (again: at once).
`,
};

/** Runs in flight at a time: enough to keep every agent of a wide workflow busy, few enough to cancel. */
const inFlight = 64;
/** Outcomes that may wait for an earlier input's. */
const ahead = 1024;
/** Milliseconds that cancelled runs get to undo their steps before the system is closed. */
const cancelGrace = 5000;

/**
 * Runs the workflow over the inputs and prints a line for each, and a summary to stderr. Returns the exit code: 0, or 1
 * if an input failed or wasn't run.
 *
 * @throws TroupeError (as a rejection) when the module or the file of inputs can't be used, or no system can be
 * started.
 */
async function runCommand(
  command: RunOrder,
  terminal: Terminal,
  { start, openJournal }: CommandPorts,
): Promise<number> {
  const { cwd, interrupted } = terminal;
  const { coordination, threads, journal } = command;
  const ready = await unlessAborted(interrupted, async () => {
    const workflow = await loadWorkflow({ ...command, cwd });
    const rows = await readInputs({ path: command.input, cwd, schema: workflow.input });
    const system = await start({
      coordination,
      ...(threads === undefined ? {} : { threads }),
      ...(journal === undefined
        ? {}
        : { journal: openJournal(resolve(cwd, journal), { readOnly: false }), recover: false }),
    });
    return { workflow, rows, system };
  });
  if (ready === undefined) return 1;
  const { workflow, rows, system } = ready;
  try {
    return await runAll(command, workflow, rows, system, terminal);
  } finally {
    await system.close();
  }
}

async function runAll(
  command: RunOrder,
  workflow: WorkflowDefinition,
  rows: readonly InputRow[],
  system: CommandSystem,
  terminal: Terminal,
): Promise<number> {
  const { interrupted: signal } = terminal;
  const give = (): void => void system.close();
  let grace: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    terminal.note("interrupted: cancelling what is in flight; Ctrl-C again exits at once");
    grace = setTimeout(give, cancelGrace);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  const lineOf = command.json ? jsonLine : textLine;
  let ok = 0;
  let failed = 0;
  const { id, journal } = command;
  const start = (input: unknown, line: number): StartedRun => {
    const started = system.run(workflow, input, id === undefined ? {} : { id: `${id}-${line}` });
    return {
      result: started.result,
      cancel: (reason) => started.cancel(reason),
      id: journal === undefined ? undefined : started.id,
    };
  };
  const outcomes = runInputs(rows, { start, inFlight, ahead, signal });
  for await (const outcome of outcomes) {
    if (outcome.ok) ok++;
    else failed++;
    await terminal.print(lineOf(outcome, workflow));
    if (command.verbose && !outcome.ok) terminal.note(`line ${outcome.line}: ${inspect(outcome.error)}`);
  }
  signal.removeEventListener("abort", interrupt);
  clearTimeout(grace);
  terminal.note(summary(rows.length, ok, failed));
  return ok === rows.length ? 0 : 1;
}

function summary(all: number, ok: number, failed: number): string {
  const rest = all - ok - failed;
  return `${all} ${all === 1 ? "input" : "inputs"}: ${ok} ok, ${failed} failed${rest === 0 ? "" : `, ${rest} not run`}`;
}
