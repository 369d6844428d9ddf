/** Notes in the store, now and then, which runs may be unfinished: so a start need not look at every run there ever was. */

import * as v from "valibot";
import { TaskQueue } from "../../async/task-queue.ts";
import { runState } from "../../workflows/history/run-state.ts";
import type { ReadonlyOpenRuns } from "../../workflows/supervisor/open-runs.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import { defineFamily } from "../../store/versions/define-state.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { StoreClient } from "../../store/client/store-client.ts";

/** What the key `recovery/runs` holds. */
export interface RecoveryState {
  /** The ids of all runs that were unfinished when this was written; some of the others too. */
  readonly runs: readonly string[];
  /** The store's position when this was written: runs that have changed since may be unfinished too. */
  readonly position: Position;
}

export const recoveryState = defineFamily<RecoveryState>({
  name: "recovery",
  version: 1,
  schema: v.object({ runs: v.array(v.string()), position: v.number() }),
  initial: () => ({ runs: [], position: 0 }),
});

/** The id of the one key of {@link recoveryState}. */
export const allRuns = "runs";

/** Between two notes at least so many runs end, since a note costs a commit with the ids of all open runs. */
const minRunsPerNote = 16;

export interface UnfinishedRunsOptions {
  readonly authority: Pick<StoreAuthority, "position" | "keys" | "stored">;
  readonly store: Pick<StoreClient, "put">;
  /** The runs that this system looks after, also those whose start is on its way to the journal. */
  readonly open: Pick<ReadonlyOpenRuns, "ids" | "size">;
  /** A note could not be written: the next start looks at more runs than it would have to. */
  readonly onError: (error: unknown) => void;
}

/**
 * Guarantees: {@link find} returns every unfinished run, at whatever moment the earlier process ended. Of the runs that have
 * ended, it returns what ended since the last note, and no other.
 */
export class UnfinishedRuns {
  readonly #options: UnfinishedRunsOptions;
  /** Runs that may be unfinished and that this system has not taken up. */
  readonly #others = new Set<string>();
  /** `finding` until all of {@link #others} are known; `closed` once the last note is written, or on its way. */
  #life: "finding" | "noting" | "closed" = "finding";
  #ended = 0;
  /** One after another: each takes the place of the one before. */
  readonly #notes = new TaskQueue();

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

  /** Call this once each run that {@link find} returned is looked after, {@link leave | left} or {@link ended}. From then on, notes are written. */
  found(): void {
    this.#life = "noting";
    this.#noteIfDue();
  }

  /** This system does not look after a run, which may be unfinished. */
  leave(run: string): void {
    this.#others.add(run);
  }

  ended(run: string): void {
    this.#others.delete(run);
    this.#ended++;
    this.#noteIfDue();
  }

  /** Writes a note, if a run has ended since the last one. Resolves when it is written, after those before it. */
  async note(): Promise<void> {
    const note = this.#life === "noting" && this.#ended > 0 ? this.#newNote() : undefined;
    await this.#notes.run(() => note && this.#write(note));
  }

  /** Writes the last note: from now on the store may close as soon as this resolves, although more runs end. */
  async close(): Promise<void> {
    const last = this.note();
    this.#life = "closed";
    await last;
  }

  #newNote(): RecoveryState {
    this.#ended = 0;
    const { authority, open } = this.#options;
    return { runs: [...new Set([...open.ids, ...this.#others])], position: authority.position };
  }

  async #write(note: RecoveryState): Promise<void> {
    const { store, onError } = this.#options;
    try {
      await store.put(recoveryState, allRuns, note);
    } catch (error) {
      onError(error);
    }
  }

  #noteIfDue(): void {
    if (this.#ended >= minRunsPerNote && this.#ended >= this.#options.open.size) void this.note();
  }
}
