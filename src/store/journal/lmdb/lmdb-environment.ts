/** LMDB behind one file: opens an environment and its sub-databases, reads, and writes one transaction at a time. */

import type { Database, RootDatabase } from "lmdb";

/**
 * The sub-databases: the journal's own entry; the rows of keys; the place of each version's record; the records, with
 * the patches; the states kept whole; the idempotency keys.
 */
const tableNames = ["info", "keys", "versions", "records", "checkpoints", "idempotency"] as const;
export type TableName = (typeof tableNames)[number];

/** One sub-database: values under keys, both bytes, ordered by key. Reads see committed writes. */
export interface Table {
  get(place: Buffer): Buffer | undefined;
  put(place: Buffer, bytes: Buffer): void;
  /**
   * Like `put`, for a key after all others, which fills pages completely. The write rejects if the key isn't after all
   * others.
   */
  append(place: Buffer, bytes: Buffer): void;
  remove(place: Buffer): void;
  /** The entries from `start`, inclusive, to `end`, exclusive, or in reverse; all entries by default. */
  range(range?: { readonly start?: Buffer; readonly end?: Buffer; readonly reverse?: boolean }): Iterable<Entry>;
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface Environment {
  readonly tables: Readonly<Record<TableName, Table>>;
  /** Writes what `fill` puts and removes, atomically. Resolves when it is on disk. Call it for one write at a time. */
  write(fill: () => void): Promise<void>;
  /** Makes the next read see the commits of other processes. */
  refresh(): void;
  /** Writes a copy without unused pages. Does not sync it. */
  copyCompacted(file: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a data file; creates it unless `readOnly`. LMDB is loaded with the first file, not with this module, since
 * threads that don't need LMDB import the module too.
 */
export async function openEnvironment(file: string, options: { readonly readOnly: boolean }): Promise<Environment> {
  const { open } = await import("lmdb");
  const { readOnly } = options;
  const root = open({
    path: file,
    readOnly,
    noSubdir: true,
    maxDbs: tableNames.length + 1,
    encoding: "binary",
    // or a put would be acknowledged before it is flushed
    overlappingSync: false,
    // each write is a batch of its own; LMDB's own batch around it would reject without a handler
    eventTurnBatching: false,
  });
  const stores = Object.fromEntries(
    tableNames.map((name) => [name, root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })]),
  ) as Record<TableName, Database<Buffer, Buffer>>;
  const appends: Promise<boolean>[] = [];
  const tables = Object.fromEntries(tableNames.map((name) => [name, tableOf(stores[name], appends)])) as Record<
    TableName,
    Table
  >;
  return {
    tables,
    write: (fill) => commit(root, fill, appends),
    refresh: () => root.resetReadTxn(),
    copyCompacted: (target) => root.backup(target, true),
    close: () => root.close(),
  };
}

/** The declarations of LMDB's types allow only a version here. */
const appending = { append: true } as unknown as number;

/**
 * @param appends collects the result of each append, which, unlike a put's, is reported separately, also within a
 * batch.
 */
function tableOf(store: Database<Buffer, Buffer>, appends: Promise<boolean>[]): Table {
  return {
    get: (place) => store.getBinary(place),
    put: (place, bytes) => void store.put(place, bytes),
    append: (place, bytes) => void appends.push(store.put(place, bytes, appending)),
    remove: (place) => void store.remove(place),
    range: (range = {}) => store.getRange(range),
  };
}

/** Commits all puts of one batch as one transaction. LMDB reports the reason of a failure a little later. */
async function commit(root: RootDatabase, fill: () => void, appends: Promise<boolean>[]): Promise<void> {
  const batch = root.batch(fill);
  const [written, ...appended] = await Promise.allSettled([batch, ...appends.splice(0)]);
  if (written.status === "rejected") {
    const { commitError } = written.reason as { readonly commitError?: Promise<never> };
    await commitError;
    throw written.reason;
  }
  if (appended.some((outcome) => outcome.status === "rejected" || !outcome.value))
    throw new Error("Defect: an entry that was to be the last of its table was not.");
}
