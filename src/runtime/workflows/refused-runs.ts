/** The open runs that this system could not go on with: why, and a note of it in the store for each. */

import { encodeError } from "../../errors/error-codec.ts";
import { type RefusedRun, refusedRun } from "../../workflows/history/refused-run.ts";
import type { RunState } from "../../workflows/history/run-state.ts";
import type { StoreClient } from "../../store/client/store-client.ts";

export interface RefusedRunsOptions {
  readonly store: Pick<StoreClient, "read" | "put">;
  /** A note could not be written: readers of the journal take the run for one that goes on. */
  readonly onError: (error: unknown) => void;
}

export class RefusedRuns {
  readonly #options: RefusedRunsOptions;
  readonly #errors = new Map<string, { readonly error: unknown }>();

  constructor(options: RefusedRunsOptions) {
    this.#options = options;
  }

  /** Why this system could not go on with a run; `undefined` if it did, or was not to. */
  get(run: string): { readonly error: unknown } | undefined {
    return this.#errors.get(run);
  }

  /** A run is forgotten, with what was noted of it. */
  forget(run: string): void {
    this.#errors.delete(run);
  }

  /** Notes that a run can't go on here. Resolves when that is recorded. `state`: of the run, if it can be read. */
  async add(run: string, error: unknown, state: RunState | undefined): Promise<void> {
    this.#errors.set(run, { error });
    if (state === undefined) return;
    const { code, message } = encodeError(error);
    const note: RefusedRun = { length: state.length, message, ...(typeof code === "string" ? { code } : {}) };
    const { store, onError } = this.#options;
    try {
      const known = await store.read(refusedRun, run);
      // it may be refused at each start for weeks, which is the same each time
      if (known.length !== note.length || known.message !== message) await store.put(refusedRun, run, note);
    } catch (failure) {
      onError(failure);
    }
  }
}
