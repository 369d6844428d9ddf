/** A journal that is only read, while a system in any process owns it. It keeps nothing in memory, since the owner goes on committing. */

import type { Journal } from "../../store/journal/journal.ts";
import type { CommitRecord } from "../../store/versions/commit.ts";
import type { Snapshot, SnapshotMeta } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import type { Access, Rows, Statement } from "./database.ts";
import { closed, failedHow, notWritable, type Place, readFailed } from "./failures.ts";
import type { KeySpace } from "./key-space.ts";
import { quoted } from "./schema.ts";
import { VersionReads } from "./version-reads.ts";

/** Milliseconds that a read may take before it is asked once more on another connection. */
const patience = 30_000;

export class ReadOnlyJournal implements Journal {
  readonly position: number;
  readonly time: number;
  readonly #database: Access;
  readonly #place: Place;
  readonly #reads: VersionReads;
  #isClosed = false;

  /** @param at where the journal was when it was opened. */
  constructor(
    database: Access,
    schema: string,
    space: KeySpace,
    place: Place,
    at: { readonly position: number; readonly time: number },
  ) {
    this.#database = database;
    this.#place = place;
    ({ position: this.position, time: this.time } = at);
    this.#reads = new VersionReads((statement) => this.#query(statement), quoted(schema), space);
  }

  append(): never {
    throw this.#notWritable();
  }

  trim(): never {
    throw this.#notWritable();
  }

  compact(): never {
    throw this.#notWritable();
  }

  async head(key: StateKey): Promise<Snapshot | undefined> {
    const [head] = await this.heads([key]);
    return head;
  }

  peek(key: StateKey): Promise<Snapshot | undefined> {
    return this.head(key);
  }

  async heads(keys: readonly StateKey[]): Promise<readonly (Snapshot | undefined)[]> {
    return (await this.#reads.heads(keys)).map((head) => head?.snapshot);
  }

  at(key: StateKey, version: number): Promise<Snapshot | undefined> {
    return this.#reads.at(key, version);
  }

  meta(key: StateKey, version: number): Promise<SnapshotMeta | undefined> {
    return this.#reads.meta(key, version);
  }

  oldest(key: StateKey): Promise<number | undefined> {
    return this.#reads.oldest(key);
  }

  records(key: StateKey, lowest: number, highest: number): Promise<readonly CommitRecord[]> {
    return this.#reads.records(key, lowest, highest);
  }

  async committed(idempotencyKey: string): Promise<readonly Snapshot[]> {
    const [found = []] = await this.#reads.committed([idempotencyKey]);
    const snapshots = await Promise.all(found.map(async ([key, version]) => this.at(key, version)));
    return snapshots.filter((snapshot) => snapshot !== undefined);
  }

  keys(prefix: string, since = 0): Promise<readonly StateKey[]> {
    return this.#reads.keys(prefix, since);
  }

  size(key: StateKey): Promise<number> {
    return this.#reads.size(key);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#database.end();
  }

  /** Asks once more, on another connection, unless the database has refused: the connection may have broken since the last read. */
  async #query(statement: Statement): Promise<Rows> {
    if (this.#isClosed) throw closed(this.#place);
    try {
      return await this.#database.query(statement, patience);
    } catch (error) {
      if (failedHow(error) === "refused") throw readFailed(this.#place, error);
    }
    try {
      return await this.#database.query(statement);
    } catch (error) {
      throw readFailed(this.#place, error);
    }
  }

  #notWritable(): Error {
    return notWritable(this.#place, "it was opened for reading only");
  }
}
