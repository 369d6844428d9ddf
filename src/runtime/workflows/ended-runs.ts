/** The runs that have ended: the last of them are kept, and older ones forgotten. */

import { timeOfDay, type TimeSource } from "../../async/time-of-day.ts";
import type { Turns } from "../../ports/turns.ts";
import { FifoQueue } from "../../async/fifo-queue.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { Position, Snapshot } from "../../store/versions/snapshot.ts";
import { forgetRuns, isDone, maxForgottenAtOnce } from "../../workflows/history/forget-run.ts";
import { type RunState, runState } from "../../workflows/history/run-state.ts";

/**
 * Which of the runs that have ended are kept. A run is forgotten when any of the two says so.
 *
 * @since 0.1.0
 */
export interface KeepRuns {
  /** So many, the last that ended. Default: any number, if `age` is given. */
  readonly last?: number;
  /** The runs that ended in the last so many milliseconds. Default: of any age. */
  readonly age?: number;
}

export interface EndedRunsOptions {
  readonly authority: Pick<StoreAuthority, "keys" | "head" | "stored" | "forget">;
  readonly clock: TimeSource;
  readonly turns: Pick<Turns, "schedule">;
  readonly keep: "all" | KeepRuns;
  /** True for a run that goes on: one that is being undone. */
  readonly isOpen: (run: string) => boolean;
  /** The author of what forgets them. */
  readonly author: string;
  /** Runs could not be forgotten. They stay, and the next process sees them again. */
  readonly onError: (error: unknown) => void;
}

interface Ended {
  readonly run: string;
  readonly time: number;
}

const reason = "it ended long ago";

/** How many runs are read before other work of the thread gets its turn. */
const readAtOnce = 50;

/**
 * Forgets runs in the order in which they ended. What an earlier process left is read once: when there are more than are to be kept.
 * After that, each end costs the same, however many runs there are.
 */
export class EndedRuns {
  readonly #options: EndedRunsOptions;
  readonly #last: number;
  readonly #age: number;
  /** The runs that ended in this process, and once {@link #isLoaded}, also those before; the oldest first. */
  #ended = new FifoQueue<Ended>();
  /** How many runs had ended before this process; 0 once they are loaded. */
  #before = 0;
  #isLoaded = false;
  #dropping: Promise<void> | undefined;
  readonly #forgetting = new Set<string>();
  #isClosed = false;

  constructor(options: EndedRunsOptions) {
    this.#options = options;
    const { last, age } = options.keep === "all" ? {} : options.keep;
    this.#last = last ?? Number.POSITIVE_INFINITY;
    this.#age = age ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Counts the runs that an earlier process left, of which `open` have not ended. If an eighth more have ended than are to be kept, forgets
   * the surplus before it resolves: processes that end few runs would leave more and more otherwise.
   */
  async start(open: number): Promise<void> {
    if (this.#options.keep === "all") return;
    const keys = await this.#options.authority.keys(stateKey(runState, ""));
    this.#before = Math.max(0, keys.length - open);
    this.#isLoaded = keys.length === 0;
    if (this.#before > this.#last * 1.125) await this.#drop();
  }

  /** A run has its last version. */
  ended(run: string, { time, state }: Pick<Snapshot<RunState>, "time" | "state">): void {
    if (this.#options.keep === "all" || !isDone(state)) return;
    this.#ended.push({ run, time });
    if (this.#dropping === undefined && this.#isDue()) void this.#drop();
  }

  /** True for a run that is being forgotten: nothing can go on with it any more. */
  isForgetting(run: string): boolean {
    return this.#forgetting.has(run);
  }

  /** Forgets runs that have ended. A run that is being undone stays. Returns how many it has forgotten. */
  async forget(runs: readonly string[], by: { readonly author: string; readonly reason: string }): Promise<number> {
    const { authority, isOpen } = this.#options;
    const forgotten = runs.filter((run) => !isOpen(run));
    for (const run of forgotten) this.#forgetting.add(run);
    try {
      await forgetRuns(authority, forgotten, by);
    } finally {
      for (const run of forgotten) this.#forgetting.delete(run);
    }
    return forgotten.length;
  }

  /** Nothing is forgotten from now on. */
  close(): void {
    this.#isClosed = true;
  }

  #isDue(): boolean {
    if (this.#ended.length + this.#before > this.#last) return true;
    return this.#age < Number.POSITIVE_INFINITY && (!this.#isLoaded || this.#isOld(this.#ended.first));
  }

  #isOld(ended: Ended | undefined): boolean {
    return ended !== undefined && ended.time < timeOfDay(this.#options.clock) - this.#age;
  }

  #drop(): Promise<void> {
    this.#dropping = this.#dropAll().then(
      () => {
        this.#dropping = undefined;
        if (!this.#isClosed && this.#isDue()) void this.#drop(); // a run may have ended since it last looked
      },
      (error: unknown) => {
        this.#dropping = undefined;
        if (!this.#isClosed) this.#options.onError(error);
      },
    );
    return this.#dropping;
  }

  async #dropAll(): Promise<void> {
    if (!this.#isLoaded) await this.#load();
    await this.#nextTurn(); // so that runs which end together are forgotten by one commit
    while (!this.#isClosed) {
      const old: Ended[] = [];
      while (old.length < maxForgottenAtOnce && (this.#ended.length > this.#last || this.#isOld(this.#ended.first)))
        old.push(this.#ended.shift() as Ended);
      if (old.length === 0) return;
      const runs: string[] = [];
      for (const ended of old) if (await this.#isSame(ended)) runs.push(ended.run);
      await this.forget(runs, { author: this.#options.author, reason });
    }
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#options.turns.schedule(resolve));
  }

  /** False for a run that was undone or forgotten since: another run may have its id by now. */
  async #isSame({ run, time }: Ended): Promise<boolean> {
    const head = await this.#options.authority.stored(stateKey(runState, run));
    return head?.time === time && isDone(head.state as RunState);
  }

  /** Reads all runs there are, and puts them into order. */
  async #load(): Promise<void> {
    const { authority } = this.#options;
    const found: (Ended & { readonly position: Position })[] = [];
    const prefix = stateKey(runState, "");
    const keys = await authority.keys(prefix);
    for (const [i, key] of keys.entries()) {
      if (this.#isClosed) return;
      if (i % readAtOnce === readAtOnce - 1) await this.#nextTurn();
      const head = await authority.stored(key);
      if (head !== undefined && isDone(head.state as RunState))
        found.push({ run: key.slice(prefix.length), time: head.time, position: head.position });
    }
    const known = new Set(found.map(({ run }) => run));
    for (const ended of this.#ended)
      if (!known.has(ended.run)) found.push({ ...ended, position: Number.POSITIVE_INFINITY }); // it was forgotten, or ended meanwhile
    found.sort((a, b) => a.time - b.time || a.position - b.position);
    const all = new FifoQueue<Ended>();
    for (const { run, time } of found) all.push({ run, time });
    this.#ended = all;
    this.#before = 0;
    this.#isLoaded = true;
  }
}
