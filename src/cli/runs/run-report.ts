/** The output of a command about its runs: a line for each as it ends, the progress, and a summary. */

import { inspect } from "node:util";
import type { Run } from "../../workflows/run.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { FoundRun } from "../journal/find-runs.ts";
import { oneLine } from "../output/one-line.ts";
import { type OutcomeStatus, runJsonLine, type RunOutcome, runTextLine } from "../output/run-outcome.ts";
import type { Terminal } from "../command/terminal.ts";

export interface RunReportOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Prints the outcomes of chosen runs and counts them. It neither starts runs nor waits for them. */
export class RunReport {
  readonly #options: RunReportOptions;
  readonly #terminal: Terminal;
  readonly #runs: number;
  readonly #left: Map<string, FoundRun>;
  /** For a run that goes on as another one, such as a fork, the id of that one. */
  readonly #others = new Map<string, string>();
  readonly #counts = new Map<OutcomeStatus, number>();
  #isModuleMissing = false;

  constructor(runs: readonly FoundRun[], options: RunReportOptions, terminal: Terminal) {
    this.#options = options;
    this.#terminal = terminal;
    this.#runs = runs.length;
    this.#left = new Map(runs.map((found) => [found.run, found]));
  }

  /** The runs without an outcome so far. */
  get left(): readonly string[] {
    return [...this.#left.keys()];
  }

  /** The statuses of the outcomes so far. */
  get statuses(): readonly OutcomeStatus[] {
    return [...this.#counts.keys()];
  }

  /** Prints the line of a run. Only the first outcome of a run counts. */
  async tell(outcome: RunOutcome): Promise<void> {
    const { run, status, error } = outcome;
    const found = this.#left.get(run);
    if (found === undefined) return;
    this.#left.delete(run);
    this.#counts.set(status, 1 + (this.#counts.get(status) ?? 0));
    this.#isModuleMissing ||= isTroupeError(error, "module-failed") || isTroupeError(error, "definition-not-found");
    const lineOf = this.#options.json ? runJsonLine : runTextLine;
    const id = this.#others.get(run) ?? run;
    await this.#terminal.print(lineOf({ ...outcome, run: id }, found.head.state));
    if (this.#options.verbose && error !== undefined) this.#terminal.note(`${oneLine(id)}: ${inspect(error)}`);
  }

  /** Shows the progress of a chosen run, if there is a terminal; or of the run that goes on in its place, such as its fork, whose lines its are then. */
  follow(chosen: string, { id, events$ }: Run): void {
    if (id !== chosen) this.#others.set(chosen, id);
    const { progress } = this.#terminal;
    if (progress === undefined) return;
    const ended = (): string =>
      `${this.#runs - this.#left.size} of ${this.#runs} ${this.#runs === 1 ? "run has" : "runs have"} ended`;
    events$.subscribe({
      next: ({ event }) => {
        const step = "step" in event ? ` ${event.step ?? ""}` : "";
        progress(oneLine(`${ended()}; ${id}: ${event.type}${step}`));
      },
      error: () => undefined, // the run's result has the error, too
    });
  }

  /** Prints the summary. */
  summarize(): void {
    const { note } = this.#terminal;
    if (this.#isModuleMissing) note("where a workflow's module has moved, --module FILE says where it is now");
    if (this.#runs === 1) return;
    note(`${this.#runs} runs: ${[...this.#counts].map(([status, count]) => `${count} ${status}`).join(", ")}`);
  }
}
