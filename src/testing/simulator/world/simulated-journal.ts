/**
 * The journals of the simulator. A durable one outlives the processes that open it, one after another. Of the writes under way
 * at a crash, the first few are kept, as on a real disk.
 */

import { TroupeError } from "../../../errors/troupe-error.ts";
import { deferred, type Deferred } from "../../../async/deferred.ts";
import { memoryJournal } from "../../../store/journal/memory-journal.ts";
import type { Journal } from "../../../store/journal/journal.ts";
import type { CommitRecord } from "../../../store/versions/commit.ts";
import type { Position, Snapshot, SnapshotMeta } from "../../../store/versions/snapshot.ts";
import type { StateKey } from "../../../store/versions/state-key.ts";
import type { MaybePromise } from "../../../async/maybe-promise.ts";
import type { Choices } from "../schedules/choices.ts";
import type { LinkFaults } from "../faults/link-faults.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** Where the journals of a simulation's processes come from. */
export interface JournalSource {
  /** Opens the journal for a process. Call it only once the earlier process has crashed, or has been cut off for as long as `cutOff` says. */
  open(process: Pick<SimulatedProcess, "steps" | "isAlive">): Journal | Promise<Journal>;
  /** Call this when the process that has the journal open crashes. */
  crash(): void;
  /** Cuts the process off that has the journal open. Returns after how many milliseconds another one may open it; absent where none may. */
  cutOff?(): number;
}

/** A journal in memory for each process. */
export const volatileJournals: JournalSource = { open: () => memoryJournal(), crash: () => undefined };

/** A journal in memory for each process, whose writes take virtual time. */
export function slowJournals(options: DurableJournalOptions): JournalSource {
  return { open: (process) => new DurableJournal(options).open(process), crash: () => undefined };
}

/**
 * A journal from elsewhere, for one process.
 *
 * @throws TroupeError `invalid-options` when the process crashes.
 */
export function onlyJournal(journal: Journal | Promise<Journal>): JournalSource {
  return {
    open: () => journal,
    crash() {
      throw new TroupeError(
        "invalid-options",
        'the process has a journal from outside of the simulation (system.journal), and can\'t crash: what the journal keeps then is unknown. Leave it out, and have journal: "durable".',
      );
    },
  };
}

export interface DurableJournalOptions {
  readonly choices: Choices;
  readonly random: SeededRandom;
  readonly faults: Pick<LinkFaults, "delay">;
}

/** An append, or what else changes the journal. */
interface Write {
  readonly work: () => MaybePromise<void>;
  /** Settles when the process is told that the write took effect, or failed. */
  readonly told: Deferred<void>;
}

/**
 * A journal that keeps what it acknowledged, whenever the process crashes.
 *
 * Guarantees: writes take effect in the order of the calls. Writes that come while others are under way take effect together,
 * after those. Each is acknowledged later, in a step of its own. When the process crashes, chance decides how many of the
 * writes under way are kept: never a later write without an earlier one, never a part of a commit. Nothing that the process
 * does after its crash reaches the journal or gets an answer.
 */
export class DurableJournal implements JournalSource {
  readonly #choices: Choices;
  readonly #random: SeededRandom;
  readonly #faults: DurableJournalOptions["faults"];
  readonly #kept = memoryJournal();
  /** The writes that were asked for and have not taken effect, in order. */
  #queue: Write[] = [];

  constructor({ choices, random, faults }: DurableJournalOptions) {
    this.#choices = choices;
    this.#random = random;
    this.#faults = faults;
  }

  crash(): void {
    const queue = this.#queue;
    this.#queue = [];
    if (queue.length === 0) return;
    const kept = this.#choices.choose("strike", queue.length + 1, () => this.#random.below(queue.length + 1));
    for (const { work } of queue.slice(0, kept)) failureOf(work); // a failure is not reported, since the process is gone
  }

  open(process: Pick<SimulatedProcess, "steps" | "isAlive">): Journal {
    const kept = this.#kept;
    const always = (): boolean => true; // as long as the process lives
    const writing = process.steps.lane("journal writes", "the journal", always);
    const telling = process.steps.lane("journal tells", "0", always);
    let isWriting = false;

    const writeGroup = (): void => {
      const size = this.#queue.length;
      writing.add(this.#faults.delay("the journal"), () => {
        for (const { work, told } of this.#queue.splice(0, size)) {
          const failure = failureOf(work);
          telling.add(this.#faults.delay("the journal"), () =>
            failure === undefined ? told.resolve() : told.reject(failure.error),
          );
        }
        if (this.#queue.length > 0) writeGroup();
        else isWriting = false;
      });
    };
    const write = (work: Write["work"]): Promise<void> => {
      if (!process.isAlive) return never();
      const told = deferred<void>();
      this.#queue.push({ work, told });
      if (!isWriting) {
        isWriting = true;
        writing.add(0, writeGroup);
      }
      return told.promise;
    };
    const read = <T>(work: () => T): T | Promise<never> => (process.isAlive ? work() : never());

    return new JournalOfProcess(kept, { read, write });
  }
}

/** How a process reaches what is kept: a write is told later, and nothing is once the process has crashed. */
interface Reach {
  read<T>(work: () => MaybePromise<T>): MaybePromise<T>;
  write(work: Write["work"]): Promise<void>;
}

export class JournalOfProcess implements Journal {
  readonly lost?: AbortSignal;
  readonly #kept: Journal;
  readonly #reach: Reach;

  constructor(kept: Journal, reach: Reach, lost?: AbortSignal) {
    this.#kept = kept;
    this.#reach = reach;
    if (lost !== undefined) this.lost = lost;
  }

  get position(): Position {
    return this.#kept.position;
  }

  get time(): number {
    return this.#kept.time;
  }

  append(records: readonly CommitRecord[]): Promise<void> {
    return this.#reach.write(() => this.#kept.append(records));
  }

  trim(key: StateKey, oldest: number): Promise<void> {
    return this.#reach.write(() => this.#kept.trim(key, oldest));
  }

  compact(): Promise<void> {
    return this.#reach.write(() => this.#kept.compact());
  }

  head(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#reach.read(() => this.#kept.head(key));
  }

  peek(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#reach.read(() => this.#kept.peek(key));
  }

  heads(keys: readonly StateKey[]): MaybePromise<readonly (Snapshot | undefined)[]> {
    return this.#reach.read(() => this.#kept.heads(keys));
  }

  at(key: StateKey, version: number): MaybePromise<Snapshot | undefined> {
    return this.#reach.read(() => this.#kept.at(key, version));
  }

  meta(key: StateKey, version: number): MaybePromise<SnapshotMeta | undefined> {
    return this.#reach.read(() => this.#kept.meta(key, version));
  }

  oldest(key: StateKey): MaybePromise<number | undefined> {
    return this.#reach.read(() => this.#kept.oldest(key));
  }

  records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]> {
    return this.#reach.read(() => this.#kept.records(key, lowest, highest));
  }

  committed(idempotencyKey: string): MaybePromise<readonly Snapshot[]> {
    return this.#reach.read(() => this.#kept.committed(idempotencyKey));
  }

  keys(prefix: string, since?: Position): MaybePromise<readonly StateKey[]> {
    return this.#reach.read(() => this.#kept.keys(prefix, since));
  }

  size(key: StateKey): MaybePromise<number> {
    return this.#reach.read(() => this.#kept.size(key));
  }

  close(): MaybePromise<void> {
    return this.#reach.read(() => undefined);
  }
}

/** The answer to a process that has crashed. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

export function failureOf(work: Write["work"]): { readonly error: unknown } | undefined {
  try {
    void work(); // the journal in memory is synchronous
    return undefined;
  } catch (error) {
    return { error };
  }
}
