/** The runs of a store, each in a few words: kept up to date by reading those that have changed since. */

import { isTroupeError } from "../../errors/troupe-error.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { isStillRefused, refusedRun } from "../../workflows/history/refused-run.ts";
import { isOpen, runOf, type RunState, runState, type RunStatus } from "../../workflows/history/run-state.ts";
import type { RunOfQueue } from "../../workflows/queue/queue-view.ts";
import { placedSteps } from "../../workflows/steps/run-steps.ts";
import type { StoreReader } from "./inspected.ts";

/** A run in a few words. */
export interface IndexedRun {
  readonly run: string;
  readonly workflow: string;
  /** `refused`: it has not ended, and the last system that was to go on with it couldn't. */
  readonly status: RunStatus | "refused";
  readonly tenant?: string;
  /** The queue that it joined, if it has not ended. */
  readonly queue?: Pick<RunOfQueue, "queue" | "isWaiting">;
  readonly steps: number;
  readonly finished: number;
  /** The names of the waits for an answer that are open. */
  readonly asks: readonly string[];
  /** The step that failed, and with which code. */
  readonly failed?: string;
  readonly code?: string | number;
  readonly changed: number;
  readonly version: number;
  readonly position: Position;
}

const prefix = stateKey(runState, "");
/** Once in so many refreshes, looks which runs were forgotten. */
const refreshesPerSweep = 16;
/** So many runs are read before others get their turn. */
const readAtOnce = 200;

export class RunIndex {
  readonly #reader: () => StoreReader;
  /** Lets others have their turn. */
  readonly #rest: () => Promise<void>;
  readonly #runs = new Map<string, IndexedRun>();
  readonly #starts = new Map<string, number | undefined>();
  #since: Position = 0;
  #refreshes = 0;
  #refreshing: Promise<void> | undefined;
  #sorted: readonly IndexedRun[] | undefined;

  constructor(reader: () => StoreReader, rest: () => Promise<void>) {
    this.#reader = reader;
    this.#rest = rest;
  }

  /** All runs as they stand, those that changed last first. */
  async newestFirst(): Promise<readonly IndexedRun[]> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
    this.#sorted ??= [...this.#runs.values()].sort((one, other) => other.position - one.position);
    return this.#sorted;
  }

  /** When a run was started, in milliseconds since the epoch; `undefined` when its first version is not kept. */
  async startOf(run: string): Promise<number | undefined> {
    if (!this.#starts.has(run)) this.#starts.set(run, (await this.#reader().at(prefix + run, 1))?.time);
    return this.#starts.get(run);
  }

  async #refresh(): Promise<void> {
    const reader = this.#reader();
    if (this.#refreshes++ % refreshesPerSweep === 0) {
      const there = new Set(await reader.keys(prefix));
      for (const run of this.#runs.keys()) if (!there.has(prefix + run)) this.#forget(run);
    }
    const since = this.#since;
    let read = 0;
    for (const key of await reader.keys(prefix, since)) {
      if (++read % readAtOnce === 0) await this.#rest();
      await this.#read(reader, key.slice(prefix.length));
    }
  }

  async #read(reader: StoreReader, run: string): Promise<void> {
    const newest = await reader.stored(prefix + run);
    if (newest === undefined) return this.#forget(run);
    this.#since = Math.max(this.#since, newest.position);
    this.#sorted = undefined;
    try {
      const { state, version, time, position } = runOf(newest);
      const isRefused = isOpen(state) && (await isRefusedIn(reader, run, state));
      const error = failureIn(state);
      this.#runs.set(run, {
        run,
        workflow: `${state.workflow.name}@${state.workflow.version}`,
        status: isRefused ? "refused" : state.status,
        ...(state.tenant === undefined ? {} : { tenant: state.tenant }),
        ...queueOf(state),
        steps: state.steps.outline.length,
        finished: state.steps.finished,
        asks: asksIn(state),
        ...error,
        changed: time,
        version,
        position,
      });
    } catch (error) {
      if (!isTroupeError(error, "invalid-state")) throw error; // an application wrote there
    }
  }

  #forget(run: string): void {
    this.#starts.delete(run);
    if (this.#runs.delete(run)) this.#sorted = undefined;
  }
}

async function isRefusedIn(reader: StoreReader, run: string, state: RunState): Promise<boolean> {
  const note = await reader.stored(stateKey(refusedRun, run));
  return note !== undefined && isStillRefused(note.state as { readonly length: number; message: string }, state);
}

function asksIn({ status, steps }: RunState): readonly string[] {
  if (status !== "running" || steps.open === undefined) return [];
  return placedSteps(steps).flatMap(({ step, about }) =>
    step.status === "open" && about.kind === "wait" ? [step.name] : [],
  );
}

function queueOf(state: RunState): Pick<IndexedRun, "queue"> {
  const { queue, isQueued } = state;
  return queue === undefined || !isOpen(state) ? {} : { queue: { queue, isWaiting: isQueued === true } };
}

function failureIn(state: RunState): Pick<IndexedRun, "failed" | "code"> {
  const failed = state.uncompensated ?? state.failed;
  if (failed === undefined) return {};
  const step = placedSteps(state.steps).find(({ step: { name } }) => name === failed)?.step;
  const code = (step?.undoError ?? step?.error)?.code;
  return { failed, ...(code === undefined ? {} : { code }) };
}
