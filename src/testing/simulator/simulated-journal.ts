/**
 * The journals of the simulator. A durable one outlives the processes that open it, one after another. Of the writes under way
 * at a crash, the first few are kept, as on a real disk.
 */

import { TroupeError } from "../../errors/troupe-error.ts";
import { deferred, type Deferred } from "../../async/deferred.ts";
import { memoryJournal } from "../../store/journal/memory-journal.ts";
import type { Journal } from "../../store/journal/journal.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { ResolvedFaults } from "./faults.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** Where the journals of a simulation's processes come from. */
export interface JournalSource {
  /** Opens the journal for a process. Call it only once the earlier process has crashed. */
  open(process: Pick<SimulatedProcess, "steps" | "isAlive">): Journal | Promise<Journal>;
  /** Call this when the process that has the journal open crashes. */
  crash(): void;
}

/** A journal in memory for each process. */
export const volatileJournals: JournalSource = { open: () => memoryJournal(), crash: () => undefined };

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
  readonly random: SeededRandom;
  readonly faults: Pick<ResolvedFaults, "delay" | "maxDelay">;
}

/** An append, or what else changes the journal. */
interface Write {
  readonly work: () => MaybePromise<void>;
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
  readonly #random: SeededRandom;
  readonly #faults: DurableJournalOptions["faults"];
  readonly #kept = memoryJournal();
  /** The writes that were asked for and have not taken effect, in order. */
  #queue: Write[] = [];

  constructor({ random, faults }: DurableJournalOptions) {
    this.#random = random;
    this.#faults = faults;
  }

  crash(): void {
    const queue = this.#queue;
    this.#queue = [];
    if (queue.length === 0) return;
    for (const { work } of queue.slice(0, this.#random.below(queue.length + 1))) failureOf(work); // a failure is not reported, since the process is gone
  }

  open(process: Pick<SimulatedProcess, "steps" | "isAlive">): Journal {
    const kept = this.#kept;
    const always = (): boolean => true; // as long as the process lives
    const writing = process.steps.lane("journal writes", always);
    const telling = process.steps.lane("journal tells", always);
    let isWriting = false;

    const writeGroup = (): void => {
      const size = this.#queue.length;
      writing.add(this.#delay(), () => {
        for (const { work, told } of this.#queue.splice(0, size)) {
          const failure = failureOf(work);
          telling.add(this.#delay(), () => (failure === undefined ? told.resolve() : told.reject(failure.error)));
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

    return {
      get position() {
        return kept.position;
      },
      get time() {
        return kept.time;
      },
      append: (records) => write(() => kept.append(records)),
      trim: (key, oldest) => write(() => kept.trim(key, oldest)),
      compact: () => write(() => kept.compact()),
      head: (key) => read(() => kept.head(key)),
      peek: (key) => read(() => kept.peek(key)),
      at: (key, version) => read(() => kept.at(key, version)),
      meta: (key, version) => read(() => kept.meta(key, version)),
      oldest: (key) => read(() => kept.oldest(key)),
      records: (key, lowest, highest) => read(() => kept.records(key, lowest, highest)),
      committed: (idempotencyKey) => read(() => kept.committed(idempotencyKey)),
      keys: (prefix, since) => read(() => kept.keys(prefix, since)),
      size: (key) => read(() => kept.size(key)),
      close: () => read(() => undefined),
    };
  }

  #delay(): number {
    return this.#random.chance(this.#faults.delay) ? this.#random.next() * this.#faults.maxDelay : 0;
  }
}

/** The answer to a process that has crashed. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

function failureOf(work: Write["work"]): { readonly error: unknown } | undefined {
  try {
    void work(); // the journal in memory is synchronous
    return undefined;
  } catch (error) {
    return { error };
  }
}
