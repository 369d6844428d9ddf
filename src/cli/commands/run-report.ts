/** What a command tells of its runs while they go on: a line for each as it ends, how far they are, and a summary. */

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

export class RunReport {
  readonly #options: RunReportOptions;
  readonly #terminal: Terminal;
  readonly #runs: number;
  readonly #left: Map<string, FoundRun>;
  readonly #counts = new Map<OutcomeStatus, number>();
  #isModuleMissing = false;

  constructor(runs: readonly FoundRun[], options: RunReportOptions, terminal: Terminal) {
    this.#options = options;
    this.#terminal = terminal;
    this.#runs = runs.length;
    this.#left = new Map(runs.map((found) => [found.run, found]));
  }

  /** The runs of which nothing was told. */
  get left(): readonly string[] {
    return [...this.#left.keys()];
  }

  /** How the runs ended that were told of. */
  get statuses(): readonly OutcomeStatus[] {
    return [...this.#counts.keys()];
  }

  /** Prints the line of a run; what is told of it first counts. */
  async tell(outcome: RunOutcome): Promise<void> {
    const { run, status, error } = outcome;
    const found = this.#left.get(run);
    if (found === undefined) return;
    this.#left.delete(run);
    this.#counts.set(status, 1 + (this.#counts.get(status) ?? 0));
    this.#isModuleMissing ||= isTroupeError(error, "module-failed") || isTroupeError(error, "definition-not-found");
    const lineOf = this.#options.json ? runJsonLine : runTextLine;
    await this.#terminal.print(lineOf(outcome, found.head.state));
    if (this.#options.verbose && error !== undefined) this.#terminal.note(`${oneLine(run)}: ${inspect(error)}`);
  }

  /** Says how far the run is, where somebody looks on. */
  follow({ id, events$ }: Run): void {
    const { progress } = this.#terminal;
    if (progress === undefined) return;
    const ended = (): string =>
      `${this.#runs - this.#left.size} of ${this.#runs} ${this.#runs === 1 ? "run has" : "runs have"} ended`;
    events$.subscribe({
      next: ({ event }) => {
        const step = "step" in event ? ` ${event.step ?? ""}` : "";
        progress(oneLine(`${ended()}; ${id}: ${event.type}${step}`));
      },
      error: () => undefined, // what the run's result says, too
    });
  }

  /** The last words. */
  summarize(): void {
    const { note } = this.#terminal;
    if (this.#isModuleMissing) note("where a workflow's module has moved, --module FILE says where it is now");
    if (this.#runs === 1) return;
    note(`${this.#runs} runs: ${[...this.#counts].map(([status, count]) => `${count} ${status}`).join(", ")}`);
  }
}
