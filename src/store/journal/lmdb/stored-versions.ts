/** Writes and reads the versions of a journal on disk. Ownership and the check of the files come before this. */

import { isTroupeError } from "../../../errors/troupe-error.ts";
import type { CommitRecord } from "../../versions/commit.ts";
import type { Journal } from "../journal.ts";
import { standing } from "../../versions/tombstone.ts";
import type { Snapshot, SnapshotMeta } from "../../versions/snapshot.ts";
import type { StateKey } from "../../versions/state-key.ts";
import { closed } from "./journal-errors.ts";
import type { Durability } from "./durability.ts";
import { Unwritten } from "./unwritten.ts";
import type { JournalFile } from "./journal-file.ts";
import type { Environment } from "./lmdb-environment.ts";
import type { MaybePromise } from "../../../async/maybe-promise.ts";
import { GroupWriter } from "./group-writer.ts";
import { type Committed, IdempotencyIndex } from "./idempotency-index.ts";
import { readInfo, writeInfo } from "./journal-info.ts";
import { KeyIndex } from "./key-index.ts";
import type { KeyId } from "../records/entry-key.ts";
import { type KeyRow, newKeyRow } from "../records/key-row.ts";
import { type ErasedKey, planErase } from "./erase-plan.ts";
import { planTrim } from "./trim-plan.ts";
import { entriesOf, type VersionEntries } from "../records/version-entries.ts";
import { Recent } from "../recent.ts";
import { newestPosition, readRecord, readRecords, readVersion } from "./version-reader.ts";

/** About how many bytes of memory the newest versions take that are kept there, at most. */
const maxCachedBytes = 32 * 1024 * 1024;
/** What a version takes besides its state, and how much more than its bytes on disk the state does (`bench/waits.ts`). */
const cachedEntryBytes = 500;
const cachedOverEncoded = 2;

export interface StoredVersionsOptions {
  readonly directory: string;
  readonly access: "read" | Durability;
}

/** The journal over its open data file. Owns the order of writes and the caches. */
export class StoredVersions implements Journal {
  readonly #file: JournalFile;
  readonly #options: StoredVersionsOptions;
  readonly #writer: GroupWriter;
  #keys: KeyIndex;
  #idempotency: IdempotencyIndex;
  /** The newest versions of keys in use, with which later versions share structure. By number: a key that is forgotten gets another. */
  readonly #heads = new Recent<KeyId, Snapshot>(maxCachedBytes);
  readonly #unwritten: Unwritten | undefined;
  #position: number;
  #time: number;
  #nextId: number;
  #closed = false;
  /** Trims run one after the other, so that each sees on disk what the one before left. */
  #trimming: Promise<void> = Promise.resolve();

  constructor(file: JournalFile, options: StoredVersionsOptions) {
    const { directory, access } = options;
    this.#file = file;
    this.#options = options;
    [this.#keys, this.#idempotency] = this.#openIndexes();
    this.#unwritten = access === "relaxed" ? new Unwritten(directory) : undefined;
    this.#writer = new GroupWriter(
      (fill) => file.write(fill),
      () => this.#failed(),
    );
    ({ position: this.#position, time: this.#time, nextId: this.#nextId } = readInfo(this.#tables.info, directory));
  }

  get position(): number {
    return this.#position;
  }

  get time(): number {
    return this.#time;
  }

  append(records: readonly CommitRecord[]): MaybePromise<void> {
    this.#checkWritable();
    const rows = this.#nextRows(records);
    const [first] = records;
    if (first !== undefined && first.snapshot.position <= this.#position)
      throw new Error(`Defect: position ${first.snapshot.position} appended after position ${this.#position}.`);
    const kept: Snapshot[] = [];
    const entries: VersionEntries[] = [];
    const erased: ErasedKey[] = [];
    let position = this.#position;
    let time = this.#time;
    for (const record of records) {
      const { snapshot } = record;
      position = Math.max(position, snapshot.position);
      time = Math.max(time, snapshot.time);
      if (snapshot.erased !== undefined) erased.push(...this.#erasedBy(snapshot));
      if (standing(snapshot) === undefined) continue;
      entries.push(entriesOf(record, kept.length, rows.get(snapshot.key) as KeyRow));
      kept.push(snapshot);
    }
    const committed = this.#nextCommitted(records, rows);
    this.#position = position;
    this.#time = time;
    const nextId = this.#nextId;
    for (const [key, row] of rows) this.#keys.begin(key, row);
    const written = this.#writer
      .add({
        readsEarlier: erased.length > 0,
        fill: () => {
          for (const one of erased) this.#removeErased(one);
          for (const version of entries) this.#putVersion(version);
          for (const [key, row] of rows) this.#keys.put(key, row);
          for (const [idempotencyKey, versions] of committed) this.#idempotency.put(idempotencyKey, versions);
          writeInfo(this.#tables.info, { position, time, nextId });
        },
      })
      .then(() => {
        for (const [key, row] of rows) this.#keys.finish(key, row);
        for (const [idempotencyKey, versions] of committed) this.#idempotency.finish(idempotencyKey, versions);
        for (const { row } of erased) this.#heads.delete(row.id);
        for (const snapshot of kept) this.#cache(snapshot, rows.get(snapshot.key) as KeyRow);
      });
    if (this.#unwritten === undefined) return written;
    const bytes = entries.reduce((sum, version) => sum + version.bytes, 0);
    return this.#unwritten.add(records, bytes, written);
  }

  head(key: StateKey): Snapshot | undefined {
    return this.#newest(key, true);
  }

  peek(key: StateKey): Snapshot | undefined {
    return this.#newest(key, false);
  }

  heads(keys: readonly StateKey[]): readonly (Snapshot | undefined)[] {
    return keys.map((key) => this.peek(key));
  }

  /** The newest version, whether it is on disk or not. */
  #newest(key: StateKey, isKept: boolean): Snapshot | undefined {
    this.#checkOpen();
    this.#unwritten?.checkKey(key);
    const unwritten = this.#unwritten?.head(key);
    if (unwritten !== undefined) return standing(unwritten);
    this.#look();
    const row = isKept ? this.#keys.written(key) : this.#keys.peek(key);
    return row && (isKept ? this.#at(key, row.newest) : this.#read(key, row, row.newest));
  }

  at(key: StateKey, version: number): MaybePromise<Snapshot | undefined> {
    return this.#onceWritten(key, () => this.#at(key, version));
  }

  meta(key: StateKey, version: number): MaybePromise<SnapshotMeta | undefined> {
    return this.#onceWritten(key, () => {
      const row = this.#keys.written(key);
      if (row === undefined || !holds(row, version)) return undefined;
      return this.#unlessDropped(key, version, () => readRecord(this.#tables, key, row, version).meta);
    });
  }

  oldest(key: StateKey): MaybePromise<number | undefined> {
    return this.#onceWritten(key, () => this.#keys.written(key)?.oldest);
  }

  records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]> {
    return this.#onceWritten(key, () => {
      const row = this.#keys.written(key);
      if (row === undefined) return [];
      return readRecords(this.#tables, key, row, Math.max(lowest, row.oldest), Math.min(highest, row.newest));
    });
  }

  committed(idempotencyKey: string): MaybePromise<readonly Snapshot[]> {
    return this.#onceWritten(undefined, () =>
      this.#idempotency.written(idempotencyKey).flatMap(([key, version]) => this.#at(key, version) ?? []),
    );
  }

  keys(prefix: string, since = 0): MaybePromise<readonly StateKey[]> {
    return this.#onceWritten(undefined, () => {
      if (since === 0) return this.#keys.keys(prefix);
      const rows = [...this.#keys.rows(prefix)]; // a key that can't be read is reported when it is read
      return rows
        .filter(([, row]) => row === undefined || (!row.isErased && newestPosition(this.#tables, row) > since))
        .map(([key]) => key);
    });
  }

  size(key: StateKey): MaybePromise<number> {
    return this.#onceWritten(key, () => this.#keys.written(key)?.bytes ?? 0);
  }

  trim(key: StateKey, oldest: number): Promise<void> {
    const trimmed = this.#trimming.then(() => this.#trim(key, oldest));
    this.#trimming = trimmed.catch(() => undefined); // its caller gets the error; the next one goes ahead
    return trimmed;
  }

  /** Plans from the versions on disk and takes writes in progress into account, so that neither waits for the other. */
  async #trim(key: StateKey, oldest: number): Promise<void> {
    this.#checkWritable();
    await this.#unwritten?.settled(key);
    this.#checkWritable();
    const row = this.#keys.newest(key);
    const first = Math.min(oldest, this.#keys.written(key)?.newest ?? 0);
    if (row === undefined || first <= row.oldest) return;
    const plan = planTrim(this.#tables, key, row, first);
    const committed = plan.idempotencyKeys.map(([idempotencyKey, version]) => {
      const isOther = ([otherKey, other]: Committed): boolean => otherKey !== key || other !== version;
      return [idempotencyKey, this.#idempotency.begin(idempotencyKey, (before) => before.filter(isOther))] as const;
    });
    this.#keys.begin(key, plan.row);
    await this.#writer.add({
      fill: () => {
        for (const [table, place] of plan.removed) this.#tables[table].remove(place);
        this.#tables.checkpoints.put(plan.place, plan.checkpoint);
        this.#keys.put(key, plan.row);
        for (const [idempotencyKey, left] of committed) this.#idempotency.put(idempotencyKey, left);
      },
    });
    this.#keys.finish(key, plan.row);
    for (const [idempotencyKey, left] of committed) this.#idempotency.finish(idempotencyKey, left);
  }

  /** Copies all data in use to a new file. It needs that much extra room while it runs; commits wait, reads don't. */
  async compact(): Promise<void> {
    this.#checkWritable();
    await this.#writer.exclusively(() => this.#file.compact());
  }

  /** Waits for writes in progress. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.idle();
    await this.#file.close();
  }

  get #tables(): Environment["tables"] {
    return this.#file.tables;
  }

  /**
   * The rows of the keys after the records; `undefined` for a key that is forgotten. @throws Error for a record that doesn't follow the newest version of its
   * key.
   */
  #nextRows(records: readonly CommitRecord[]): ReadonlyMap<StateKey, KeyRow | undefined> {
    const rows = new Map<StateKey, KeyRow | undefined>();
    for (const { snapshot } of records) {
      const { key, version, parent, erased } = snapshot;
      const before = rows.get(key) ?? this.#keys.newest(key);
      const newest = before?.newest ?? 0;
      if (parent !== newest || version !== newest + 1)
        throw new Error(`Defect: version ${version} of ${key} appended after version ${newest}.`);
      const row =
        before === undefined || erased !== undefined ? newKeyRow(before?.id ?? this.#nextId++) : { ...before };
      row.newest = version;
      row.isErased = erased !== undefined;
      if (row.isErased) row.oldest = version;
      rows.set(key, erased?.forgotten === true ? undefined : row);
    }
    return rows;
  }

  #putVersion({ place, recordPlace: where, record, checkpoint }: VersionEntries): void {
    const { versions, records, checkpoints } = this.#tables;
    versions.put(place, where);
    records.append(where, record);
    if (checkpoint !== undefined) checkpoints.put(place, checkpoint);
  }

  #nextCommitted(
    records: readonly CommitRecord[],
    rows: ReadonlyMap<StateKey, KeyRow | undefined>,
  ): ReadonlyMap<string, readonly Committed[]> {
    const next = new Map<string, readonly Committed[]>();
    for (const { snapshot } of records) {
      const { idempotencyKey, key, version } = snapshot;
      if (idempotencyKey === undefined) continue;
      const isKept = ([other, committed]: Committed): boolean => {
        const row = rows.has(other) ? rows.get(other) : this.#keys.newest(other);
        return row !== undefined && committed >= row.oldest;
      };
      // without versions whose erasing is on its way to disk
      const all = this.#idempotency.begin(idempotencyKey, (before) => [...before.filter(isKept), [key, version]]);
      next.set(idempotencyKey, all);
    }
    return next;
  }

  /** What a version erases, if it is a tombstone. */
  #erasedBy({ key, version, erased }: Snapshot): readonly ErasedKey[] {
    const row = this.#keys.newest(key);
    if (erased === undefined || row === undefined) return [];
    return [{ key, row, before: version }];
  }

  /** Called when all earlier writes are on disk. Later ones that are on their way have left out what is erased. */
  #removeErased({ key, row, before }: ErasedKey): void {
    const { removed, idempotencyKeys } = planErase(this.#tables, key, row, before);
    for (const [table, place] of removed) this.#tables[table].remove(place);
    for (const idempotencyKey of idempotencyKeys) {
      const committed = this.#idempotency.written(idempotencyKey);
      this.#idempotency.put(
        idempotencyKey,
        committed.filter(([other, version]) => other !== key || version >= before),
      );
    }
  }

  #cache(snapshot: Snapshot, row: KeyRow): void {
    const cached = this.#heads.get(row.id);
    if (cached !== undefined && cached.version >= snapshot.version) return;
    this.#heads.set(row.id, snapshot, cachedEntryBytes + cachedOverEncoded * (row.checkpointBytes + row.replayBytes));
  }

  #at(key: StateKey, version: number): Snapshot | undefined {
    const row = this.#keys.written(key);
    if (row === undefined || !holds(row, version)) return undefined;
    const snapshot = this.#read(key, row, version);
    if (snapshot !== undefined && version === row.newest) this.#cache(snapshot, row);
    return snapshot;
  }

  #read(key: StateKey, row: KeyRow, version: number): Snapshot | undefined {
    const cached = this.#heads.get(row.id);
    if (cached?.version === version) return cached;
    return this.#unlessDropped(key, version, () => readVersion(this.#tables, key, row, version, cached));
  }

  /** `undefined` for a version that is gone from disk already, where the write that drops it is not acknowledged yet. */
  #unlessDropped<T>(key: StateKey, version: number, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      const row = this.#keys.newest(key);
      if (isTroupeError(error, "journal-corrupt") && (row === undefined || row.oldest > version)) return undefined;
      throw error;
    }
  }

  /**
   * Reads from disk once all commits acknowledged so far are there. Doesn't wait for later ones, as they may never stop
   * arriving.
   */
  #onceWritten<T>(key: StateKey | undefined, read: () => T): MaybePromise<T> {
    const readNow = (): T => {
      this.#checkOpen();
      this.#unwritten?.checkKey(key);
      this.#look();
      return read();
    };
    return this.#unwritten?.settled(key)?.then(readNow) ?? readNow();
  }

  /** Drops what is cached when another process owns the journal, as it may be outdated. */
  #look(): void {
    if (this.#options.access !== "read") return;
    const isOtherFile = this.#file.look();
    this.#keys.forget();
    if (!isOtherFile) return;
    this.#heads.clear();
    [this.#keys, this.#idempotency] = this.#openIndexes();
  }

  #openIndexes(): readonly [KeyIndex, IdempotencyIndex] {
    const { keys, idempotencyKeys } = this.#file.damage;
    return [
      new KeyIndex(() => this.#tables.keys, keys),
      new IdempotencyIndex(() => this.#tables.idempotency, idempotencyKeys),
    ];
  }

  /**
   * Refuses reads while the journal is being closed: LMDB would throw where the error can't be caught, which ends the
   * process.
   */
  #checkOpen(): void {
    if (this.#closed) throw closed(this.#options.directory);
    this.#file.check();
  }

  #checkWritable(): void {
    this.#checkOpen();
    this.#file.checkWritable();
    this.#unwritten?.checkWritable();
  }

  #failed(): void {
    this.#keys.abandon();
    this.#idempotency.abandon();
    if (this.#file.isStopped) return; // nothing can be read, and nothing will be written
    ({ nextId: this.#nextId } = readInfo(this.#tables.info, this.#options.directory));
  }
}

function holds(row: KeyRow, version: number): boolean {
  return Number.isInteger(version) && version >= row.oldest && version <= row.newest;
}
