/** The journal over its tables. Owns the order of writes and what is kept in memory. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { Journal } from "../../store/journal/journal.ts";
import { Recent } from "../../store/journal/recent.ts";
import { versionPlace } from "../../store/journal/records/entry-key.ts";
import { type KeyRow, newKeyRow } from "../../store/journal/records/key-row.ts";
import { encodePlain } from "../../store/journal/records/plain-text.ts";
import { sealBytes } from "../../store/journal/records/sealed-bytes.ts";
import { entriesOf } from "../../store/journal/records/version-entries.ts";
import type { CommitRecord } from "../../store/versions/commit.ts";
import type { Snapshot, SnapshotMeta } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import { standing } from "../../store/versions/tombstone.ts";
import { type AppendParts, appendTexts, type ErasedBefore, moveOf, type NewVersion } from "./append-parts.ts";
import type { Access, Rows, Statement } from "./database.ts";
import {
  closed,
  compactionFailed,
  failedHow,
  notCompactable,
  type Place,
  readFailed,
  writeFailed,
} from "./failures.ts";
import { KeyRows, type RowOf } from "./key-rows.ts";
import { KeySpace, whole } from "./key-space.ts";
import type { Taken } from "./lease.ts";
import { type Move, OwnedHead } from "./owned-head.ts";
import { quoted } from "./schema.ts";
import { SharedReads } from "./shared-reads.ts";
import { type Head, VersionReads } from "./version-reads.ts";
import { WriteQueue } from "./write-queue.ts";

/** How many leases a read may take before it is asked on another connection. */
const readPatience = 3;
const maxCachedBytes = 32 * 1024 * 1024;
/** What a version takes besides its state, and how much more than its bytes in the table the state does (`bench/waits.ts`). */
const cachedEntryBytes = 500;
const cachedOverEncoded = 2;

export interface StoredJournalOptions {
  readonly database: Access;
  readonly schema: string;
  readonly place: Place;
  readonly lease: number;
  readonly taken: Taken;
  /** About how many bytes of memory the newest versions take that are kept there, at most. Default 32 MiB. */
  readonly cacheBytes?: number;
}

export class StoredJournal implements Journal {
  readonly lost: AbortSignal;
  readonly #database: Access;
  readonly #schema: string;
  readonly #place: Place;
  /** How long a read may take, in milliseconds. */
  readonly #patience: number;
  readonly #owned: OwnedHead;
  readonly #queue: WriteQueue<AppendParts>;
  readonly #reads: VersionReads;
  readonly #headReads: SharedReads<StateKey, Head | undefined>;
  readonly #committedReads: SharedReads<string, readonly (readonly [StateKey, number])[]>;
  readonly #rows = new KeyRows();
  /** The newest versions of keys in use, with which later versions share structure. By number: a key that is forgotten gets another. */
  readonly #heads: Recent<number, Snapshot>;
  readonly #space: KeySpace;
  #position: number;
  #time: number;
  #nextId: number;
  #closed: Promise<void> | undefined;
  /** Appends whose keys' rows are being read: those that come later wait as well. */
  #readingRows: Promise<void> | undefined;
  readonly #texts;

  constructor({ database, schema, place, lease, taken, cacheBytes = maxCachedBytes }: StoredJournalOptions) {
    this.#heads = new Recent(cacheBytes);
    this.#space = new KeySpace(taken.cell);
    this.#database = database;
    this.#schema = quoted(schema);
    this.#place = place;
    this.#patience = readPatience * lease;
    ({ position: this.#position, time: this.#time, nextId: this.#nextId } = taken);
    this.#texts = appendTexts(this.#schema);
    this.#owned = new OwnedHead(database, this.#schema, place, taken, {
      lease,
      onRenewalDue: () => this.#queue.renew(),
    });
    this.lost = this.#owned.lost;
    this.#queue = new WriteQueue(
      this.#owned,
      (group) => moveOf(group, this.#texts, this.#space),
      (error) => this.#failed(error),
    );
    this.#reads = new VersionReads((statement) => this.#query(statement), this.#schema, this.#space);
    this.#headReads = new SharedReads((keys) => this.#reads.heads(keys));
    this.#committedReads = new SharedReads((names) => this.#reads.committed(names));
  }

  get position(): number {
    return this.#position;
  }

  get time(): number {
    return this.#time;
  }

  append(records: readonly CommitRecord[]): MaybePromise<void> {
    this.#check();
    const unknown = records.flatMap(({ snapshot: { key } }) => (this.#rows.newest(key) === undefined ? [key] : []));
    if (this.#readingRows === undefined && unknown.length === 0) return this.#append(records);
    const appended = (this.#readingRows ?? Promise.resolve()).then(async () => {
      await this.#readRows(records.map(({ snapshot }) => snapshot.key));
      this.#check();
      return { written: this.#append(records) };
    });
    const turn = appended.then(
      () => undefined,
      () => undefined, // its caller gets the error; the next one goes ahead
    );
    this.#readingRows = turn;
    void turn.then(() => {
      if (this.#readingRows === turn) this.#readingRows = undefined;
    });
    return appended.then(({ written }) => written);
  }

  head(key: StateKey): MaybePromise<Snapshot | undefined> {
    this.#check();
    const known = this.#rows.written(key);
    if (known !== undefined && known.row === undefined) return undefined;
    const cached = known?.row && this.#heads.get(known.row.id);
    if (cached !== undefined && cached.version === known?.row?.newest) return cached;
    return this.#readHead(key);
  }

  peek(key: StateKey): MaybePromise<Snapshot | undefined> {
    this.#check();
    const known = this.#rows.written(key);
    if (known !== undefined && known.row === undefined) return undefined;
    const cached = known?.row && this.#heads.get(known.row.id);
    if (cached !== undefined && cached.version === known?.row?.newest) return cached;
    return this.#headReads.ask(key).then((head) => head?.snapshot);
  }

  async heads(keys: readonly StateKey[]): Promise<readonly (Snapshot | undefined)[]> {
    this.#check();
    return Promise.all(keys.map(async (key) => this.peek(key)));
  }

  async at(key: StateKey, version: number): Promise<Snapshot | undefined> {
    this.#check();
    const row = this.#rows.written(key)?.row;
    const cached = row && this.#heads.get(row.id);
    return cached?.version === version ? cached : this.#reads.at(key, version);
  }

  async meta(key: StateKey, version: number): Promise<SnapshotMeta | undefined> {
    this.#check();
    return this.#reads.meta(key, version);
  }

  async oldest(key: StateKey): Promise<number | undefined> {
    this.#check();
    return this.#reads.oldest(key);
  }

  async records(key: StateKey, lowest: number, highest: number): Promise<readonly CommitRecord[]> {
    this.#check();
    return this.#reads.records(key, lowest, highest);
  }

  async committed(idempotencyKey: string): Promise<readonly Snapshot[]> {
    this.#check();
    const found = await this.#committedReads.ask(idempotencyKey);
    const snapshots = await Promise.all(found.map(async ([key, version]) => this.at(key, version)));
    return snapshots.filter((snapshot) => snapshot !== undefined);
  }

  async keys(prefix: string, since = 0): Promise<readonly StateKey[]> {
    this.#check();
    return this.#reads.keys(prefix, since);
  }

  async size(key: StateKey): Promise<number> {
    this.#check();
    return this.#reads.size(key);
  }

  async trim(key: StateKey, oldest: number): Promise<void> {
    this.#check();
    await this.#queue.add({
      bytes: 0,
      alone: async () => {
        const [head] = await this.#reads.heads([key]);
        const first = Math.min(oldest, head?.row.newest ?? 0);
        if (head === undefined || first <= head.row.oldest) return undefined;
        const snapshot = await this.#reads.at(key, first);
        const state = encodePlain(snapshot?.state);
        const row = { ...head.row, oldest: first };
        if (row.checkpoint <= first) Object.assign(row, { checkpoint: first, checkpointBytes: state.length });
        return this.#trimming(row, sealBytes(versionPlace(row.id, first), state));
      },
    });
  }

  /** Rewrites the tables, so that what was removed is nowhere in their files. Commits and reads wait; the lease is renewed. */
  async compact(): Promise<void> {
    this.#check();
    if (this.#space.cell !== whole) throw notCompactable(this.#place);
    await this.#queue.pausedFor(async () => {
      try {
        for (const table of ["versions", "keys"])
          await this.#database.query({ text: `vacuum (full, analyze) ${this.#schema}.${table}` });
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
    if (!this.lost.aborted) {
      await this.#readingRows;
      await this.#queue.idle();
    }
    await this.#owned.release();
    await this.#database.end();
  }

  /** Writes records to keys whose rows are known. */
  #append(records: readonly CommitRecord[]): Promise<void> {
    const parts = this.#partsOf(records);
    this.#position = parts.position;
    this.#time = parts.time;
    this.#nextId = parts.nextId;
    for (const [key, row] of parts.rows) this.#rows.begin(key, row);
    const bytes = parts.versions.reduce((sum, { entries }) => sum + entries.bytes, 0);
    const erases = parts.erased.length > 0;
    return this.#queue
      .add({
        bytes,
        position: parts.position,
        ...(erases ? { alone: () => moveOf([parts], this.#texts, this.#space) } : { part: parts }),
      })
      .then(() => {
        for (const [key, row] of parts.rows) this.#rows.finish(key, row);
        for (const { id } of parts.erased) this.#heads.delete(id);
        for (const { snapshot } of parts.versions) this.#cache(snapshot, parts.rows.get(snapshot.key));
      });
  }

  #partsOf(records: readonly CommitRecord[]): AppendParts {
    const rows = this.#nextRows(records);
    const [first] = records;
    if (first !== undefined && first.snapshot.position <= this.#position)
      throw new Error(`Defect: position ${first.snapshot.position} appended after position ${this.#position}.`);
    const versions: NewVersion[] = [];
    const erased: ErasedBefore[] = [];
    let [position, time] = [this.#position, this.#time];
    for (const record of records) {
      const { snapshot } = record;
      position = Math.max(position, snapshot.position);
      time = Math.max(time, snapshot.time);
      const before = this.#rows.newest(snapshot.key)?.row;
      if (snapshot.erased !== undefined && before !== undefined)
        erased.push({ id: before.id, before: snapshot.version });
      if (standing(snapshot) === undefined) continue;
      const row = rows.get(snapshot.key) as KeyRow;
      const slot = versions.length;
      versions.push({ id: row.id, slot, snapshot, entries: entriesOf(record, slot, row) });
    }
    const ids = [...rows.values()].flatMap((row) => (row === undefined ? [] : [row.id + 1]));
    return { versions, rows, erased, position, time, nextId: Math.max(this.#nextId, ...ids) };
  }

  /** The rows of the keys after the records. @throws Error for a record that doesn't follow the newest version of its key. */
  #nextRows(records: readonly CommitRecord[]): ReadonlyMap<StateKey, RowOf> {
    const rows = new Map<StateKey, RowOf>();
    let nextId = this.#nextId;
    for (const { snapshot } of records) {
      const { key, version, parent, erased } = snapshot;
      const before = rows.get(key) ?? this.#rows.newest(key)?.row;
      const newest = before?.newest ?? 0;
      if (parent !== newest || version !== newest + 1)
        throw new Error(`Defect: version ${version} of ${key} appended after version ${newest}.`);
      const row = before === undefined || erased !== undefined ? newKeyRow(before?.id ?? nextId++) : { ...before };
      row.newest = version;
      row.isErased = erased !== undefined;
      if (row.isErased) row.oldest = version;
      rows.set(key, erased?.forgotten === true ? undefined : row);
    }
    return rows;
  }

  /** Removes the versions before the row's oldest, which is kept whole. Done twice, it is the same. */
  #trimming(row: KeyRow, state: Buffer): Move {
    return this.#owned.standing(
      `, gone as (
        delete from ${this.#schema}.versions v using moved where v.id = $9::bigint and v.version < $10::bigint
      ), first as (
        update ${this.#schema}.versions v set whole = $11::bytea from moved where v.id = $9::bigint and v.version = $10::bigint
      ), row as (
        update ${this.#schema}.keys k set oldest = $10::bigint, checkpoint = $12::bigint, checkpoint_bytes = $13::bigint
        from moved where k.id = $9::bigint
      )`,
      [this.#space.stored(row.id), row.oldest, state, row.checkpoint, row.checkpointBytes],
    );
  }

  async #readHead(key: StateKey): Promise<Snapshot | undefined> {
    let head: Head | undefined;
    await this.#rows.reading(async () => {
      head = await this.#headReads.ask(key);
      return new Map([[key, head?.row]]);
    });
    const known = this.#rows.written(key)?.row;
    if (head !== undefined && known?.id === head.row.id && known.newest === head.row.newest)
      this.#cache(head.snapshot, known);
    return head?.snapshot;
  }

  async #readRows(keys: readonly StateKey[]): Promise<void> {
    const unknown = keys.filter((key) => this.#rows.newest(key) === undefined);
    await Promise.all(unknown.map(async (key) => this.#readHead(key)));
  }

  #cache(snapshot: Snapshot, row: RowOf): void {
    if (row === undefined) return;
    const cached = this.#heads.get(row.id);
    if (cached !== undefined && cached.version >= snapshot.version) return;
    this.#heads.set(row.id, snapshot, cachedEntryBytes + cachedOverEncoded * (row.checkpointBytes + row.replayBytes));
  }

  /** Reads until there is an answer, or the journal is lost: a connection that has broken is replaced. */
  async #query(statement: Statement): Promise<Rows> {
    for (let ms = 20; ; ms = Math.min(500, ms * 2)) {
      try {
        const rows = await this.#database.query(statement, this.#patience);
        this.#owned.check();
        return rows;
      } catch (error) {
        this.#owned.check();
        if (isTroupeError(error)) throw error;
        if (failedHow(error) === "refused" || this.#closed !== undefined) throw readFailed(this.#place, error);
      }
      await new Promise((resolve) => void setTimeout(resolve, ms));
    }
  }

  #failed(error: unknown): unknown {
    this.#rows.abandon();
    return error instanceof TroupeError ? error : writeFailed(this.#place, error);
  }

  /** @throws TroupeError `ownership-lost`, `journal-failed` once it is closed. */
  #check(): void {
    this.#owned.check();
    if (this.#closed !== undefined) throw closed(this.#place);
  }
}
