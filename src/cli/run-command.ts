/** `troupe run`: a workflow over a file of inputs. */

import { inspect } from "node:util";
import type { WorkflowDefinition } from "../actors/workflow-definition.ts";
import { createSystem } from "../runtime/create-system.ts";
import type { SystemOptions } from "../runtime/system-options.ts";
import type { InputRow } from "./input-row.ts";
import { loadWorkflow } from "./load-workflow.ts";
import { jsonLine, textLine } from "./outcome.ts";
import type { RunCommand } from "./parse-command.ts";
import { readInputs } from "./read-inputs.ts";
import { runInputs, type StartedRun } from "./run-inputs.ts";
import type { Terminal } from "./terminal.ts";

/** What the command needs of a system. */
export interface CommandSystem {
  run(workflow: WorkflowDefinition, input: unknown): StartedRun;
  close(): Promise<void>;
}

/** How the command gets a system; tests give their own. */
export type StartSystem = (options: SystemOptions) => Promise<CommandSystem>;

/** Runs in flight at a time: enough to keep every agent of a wide workflow busy, few enough to cancel. */
const inFlight = 64;
/** Outcomes that may wait for that of an earlier input. */
const ahead = 1024;
/** Milliseconds that cancelled runs get to undo what they did, before the system is closed under them. */
const cancelGrace = 5000;

/**
 * Runs the workflow over the inputs and prints a line for each, and a summary to stderr. Returns the exit code: 0, or 1
 * when an input failed or wasn't run.
 *
 * @throws TroupeError (as a rejection) when the module or the file of inputs can't be used, or no system can be started.
 */
export async function runCommand(
  command: RunCommand,
  terminal: Terminal,
  start: StartSystem = createSystem,
): Promise<number> {
  const { cwd, interrupted } = terminal;
  const { coordination, threads } = command;
  const ready = await unlessAborted(interrupted, async () => {
    const workflow = await loadWorkflow({ ...command, cwd });
    const rows = await readInputs({ path: command.input, cwd, schema: workflow.input });
    const system = await start({ coordination, ...(threads === undefined ? {} : { threads }) });
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
  command: RunCommand,
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
  const outcomes = runInputs(rows, { start: (input) => system.run(workflow, input), inFlight, ahead, signal });
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

/** What `work` resolves to; `undefined`, without waiting for it any longer, once the signal aborts. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<undefined>((resolve) => {
    stop = (): void => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}
