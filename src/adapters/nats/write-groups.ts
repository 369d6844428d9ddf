/** The order of what is written: commits that come while a message is under way share the next. Everything else has its place among them. */

import type { CommitRecord } from "../../store/versions/commit.ts";
import { deferred, type Deferred } from "../../async/deferred.ts";
import { outcomeUnknown } from "../../store/journal/ownership.ts";
import { joinCommits } from "./commit-bytes.ts";
import type { OwnedLog } from "./owned-log.ts";

interface Commit {
  readonly records: readonly CommitRecord[];
  readonly bytes: Buffer;
  readonly position: number;
  readonly time: number;
}

type Queued = { readonly written: Deferred<void> } & (
  | { readonly commit: Commit }
  | { readonly alone: () => Promise<void> }
);

const mostCommits = 2_000;

/** Owns the queue. */
export class WriteGroups {
  readonly #log: OwnedLog;
  readonly #onKept: (records: readonly CommitRecord[]) => Promise<void>;
  #queue: Queued[] = [];
  #running: Promise<void> | undefined;

  /** @param onKept called with each commit that is kept, in order, before it is acknowledged. */
  constructor(log: OwnedLog, onKept: (records: readonly CommitRecord[]) => Promise<void>) {
    this.#log = log;
    this.#onKept = onKept;
    log.lost.addEventListener("abort", () => this.#rejectAll(log.lost.reason));
  }

  /** Resolves when the commit is kept. Rejects with `outcome-unknown` where it may be all the same. */
  add(commit: Commit): Promise<void> {
    return this.#add({ commit, written: deferred<void>() });
  }

  /** Runs `alone` after all earlier commits and before all later ones. */
  exclusively(alone: () => Promise<void>): Promise<void> {
    return this.#add({ alone, written: deferred<void>() });
  }

  /** Resolves when nothing is being written or queued. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #add(queued: Queued): Promise<void> {
    this.#queue.push(queued);
    if (this.#log.lost.aborted) this.#rejectAll(this.#log.lost.reason);
    else this.#running ??= this.#run();
    return queued.written.promise;
  }

  async #run(): Promise<void> {
    // so that all that one answer sets off is written together
    await new Promise<void>((resolve) => void setImmediate(resolve));
    while (this.#queue.length > 0) {
      const [first] = this.#queue;
      if (first !== undefined && "alone" in first) {
        this.#queue.shift();
        await first.alone().then(first.written.resolve, first.written.reject);
      } else await this.#writeGroup();
    }
    this.#running = undefined;
  }

  async #writeGroup(): Promise<void> {
    const group = this.#nextGroup();
    const { position, time } = (group.at(-1) as (typeof group)[number]).commit;
    const body = joinCommits(group.map(({ commit }) => commit.bytes));
    const fate = await this.#log.write({ kind: "commits" }, body, position, time);
    for (const { commit, written } of group) {
      if (fate === "kept") await this.#keep(commit, written);
      else written.reject(this.#whyNot(fate === "unknown" ? commit : undefined));
    }
  }

  async #keep(commit: Commit, written: Deferred<void>): Promise<void> {
    try {
      await this.#onKept(commit.records);
      written.resolve();
    } catch (cause) {
      this.#log.lose(`its copy on this machine could not be written: ${String(cause)}`);
      written.reject(this.#whyNot(commit));
    }
  }

  #whyNot(unknown: Commit | undefined): unknown {
    const { reason } = this.#log.lost;
    return unknown === undefined ? reason : outcomeUnknown([unknown.position], reason);
  }

  #nextGroup(): Extract<Queued, { readonly commit: Commit }>[] {
    const group: Extract<Queued, { readonly commit: Commit }>[] = [];
    let bytes = 0;
    for (const queued of this.#queue) {
      if (!("commit" in queued) || group.length === mostCommits) break;
      bytes += queued.commit.bytes.length;
      if (group.length > 0 && bytes > this.#log.maxBytes / 2) break;
      group.push(queued);
    }
    this.#queue.splice(0, group.length);
    return group;
  }

  #rejectAll(error: unknown): void {
    for (const { written } of this.#queue.splice(0)) written.reject(error);
  }
}
