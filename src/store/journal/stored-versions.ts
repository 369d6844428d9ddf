/** The versions of a journal on disk: how they are written and read. Who may, and whether the files are whole, is decided before. */

import type { CommitRecord } from "../commit.ts";
import type { Journal } from "../journal.ts";
import type { Snapshot, SnapshotMeta } from "../snapshot.ts";
import type { StateKey } from "../state-definition.ts";
import { isCheckpointDue, replayCost } from "./checkpoint-policy.ts";
import { versionPlace } from "./entry-key.ts";
import { GroupWriter } from "./group-writer.ts";
import { IdempotencyIndex, type Committed } from "./idempotency-index.ts";
import { readInfo, writeInfo } from "./journal-info.ts";
import { KeyIndex } from "./key-index.ts";
import { newKeyRow, type KeyRow } from "./key-row.ts";
import type { Environment, Table, TableName } from "./lmdb-environment.ts";
import { encodePlain } from "./plain-text.ts";
import { Recent } from "./recent.ts";
import { encodeRecord, startsAnew } from "./record-codec.ts";
import { sealBytes } from "./sealed-bytes.ts";
import { readRecord, readRecords, readVersion } from "./version-reader.ts";

/** How much of the newest states is kept in memory, by their size as bytes. */
const maxCachedBytes = 64 * 1024 * 1024;
const cachedEntryBytes = 200;

/** One entry to write. */
type Put = readonly [table: TableName, place: Buffer, bytes: Buffer];

export class StoredVersions implements Journal {
  readonly #environment: Environment;
  readonly #writer: GroupWriter;
  readonly #keys: KeyIndex;
  readonly #idempotency: IdempotencyIndex;
  /** The newest version of keys in use: what comes next shares structure with it. */
  readonly #heads = new Recent<StateKey, Snapshot>(maxCachedBytes);
  #position: number;
  #nextId: number;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#keys = new KeyIndex(() => this.#tables.keys);
    this.#idempotency = new IdempotencyIndex(() => this.#tables.idempotency);
    this.#writer = new GroupWriter(
      (fill) => this.#environment.write(fill),
      () => this.#failed(),
    );
    ({ position: this.#position, nextId: this.#nextId } = readInfo(this.#tables.info));
  }

  get position(): number {
    return this.#position;
  }

  append(records: readonly CommitRecord[]): Promise<void> {
    const rows = this.#nextRows(records);
    const puts = records.flatMap((record) => this.#puts(record, rows));
    const committed = this.#nextCommitted(records);
    const position = Math.max(this.#position, ...records.map(({ snapshot }) => snapshot.position));
    this.#position = position;
    const nextId = this.#nextId;
    for (const [key, row] of rows) this.#keys.begin(key, row);
    return this.#writer
      .add({
        fill: () => {
          for (const [table, place, bytes] of puts) this.#tables[table].put(place, bytes);
          for (const [key, row] of rows) this.#keys.put(key, row);
          for (const [idempotencyKey, versions] of committed) this.#idempotency.put(idempotencyKey, versions);
          writeInfo(this.#tables.info, { position, nextId });
        },
      })
      .then(() => {
        for (const [key, row] of rows) this.#keys.finish(key, row);
        for (const [idempotencyKey, versions] of committed) this.#idempotency.finish(idempotencyKey, versions);
        for (const { snapshot } of records) this.#cache(snapshot, rows.get(snapshot.key));
      });
  }

  head(key: StateKey): Snapshot | undefined {
    const row = this.#keys.written(key);
    return row && this.at(key, row.newest);
  }

  at(key: StateKey, version: number): Snapshot | undefined {
    const row = this.#keys.written(key);
    if (row === undefined || !holds(row, version)) return undefined;
    const cached = this.#heads.get(key);
    if (cached?.version === version) return cached;
    const snapshot = readVersion(this.#tables, key, row, version, cached);
    if (version === row.newest) this.#cache(snapshot, row);
    return snapshot;
  }

  meta(key: StateKey, version: number): SnapshotMeta | undefined {
    const row = this.#keys.written(key);
    return row && holds(row, version) ? readRecord(this.#tables, key, row, version).meta : undefined;
  }

  oldest(key: StateKey): number | undefined {
    return this.#keys.written(key)?.oldest;
  }

  records(key: StateKey, lowest: number, highest: number): readonly CommitRecord[] {
    const row = this.#keys.written(key);
    if (row === undefined) return [];
    return readRecords(this.#tables, key, row, Math.max(lowest, row.oldest), Math.min(highest, row.newest));
  }

  committed(idempotencyKey: string): readonly Snapshot[] {
    return this.#idempotency.written(idempotencyKey).flatMap(([key, version]) => this.at(key, version) ?? []);
  }

  keys(prefix: string): readonly StateKey[] {
    return this.#keys.keys(prefix);
  }

  size(key: StateKey): number {
    return this.#keys.written(key)?.bytes ?? 0;
  }

  async trim(key: StateKey, oldest: number): Promise<void> {
    await this.#writer.idle();
    const row = this.#keys.written(key);
    if (row === undefined) return;
    const first = Math.min(oldest, row.newest);
    if (first <= row.oldest) return;
    const { records, checkpoints } = this.#tables;
    const removed: (readonly [Table, Buffer])[] = [];
    const committed = new Map<string, readonly Committed[]>();
    let { bytes } = row;
    for (let version = row.oldest; version < first; version++) {
      const place = versionPlace(row.id, version);
      const { idempotencyKey } = readRecord(this.#tables, key, row, version).meta;
      if (idempotencyKey !== undefined) {
        const without = (before: readonly Committed[]): readonly Committed[] =>
          before.filter(([otherKey, otherVersion]) => otherKey !== key || otherVersion !== version);
        committed.set(idempotencyKey, this.#idempotency.begin(idempotencyKey, without));
      }
      for (const table of [records, checkpoints]) {
        const entry = table.get(place);
        if (entry === undefined) continue;
        bytes -= place.length + entry.length;
        removed.push([table, place]);
      }
    }
    const place = versionPlace(row.id, first);
    const before = checkpoints.get(place);
    const state = encodePlain(readVersion(this.#tables, key, row, first).state);
    const checkpoint = sealBytes(place, state);
    bytes += checkpoint.length - (before?.length ?? -place.length);
    const isNewest = row.checkpoint <= first;
    const next: KeyRow = {
      ...row,
      oldest: first,
      bytes,
      ...(isNewest ? { checkpoint: first, checkpointBytes: state.length } : {}),
    };
    this.#keys.begin(key, next);
    await this.#writer.add({
      fill: () => {
        for (const [table, gone] of removed) table.remove(gone);
        checkpoints.put(place, checkpoint);
        this.#keys.put(key, next);
        for (const [idempotencyKey, versions] of committed) this.#idempotency.put(idempotencyKey, versions);
      },
    });
    this.#keys.finish(key, next);
    for (const [idempotencyKey, versions] of committed) this.#idempotency.finish(idempotencyKey, versions);
  }

  async compact(): Promise<void> {}

  async close(): Promise<void> {
    await this.#writer.idle();
    await this.#environment.close();
  }

  get #tables(): Environment["tables"] {
    return this.#environment.tables;
  }

  /** What the records make of their keys. @throws Error for a record that doesn't follow the newest version of its key. */
  #nextRows(records: readonly CommitRecord[]): ReadonlyMap<StateKey, KeyRow> {
    const rows = new Map<StateKey, KeyRow>();
    for (const { snapshot } of records) {
      const { key, version, parent } = snapshot;
      const before = rows.get(key) ?? this.#keys.newest(key);
      const newest = before?.newest ?? 0;
      if (parent !== newest || version !== newest + 1)
        throw new Error(`Defect: version ${version} of ${key} appended after version ${newest}.`);
      const row = before === undefined ? newKeyRow(this.#nextId++) : { ...before };
      row.newest = version;
      rows.set(key, row);
    }
    return rows;
  }

  /** The entries of a version; counts them in its key's row. */
  #puts(record: CommitRecord, rows: ReadonlyMap<StateKey, KeyRow>): readonly Put[] {
    const { key, version, state } = record.snapshot;
    const row = rows.get(key) as KeyRow;
    const place = versionPlace(row.id, version);
    const body = encodeRecord(record);
    const puts: Put[] = [["records", place, sealBytes(place, body)]];
    row.replayBytes += replayCost(body.length);
    if (startsAnew(record.patches)) {
      // the record is all it takes: an empty entry says so
      puts.push(["checkpoints", place, sealBytes(place, Buffer.alloc(0))]);
      startReplay(row, version, body.length);
    } else if (isCheckpointDue(row)) {
      const whole = encodePlain(state);
      puts.push(["checkpoints", place, sealBytes(place, whole)]);
      startReplay(row, version, whole.length);
    }
    for (const [, , bytes] of puts) row.bytes += place.length + bytes.length;
    return puts;
  }

  #nextCommitted(records: readonly CommitRecord[]): ReadonlyMap<string, readonly Committed[]> {
    const next = new Map<string, readonly Committed[]>();
    for (const { snapshot } of records) {
      const { idempotencyKey, key, version } = snapshot;
      if (idempotencyKey === undefined) continue;
      next.set(
        idempotencyKey,
        this.#idempotency.begin(idempotencyKey, (before) => [...before, [key, version]]),
      );
    }
    return next;
  }

  #cache(snapshot: Snapshot, row: KeyRow | undefined): void {
    const cached = this.#heads.get(snapshot.key);
    if (row === undefined || (cached !== undefined && cached.version > snapshot.version)) return;
    this.#heads.set(snapshot.key, snapshot, cachedEntryBytes + row.checkpointBytes + row.replayBytes);
  }

  #failed(): void {
    this.#keys.abandon();
    this.#idempotency.abandon();
    ({ nextId: this.#nextId } = readInfo(this.#tables.info));
  }
}

function startReplay(row: KeyRow, checkpoint: number, checkpointBytes: number): void {
  row.checkpoint = checkpoint;
  row.checkpointBytes = checkpointBytes;
  row.replayBytes = 0;
}

function holds(row: KeyRow, version: number): boolean {
  return Number.isInteger(version) && version >= row.oldest && version <= row.newest;
}
