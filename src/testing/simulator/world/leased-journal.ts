/**
 * The journal of a simulation that is on a machine of its own: one process owns it at a time, by a lease, and another takes it over
 * when that one is cut off. Answers are late, connections break, and what an owner had sent may arrive once it is the owner no more.
 */

import { deferred, type Deferred } from "../../../async/deferred.ts";
import { memoryJournal } from "../../../store/journal/memory-journal.ts";
import type { Journal } from "../../../store/journal/journal.ts";
import { ownershipLost } from "../../../store/journal/ownership.ts";
import type { MaybePromise } from "../../../async/maybe-promise.ts";
import type { StepsInOrder } from "../schedules/scheduler.ts";
import { type DurableJournalOptions, failureOf, JournalOfProcess, type JournalSource } from "./simulated-journal.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** For how long after it was cut off an owner has the journal, in virtual milliseconds; and when it notices, at the latest. */
const lease = 100;
const watchdog = 60;

/** The part of the protocol that a test of a test leaves out. */
export type Omitted = "the fence" | "finding out" | "the watchdog";

export interface LeasedJournalOptions extends DurableJournalOptions {
  /** The probability that a connection breaks at a write. */
  readonly connectionLoss: number;
  readonly omitted?: Omitted | undefined;
}

type OwnerProcess = Pick<SimulatedProcess, "steps" | "isAlive">;

/** What changes the journal, and whether it has. */
interface Write {
  readonly work: () => MaybePromise<void>;
  readonly told: Deferred<void>;
}

/** Breaks before the write arrives, after it is kept, or not at all. */
type Fate = "answered" | "lost" | "unanswered";
const fates = ["answered", "lost", "unanswered"] as const satisfies readonly Fate[];

/**
 * Guarantees as those of a durable journal; and: each process that opens it is its owner from then on. What an owner of before had
 * sent and that arrives later has no effect. An owner that is cut off knows it before there is another one.
 */
export class LeasedJournal implements JournalSource {
  readonly #options: LeasedJournalOptions;
  readonly #kept = memoryJournal();
  #epoch = 0;
  #owner: Owner | undefined;

  constructor(options: LeasedJournalOptions) {
    this.#options = options;
  }

  open(process: OwnerProcess): Journal {
    const epoch = ++this.#epoch;
    const isOwner = (): boolean => epoch === this.#epoch || this.#options.omitted === "the fence";
    const owner = (this.#owner = new Owner(process, this.#options, epoch, isOwner));
    return new JournalOfProcess(this.#kept, owner, owner.lost);
  }

  crash(): void {
    this.#owner?.crash();
  }

  /** Nothing passes between the owner and the journal any more. Returns for how long no other process can be the owner. */
  cutOff(): number {
    this.#owner?.cutOff();
    return lease;
  }
}

class Owner {
  readonly #process: OwnerProcess;
  readonly #options: LeasedJournalOptions;
  readonly #epoch: number;
  readonly #isOwner: () => boolean;
  readonly #losing = new AbortController();
  readonly #writing: StepsInOrder;
  readonly #telling: StepsInOrder;
  readonly #reading: StepsInOrder;
  readonly #watching: StepsInOrder;
  /** The writes that have not taken effect, in order; so many of the first of them are on their way. */
  #queue: Write[] = [];
  #sent = 0;
  #isWriting = false;
  #cutAt: number | undefined;

  constructor(process: OwnerProcess, options: LeasedJournalOptions, epoch: number, isOwner: () => boolean) {
    const always = (): boolean => true; // as long as the process lives
    this.#process = process;
    this.#options = options;
    this.#epoch = epoch;
    this.#isOwner = isOwner;
    this.#writing = process.steps.lane("journal writes", "the journal", always);
    this.#telling = process.steps.lane("journal tells", "0", always);
    this.#reading = process.steps.lane("journal answers", "0", always);
    this.#watching = process.steps.lane("journal watchdog", "0", always);
  }

  get lost(): AbortSignal {
    return this.#losing.signal;
  }

  read<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    if (!this.#process.isAlive) return never();
    this.#look();
    this.lost.throwIfAborted();
    if (this.#isCut) return never();
    const late = this.#delay();
    if (late === 0) return work();
    return new Promise((resolve) => void this.#reading.add(late, () => this.#isCut || resolve(work())));
  }

  write(work: Write["work"]): Promise<void> {
    if (!this.#process.isAlive) return never();
    this.#look();
    if (this.lost.aborted) return Promise.reject(this.lost.reason);
    const told = deferred<void>();
    this.#queue.push({ work, told });
    if (!this.#isWriting) {
      this.#isWriting = true;
      this.#writing.add(0, () => this.#send());
    }
    return told.promise;
  }

  cutOff(): void {
    this.#cutAt ??= this.#process.steps.now;
    if (this.#options.omitted !== "the watchdog") this.#watching.add(watchdog, () => this.#lose());
  }

  crash(): void {
    const queue = this.#queue;
    this.#queue = [];
    if (this.#isCut) queue.length = this.#sent; // of what it was to send since then, nothing was
    if (queue.length === 0 || !this.#isOwner()) return;
    const { choices, random } = this.#options;
    const kept = choices.choose("strike", queue.length + 1, () => random.below(queue.length + 1));
    for (const { work } of queue.slice(0, kept)) failureOf(work); // its process is gone
  }

  get #isCut(): boolean {
    return this.#cutAt !== undefined;
  }

  #delay(): number {
    return this.#options.faults.delay("the journal");
  }

  /** Sends all that waits, together. */
  #send(): void {
    if (this.#isCut) return;
    this.#sent = this.#queue.length;
    const { choices, random, connectionLoss } = this.#options;
    const fate = fates[
      choices.choose("strike", 3, () => (random.chance(connectionLoss) ? 1 + random.below(2) : 0))
    ] as Fate;
    this.#writing.add(this.#delay(), () => this.#arrive(fate, true));
  }

  /** What was sent takes effect, if its sender is still the owner. */
  #arrive(fate: Fate, mayBeLate: boolean): void {
    const { choices, random, omitted } = this.#options;
    if (this.#cutAt !== undefined && mayBeLate && choices.choose("strike", 2, () => random.below(2)) === 1) {
      // it is on its way until another process has taken over
      const left = this.#cutAt + lease - this.#process.steps.now;
      this.#writing.add(left + 1 + this.#delay(), () => this.#arrive(fate, false));
      return;
    }
    if (fate === "lost" && omitted !== "finding out") {
      // it finds out that nothing of it is kept, and sends it again
      this.#writing.add(this.#delay(), () => this.#send());
      return;
    }
    const group = this.#queue.splice(0, this.#sent);
    this.#sent = 0;
    if (!this.#isOwner()) return;
    for (const { work, told } of group) {
      // without finding out, it takes for kept what it has sent; else the answer after a broken connection is what it finds out
      const failure = fate === "lost" ? undefined : failureOf(work);
      this.#telling.add(this.#delay(), () => {
        if (this.#isCut) return;
        if (failure === undefined) told.resolve();
        else told.reject(failure.error);
      });
    }
    if (this.#queue.length > 0) this.#send();
    else this.#isWriting = false;
  }

  /** It can't renew its lease, and knows for how long it has been unable to, also when the timer for that is late. */
  #look(): void {
    const { now } = this.#process.steps;
    if (this.#cutAt !== undefined && now - this.#cutAt >= watchdog && this.#options.omitted !== "the watchdog")
      this.#lose();
  }

  #lose(): void {
    if (this.lost.aborted) return;
    const reason = ownershipLost("it was cut off, and couldn't renew its lease in time", {
      journal: "the leased journal",
      epoch: this.#epoch,
    });
    // what it had not sent is certainly not kept; of the rest it can't find out any more
    for (const { told } of this.#queue.splice(this.#sent)) told.reject(reason);
    this.#losing.abort(reason);
  }
}

/** The answer that doesn't come. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
