/** Runs inputs, a bounded number at a time, and yields their outcomes in the order of the inputs. */

import type { StartedRun } from "../command/command-system.ts";
import type { InputRow } from "../input/input-row.ts";
import type { Ended, Outcome, Waiting } from "../output/outcome.ts";

export interface RunInputsOptions {
  /** Starts or finds the run for the input on a line of the file; may reject. */
  readonly start: (input: unknown, line: number) => StartedRun | Promise<StartedRun>;
  /** How many runs are in flight at a time. */
  readonly inFlight: number;
  /** How many outcomes may wait for an earlier input's (invariant 7). */
  readonly ahead: number;
  /** Once aborted, no further input is started. */
  readonly signal: AbortSignal;
  /** What becomes of the runs in flight then: they are cancelled and waited for, or left without an outcome. */
  readonly onAbort: "cancel" | "leave";
}

/**
 * Yields the outcome of each input that was started, in the order of the inputs. A slow consumer slows the runs. Ends
 * before the first input without an outcome if the runs in flight are left.
 */
export async function* runInputs(rows: readonly InputRow[], options: RunInputsOptions): AsyncGenerator<Outcome, void> {
  const { inFlight, ahead, signal, onAbort } = options;
  const busy = new Set<InputRow>();
  const running = new Set<StartedRun>();
  const window: Promise<Outcome>[] = [];
  const queue = rows.values();

  const cancel = (run: StartedRun): void => {
    if (onAbort === "cancel") run.cancel("interrupted").catch(() => undefined); // its result has the outcome
  };
  const begin = async (row: InputRow): Promise<Outcome> => {
    const { line } = row;
    if ("error" in row) return { line, ok: false, error: row.error };
    let run: StartedRun | undefined;
    busy.add(row);
    try {
      run = await options.start(row.input, line);
      running.add(run);
      if (signal.aborted) cancel(run);
      return { line, ...named(run), ...(await outcomeOf(run)) };
    } catch (error) {
      return { line, ...named(run), ok: false, error };
    } finally {
      busy.delete(row);
      if (run !== undefined) running.delete(run);
    }
  };
  const fill = (): void => {
    while (!signal.aborted && busy.size < inFlight && window.length < ahead) {
      const { value: row } = queue.next();
      if (row === undefined) return;
      window.push(begin(row).finally(fill));
    }
  };
  let leave: (() => void) | undefined;
  const left = new Promise<undefined>((resolve) => (leave = () => resolve(undefined)));
  const abort = (): void => {
    for (const run of [...running]) cancel(run);
    if (onAbort === "leave") leave?.();
  };

  signal.addEventListener("abort", abort, { once: true });
  try {
    fill();
    for (let next = window[0]; next !== undefined; next = window[0]) {
      const outcome = await Promise.race([next, left]);
      if (outcome === undefined) return;
      void window.shift();
      yield outcome;
      fill();
    }
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** It has ended, or goes no further by itself. */
async function outcomeOf({ result, asks }: StartedRun): Promise<Ended | Waiting> {
  const ended = result.then((value): Ended => ({ ok: true, result: value }));
  if (asks === undefined) return ended;
  return Promise.race([ended, asks.then((waiting): Waiting => ({ ok: false, waiting }))]);
}

function named({ id: run }: Partial<StartedRun> = {}): { readonly run?: string } {
  return run === undefined ? {} : { run };
}
