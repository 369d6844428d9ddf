/** Runs inputs, a bounded number at a time, and yields their outcomes in the order of the inputs. */

import type { StartedRun } from "../command/command-system.ts";
import type { InputRow } from "../input/input-row.ts";
import type { Outcome } from "../output/outcome.ts";

export interface RunInputsOptions {
  /** Starts a run for the input on a line of the file; may throw. */
  readonly start: (input: unknown, line: number) => StartedRun;
  /** How many runs are in flight at a time. */
  readonly inFlight: number;
  /** How many outcomes may wait for an earlier input's (invariant 7). */
  readonly ahead: number;
  /** Once aborted, no further input is started, and the runs in flight are cancelled. */
  readonly signal: AbortSignal;
}

/** Yields the outcome of each input that was started, in the order of the inputs. A slow consumer slows the runs. */
export async function* runInputs(rows: readonly InputRow[], options: RunInputsOptions): AsyncGenerator<Outcome, void> {
  const { inFlight, ahead, signal } = options;
  const running = new Set<StartedRun>();
  const window: Promise<Outcome>[] = [];
  const queue = rows.values();

  const begin = async (row: InputRow): Promise<Outcome> => {
    const { line } = row;
    if ("error" in row) return { line, ok: false, error: row.error };
    let run: StartedRun | undefined;
    try {
      run = options.start(row.input, line);
      running.add(run);
      return { line, ...named(run), ok: true, result: await run.result };
    } catch (error) {
      return { line, ...named(run), ok: false, error };
    } finally {
      if (run !== undefined) running.delete(run);
    }
  };
  const fill = (): void => {
    while (!signal.aborted && running.size < inFlight && window.length < ahead) {
      const { value: row } = queue.next();
      if (row === undefined) return;
      window.push(begin(row).finally(fill));
    }
  };
  const cancel = (): void => {
    for (const run of [...running]) run.cancel("interrupted").catch(() => undefined); // its result has the outcome
  };

  signal.addEventListener("abort", cancel, { once: true });
  try {
    fill();
    for (let next = window[0]; next !== undefined; next = window[0]) {
      const outcome = await next;
      void window.shift();
      yield outcome;
      fill();
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function named({ id: run }: Partial<StartedRun> = {}): { readonly run?: string } {
  return run === undefined ? {} : { run };
}
