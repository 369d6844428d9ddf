/** LMDB behind one file: opens an environment and its sub-databases, reads, and writes one transaction at a time. */

import type { Database, RootDatabase } from "lmdb";

/**
 * The sub-databases: what the journal is; its keys; where each version's record is; the records, with the patches; the
 * states kept whole; the idempotency keys.
 */
const tableNames = ["info", "keys", "versions", "records", "checkpoints", "idempotency"] as const;
export type TableName = (typeof tableNames)[number];

/** One sub-database: bytes under bytes, in their order. Reads see what is committed. */
export interface Table {
  get(place: Buffer): Buffer | undefined;
  put(place: Buffer, bytes: Buffer): void;
  /** The same behind everything that is there: fills pages up. What isn't behind everything makes the write reject. */
  append(place: Buffer, bytes: Buffer): void;
  remove(place: Buffer): void;
  /** What lies from `start` to before `end`, or the other way round; all of it, if they aren't given. */
  range(range?: { readonly start?: Buffer; readonly end?: Buffer; readonly reverse?: boolean }): Iterable<Entry>;
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface Environment {
  readonly tables: Readonly<Record<TableName, Table>>;
  /** Writes what `fill` puts and removes, all or nothing. Resolves when it is on disk. One at a time. */
  write(fill: () => void): Promise<void>;
  /** Makes the next read see what other processes committed. */
  refresh(): void;
  /** Writes a copy without unused pages. Does not sync it. */
  copyCompacted(file: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a data file; creates it unless `readOnly`. LMDB is loaded when the first one is opened, not when this module is:
 * threads import it too and have no use for it.
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
    // each write is a batch of its own; one that LMDB makes around it would reject unheard
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

/** LMDB's declarations know only of a version here. */
const appending = { append: true } as unknown as number;

/** @param appends gets what becomes of each append: unlike a put, it answers for itself, also within a batch. */
function tableOf(store: Database<Buffer, Buffer>, appends: Promise<boolean>[]): Table {
  return {
    get: (place) => store.getBinary(place),
    put: (place, bytes) => void store.put(place, bytes),
    append: (place, bytes) => void appends.push(store.put(place, bytes, appending)),
    remove: (place) => void store.remove(place),
    range: (range = {}) => store.getRange(range),
  };
}

/** Everything put in one batch is one transaction. What LMDB says of a failed one comes a little later. */
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
