/** Which runs may be unfinished, noted in the store now and then: so that a start need not look at every run there ever was. */

import * as v from "valibot";
import { runState } from "../../workflows/history/run-state.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import { defineState } from "../../store/versions/define-state.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { StoreClient } from "../../store/client/store-client.ts";

/** What the key `recovery/runs` holds. */
export interface RecoveryState {
  /** Each run that was unfinished then, and some that were not. */
  readonly runs: readonly string[];
  /** When that was: all runs that have changed since may be unfinished too. */
  readonly position: Position;
}

export const recoveryState = defineState<RecoveryState>({
  name: "recovery",
  version: 1,
  schema: v.object({ runs: v.array(v.string()), position: v.number() }),
  initial: () => ({ runs: [], position: 0 }),
});

/** The id of the one key of {@link recoveryState}. */
export const allRuns = "runs";

/** A note costs a commit with the ids of the open runs, so there is one for each so many runs that have ended, or more. */
const minRunsPerNote = 16;

export interface UnfinishedRunsOptions {
  readonly authority: Pick<StoreAuthority, "position" | "keys" | "stored">;
  readonly store: Pick<StoreClient, "put">;
  /** The runs that this system looks after; those whose start is on its way to the journal too. */
  readonly open: () => readonly string[];
  /** A note could not be written: the next start looks at more runs than it would have to. */
  readonly onError: (error: unknown) => void;
}

/**
 * Guarantees: {@link find} returns every run that is unfinished, whenever the process before ended. A run that has ended is looked at
 * once more at most, for the last few also after a crash.
 */
export class UnfinishedRuns {
  readonly #options: UnfinishedRunsOptions;
  /** Runs that may be unfinished and that this system has not taken up. */
  readonly #others = new Set<string>();
  /** True once all of {@link #others} are known. */
  #isComplete = false;
  #ended = 0;

  constructor(options: UnfinishedRunsOptions) {
    this.#options = options;
  }

  /** The runs that may be unfinished. */
  async find(): Promise<readonly string[]> {
    const { authority } = this.#options;
    const note = (await authority.stored(stateKey(recoveryState, allRuns)))?.state as RecoveryState | undefined;
    const prefix = stateKey(runState, "");
    const changed = await authority.keys(prefix, note?.position);
    return [...new Set([...(note?.runs ?? []), ...changed.map((key) => key.slice(prefix.length))])];
  }

  /** Of each run that {@link find} returned it is known whether it is looked after, {@link leave | left}, or {@link ended}. From now on there are notes. */
  found(): void {
    this.#isComplete = true;
    this.#noteIfDue();
  }

  /** A run is not looked after, and may be unfinished. */
  leave(run: string): void {
    this.#others.add(run);
  }

  ended(run: string): void {
    this.#others.delete(run);
    this.#ended++;
    this.#noteIfDue();
  }

  /** Writes down what is unfinished, where that has become less. */
  async note(): Promise<void> {
    if (!this.#isComplete || this.#ended === 0) return;
    this.#ended = 0;
    const { authority, store, open, onError } = this.#options;
    const runs = [...new Set([...open(), ...this.#others])];
    try {
      await store.put(recoveryState, allRuns, { runs, position: authority.position });
    } catch (error) {
      onError(error);
    }
  }

  #noteIfDue(): void {
    if (this.#ended >= minRunsPerNote && this.#ended >= this.#options.open().length) void this.note();
  }
}
