/** `troupe run`: a workflow over a file of inputs. */

import { inspect } from "node:util";
import { everyStepOf } from "../../workflows/definition/steps-of-run.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { InputRow } from "../input/input-row.ts";
import { loadWorkflow } from "../modules/load-workflow.ts";
import { jsonLine, textLine } from "../output/outcome.ts";
import type { Command, CommandPorts } from "../command/command.ts";
import type { CommandSystem, StartedRun } from "../command/command-system.ts";
import { readInputs } from "../input/read-inputs.ts";
import { readRun, runFlags, type RunOrder } from "../arguments/run-arguments.ts";
import { runInputs } from "../runs/run-inputs.ts";
import { keptRun, lostRun } from "../runs/kept-run.ts";
import { systemHelp } from "../arguments/system-arguments.ts";
import { systemOptionsOf } from "../command/system-options.ts";
import { type Batch, withEarlierRuns } from "../runs/earlier-runs.ts";
import { withStore } from "../journal/open-store.ts";
import { isOpenStatus } from "../../workflows/history/run-state.ts";
import type { Terminal } from "../command/terminal.ts";
import { unlessAborted } from "../command/unless-aborted.ts";
import { placeOfJournal } from "../journal/journal-place.ts";

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
${systemHelp}
  --journal DIR         keep state and runs in this folder, which is made where there is none (default: in memory);
                        what a process leaves unfinished there goes on with --continue, or with troupe resume
  --id NAME             call the runs NAME-LINE, by the lines of their inputs (default: random ids)
  --tenant NAME         the tenant that the runs are for, such as a customer (default: none)
  --continue            go on with the batch of this --id and --journal: an input whose run has ended is not run again,
                        a run that was left unfinished goes on, and all others start
  --json                a line of JSON for each input
  --verbose             print stacks of errors to stderr
  -h, --help            this text

A run that waits for an answer stays where it is in the journal, for troupe tell. Without a journal no answer can come: unless the wait
has a timeout, the run is cancelled, what it did is undone, and its input has failed.

Exit codes: 0 all inputs ok or waiting for an answer, 1 an input failed or the module or the file can't be used, 2 wrong usage,
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
async function runCommand(command: RunOrder, terminal: Terminal, ports: CommandPorts): Promise<number> {
  const { cwd, interrupted } = terminal;
  const { journal } = command;
  const ready = await unlessAborted(interrupted, async () => {
    const options = await systemOptionsOf(command, terminal);
    const workflow = await loadWorkflow({ ...command, cwd });
    const rows = await readInputs({ path: command.input, cwd, schema: workflow.input });
    const batch = await batchOf(command, workflow, rows, terminal, ports);
    const left = [...batch.earlier.values()].filter(({ status }) => isOpenStatus(status));
    const unfinished = left.map((earlier) => earlier.run);
    const system = await ports.start({
      ...options,
      ...(journal === undefined
        ? {}
        : {
            journal: ports.openJournal(placeOfJournal(cwd, journal), { readOnly: false }),
            ...(unfinished.length === 0 ? { recover: false } : { recover: unfinished, workflows: [workflow] }),
          }),
    });
    return { workflow, batch, system };
  });
  if (ready === undefined) return 1;
  const { workflow, batch, system } = ready;
  try {
    return await runAll(command, workflow, batch, system, terminal);
  } finally {
    await system.close();
  }
}

/** The inputs, with the runs that they have from before if the batch is continued. */
async function batchOf(
  { input, journal, id, isContinued }: RunOrder,
  workflow: WorkflowDefinition,
  rows: readonly InputRow[],
  terminal: Terminal,
  ports: CommandPorts,
): Promise<Batch> {
  let batch: Batch = { rows, earlier: new Map() };
  if (!isContinued || journal === undefined || id === undefined) return batch;
  await withStore({ journal, mode: "read" }, terminal, ports, async ({ store }) => {
    batch = await withEarlierRuns(store, rows, { file: input, workflow, idOf: (line) => idOf(id, line) });
    return 0;
  });
  return batch;
}

async function runAll(
  command: RunOrder,
  workflow: WorkflowDefinition,
  { rows, earlier }: Batch,
  system: CommandSystem,
  terminal: Terminal,
): Promise<number> {
  const { interrupted: signal } = terminal;
  const { id, tenant, journal } = command;
  const isKept = journal !== undefined;
  const give = (): void => void system.close();
  let grace: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    if (isKept) return terminal.note(goesOn(id));
    terminal.note("interrupted: cancelling what is in flight; Ctrl-C again exits at once");
    grace = setTimeout(give, cancelGrace);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  const lineOf = command.json ? jsonLine : textLine;
  let ok = 0;
  let failed = 0;
  let waiting = 0;
  const asks = everyStepOf(workflow).some(({ kind }) => kind === "wait"); // others aren't watched
  const start = async (input: unknown, line: number): Promise<StartedRun> => {
    const before = earlier.get(line);
    if (before !== undefined) return keptRun(await system.findRun(before.run));
    const started = system.run(workflow, input, {
      ...(id !== undefined && { id: idOf(id, line) }),
      ...(tenant !== undefined && { tenant }),
    });
    if (!asks)
      return { id: isKept ? started.id : undefined, result: started.result, cancel: (why) => started.cancel(why) };
    return isKept ? keptRun(started) : lostRun(started);
  };
  const outcomes = runInputs(rows, { start, inFlight, ahead, signal, onAbort: isKept ? "leave" : "cancel" });
  for await (const outcome of outcomes) {
    if (outcome.ok) ok++;
    else if ("waiting" in outcome) waiting++;
    else failed++;
    await terminal.print(lineOf(outcome, workflow));
    if (command.verbose && "error" in outcome) terminal.note(`line ${outcome.line}: ${inspect(outcome.error)}`);
  }
  signal.removeEventListener("abort", interrupt);
  clearTimeout(grace);
  const ended = [...earlier.values()].filter(({ status }) => !isOpenStatus(status)).length;
  terminal.note(summary({ all: rows.length, ok, failed, waiting, ended, rest: isKept ? "not finished" : "not run" }));
  if (waiting > 0) terminal.note("troupe runs --waiting lists what waits for an answer, and troupe tell answers");
  return ok + waiting === rows.length ? 0 : 1;
}

/** The id of the run of the input on a line. */
function idOf(id: string, line: number): string {
  return `${id}-${line}`;
}

function goesOn(id: string | undefined): string {
  const how = id === undefined ? "troupe resume goes" : "--continue, or troupe resume, goes";
  return `interrupted: what has not ended stays as it is, and ${how} on with it`;
}

interface Counts {
  readonly all: number;
  readonly ok: number;
  readonly failed: number;
  readonly waiting: number;
  /** How many of them had ended before. */
  readonly ended: number;
  /** What the others are. */
  readonly rest: string;
}

function summary({ all, ok, failed, waiting, ended, rest }: Counts): string {
  const others = all - ok - failed - waiting;
  return (
    `${all} ${all === 1 ? "input" : "inputs"}: ${ok} ok, ${failed} failed` +
    (waiting === 0 ? "" : `, ${waiting} waiting`) +
    (others === 0 ? "" : `, ${others} ${rest}`) +
    (ended === 0 ? "" : `; ${ended} had ended before`)
  );
}
