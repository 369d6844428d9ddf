/** A journal that takes its time: the test says when a write happens, whether it fails, and when that is told. */

import type { CommitRecord } from "../../../src/store/versions/commit.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";

interface Append {
  readonly records: readonly CommitRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface SlowJournalOptions {
  /** Reads answer with promises too. Default false. */
  readonly slowReads?: boolean;
  readonly inner?: Journal;
}

export class SlowJournal implements Journal {
  /** Handed over and not written. */
  readonly appends: Append[] = [];
  /** Written or failed, and not told. */
  readonly answers: (() => void)[] = [];
  readonly #inner: Journal;
  readonly #slowReads: boolean;
  readonly #reads: (() => void)[] = [];

  constructor({ slowReads = false, inner = memoryJournal() }: SlowJournalOptions = {}) {
    this.#slowReads = slowReads;
    this.#inner = inner;
  }

  get position(): number {
    return this.#inner.position;
  }

  get time(): number {
    return this.#inner.time;
  }

  append(records: readonly CommitRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.appends.push({ records, resolve, reject });
    });
  }

  /** Writes, or fails to write, the oldest append; the answer waits. */
  writeNext(failure?: Error): void {
    const append = this.appends.shift();
    if (append === undefined) throw new Error("nothing to write");
    try {
      if (failure !== undefined) throw failure;
      void this.#inner.append(append.records);
      this.answers.push(append.resolve);
    } catch (error) {
      this.answers.push(() => append.reject(error));
    }
  }

  /** Writes all there is and tells. */
  flush(): void {
    while (this.appends.length > 0) this.writeNext();
    for (const answer of this.answers.splice(0)) answer();
  }

  /** How many reads wait. */
  get reads(): number {
    return this.#reads.length;
  }

  answerReads(): void {
    for (const read of this.#reads.splice(0)) read();
  }

  head: Journal["head"] = (key) => this.#read(() => this.#inner.head(key));
  peek: Journal["peek"] = (key) => this.#read(() => this.#inner.peek(key));
  heads: Journal["heads"] = (keys) => this.#read(() => this.#inner.heads(keys));
  at: Journal["at"] = (key, version) => this.#read(() => this.#inner.at(key, version));
  records: Journal["records"] = (key, lowest, highest) => this.#read(() => this.#inner.records(key, lowest, highest));
  committed: Journal["committed"] = (idempotencyKey) => this.#read(() => this.#inner.committed(idempotencyKey));
  keys: Journal["keys"] = (prefix) => this.#read(() => this.#inner.keys(prefix));
  meta: Journal["meta"] = (key, version) => this.#read(() => this.#inner.meta(key, version));
  oldest: Journal["oldest"] = (key) => this.#read(() => this.#inner.oldest(key));
  trim: Journal["trim"] = (key, oldest) => this.#inner.trim(key, oldest);
  size: Journal["size"] = (key) => this.#read(() => this.#inner.size(key));
  compact: Journal["compact"] = () => this.#inner.compact();
  close: Journal["close"] = () => this.#inner.close();

  /** Reads at once and answers later: the answer may be old by then, as a real one's. */
  #read<T>(read: () => T | Promise<T>): T | Promise<T> {
    if (!this.#slowReads) return read();
    const value = read();
    return new Promise((resolve) => {
      this.#reads.push(() => resolve(value));
    });
  }
}
