/** The journal that this process owns: what it writes goes to the stream first, and what it reads comes from its copy. */

import { open } from "node:fs/promises";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Journal } from "../../store/journal/journal.ts";
import type { CommitRecord } from "../../store/versions/commit.ts";
import type { Snapshot, SnapshotMeta } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import { encodeCommit } from "./commit-bytes.ts";
import { closed, compactionFailed, type Place } from "./failures.ts";
import type { Generations } from "./generations.ts";
import type { Cluster, Log } from "./jetstream.ts";
import type { LocalCopy } from "./local-copy.ts";
import { NewestVersions } from "./newest-versions.ts";
import { OwnedLog, type Taken } from "./owned-log.ts";
import { WriteGroups } from "./write-groups.ts";

export interface ReplicatedJournalOptions {
  readonly cluster: Cluster;
  readonly place: Place;
  readonly generations: Generations;
  readonly copy: LocalCopy;
  readonly taken: Taken;
}

const nothing = Buffer.alloc(0);

export class ReplicatedJournal implements Journal {
  readonly lost: AbortSignal;
  readonly #cluster: Cluster;
  readonly #place: Place;
  readonly #generations: Generations;
  readonly #copy: LocalCopy;
  readonly #owned: OwnedLog;
  readonly #groups: WriteGroups;
  readonly #newest: NewestVersions;
  #position: number;
  #time: number;
  #closed: Promise<void> | undefined;

  constructor({ cluster, place, generations, copy, taken }: ReplicatedJournalOptions) {
    this.#cluster = cluster;
    this.#place = place;
    this.#generations = generations;
    this.#copy = copy;
    this.#owned = new OwnedLog(cluster, place, taken);
    this.lost = this.#owned.lost;
    this.#newest = new NewestVersions((key) => copy.journal.peek(key) as Snapshot | undefined);
    this.#groups = new WriteGroups(this.#owned, async (records) => {
      await copy.apply(records);
      this.#newest.finish(records);
    });
    ({ position: this.#position, time: this.#time } = copy.journal);
  }

  get position(): number {
    return this.#position;
  }

  get time(): number {
    return this.#time;
  }

  append(records: readonly CommitRecord[]): Promise<void> {
    this.#check();
    const [first] = records;
    if (first !== undefined && first.snapshot.position <= this.#position)
      throw new Error(`Defect: position ${first.snapshot.position} appended after position ${this.#position}.`);
    const bytes = encodeCommit(records);
    this.#newest.begin(records);
    for (const { snapshot } of records) {
      this.#position = Math.max(this.#position, snapshot.position);
      this.#time = Math.max(this.#time, snapshot.time);
    }
    return this.#groups.add({ records, bytes, position: this.#position, time: this.#time });
  }

  head(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#read().head(key);
  }

  peek(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#read().peek(key);
  }

  heads(keys: readonly StateKey[]): MaybePromise<readonly (Snapshot | undefined)[]> {
    return this.#read().heads(keys);
  }

  at(key: StateKey, version: number): MaybePromise<Snapshot | undefined> {
    return this.#read().at(key, version);
  }

  meta(key: StateKey, version: number): MaybePromise<SnapshotMeta | undefined> {
    return this.#read().meta(key, version);
  }

  oldest(key: StateKey): MaybePromise<number | undefined> {
    return this.#read().oldest(key);
  }

  records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]> {
    return this.#read().records(key, lowest, highest);
  }

  committed(idempotencyKey: string): MaybePromise<readonly Snapshot[]> {
    return this.#read().committed(idempotencyKey);
  }

  keys(prefix: string, since?: number): MaybePromise<readonly StateKey[]> {
    return this.#read().keys(prefix, since);
  }

  size(key: StateKey): MaybePromise<number> {
    return this.#read().size(key);
  }

  async trim(key: StateKey, oldest: number): Promise<void> {
    this.#check();
    await this.#groups.exclusively(async () => {
      const { journal } = this.#copy;
      const first = Math.min(oldest, (await journal.peek(key))?.version ?? 0);
      if (first <= ((await journal.oldest(key)) ?? first)) return;
      const fate = await this.#owned.write({ kind: "trimmed", key, oldest: first }, nothing);
      if (fate !== "kept") throw this.lost.reason;
      await journal.trim(key, first);
    });
  }

  /** Goes on in a new stream, which begins with all that is kept, and removes the one before with its files. Commits wait, reads don't. */
  async compact(): Promise<void> {
    this.#check();
    await this.#groups.exclusively(async () => {
      try {
        const file = await this.#copy.compacted();
        const log = this.#cluster.log(await this.#generations.next());
        const last = await this.#upload(file, log);
        const fate = await this.#owned.move(log, last);
        if (fate !== "kept") throw this.lost.reason;
        await this.#generations.moveTo(log.stream);
      } catch (cause) {
        this.#check();
        throw compactionFailed(this.#place, cause);
      }
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (!this.lost.aborted) await this.#groups.idle();
    await this.#owned.release();
    await this.#cluster.close();
    await this.#copy.remove();
  }

  /** Returns the sequence of its last message. */
  async #upload(file: string, log: Log): Promise<number> {
    const handle = await open(file);
    try {
      const page = Buffer.allocUnsafe(this.#owned.maxBytes);
      let last = 0;
      let bytes = 0;
      for (;;) {
        this.#owned.check();
        const { bytesRead } = await handle.read(page, 0, page.length, bytes);
        if (bytesRead === 0) break;
        bytes += bytesRead;
        last = await log.append(this.#owned.saying({ kind: "page" }, page.subarray(0, bytesRead), last), last);
      }
      return await log.append(this.#owned.saying({ kind: "copied", bytes }, nothing, last), last);
    } finally {
      await handle.close();
    }
  }

  /** @throws TroupeError `ownership-lost`, `journal-failed` once it is closed. */
  #check(): void {
    this.#owned.check();
    if (this.#closed !== undefined) throw closed(this.#place);
  }

  #read(): Journal {
    this.#check();
    return this.#copy.journal;
  }
}
