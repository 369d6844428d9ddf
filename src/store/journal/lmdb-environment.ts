/** LMDB behind one file: opens an environment and its sub-databases, reads, and writes one transaction at a time. */

import type { Database, RootDatabase } from "lmdb";

/** The sub-databases: what the journal is, its keys, its versions' patches, the states kept whole, the idempotency keys. */
export const tableNames = ["info", "keys", "records", "checkpoints", "idempotency"] as const;
export type TableName = (typeof tableNames)[number];

/** One sub-database: bytes under bytes, in their order. Reads see what is committed. */
export interface Table {
  get(place: Buffer): Buffer | undefined;
  put(place: Buffer, bytes: Buffer): void;
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
  });
  const stores = Object.fromEntries(
    tableNames.map((name) => [name, root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })]),
  ) as Record<TableName, Database<Buffer, Buffer>>;
  const tables = Object.fromEntries(tableNames.map((name) => [name, tableOf(stores[name])])) as Record<
    TableName,
    Table
  >;
  return {
    tables,
    write: (fill) => commit(root, fill),
    refresh: () => root.resetReadTxn(),
    copyCompacted: (target) => root.backup(target, true),
    close: () => root.close(),
  };
}

function tableOf(store: Database<Buffer, Buffer>): Table {
  return {
    get: (place) => store.getBinary(place),
    put: (place, bytes) => void store.put(place, bytes),
    remove: (place) => void store.remove(place),
    range: (range = {}) => store.getRange(range),
  };
}

/** Everything put in one batch is one transaction. What LMDB says of a failed one comes a little later. */
async function commit(root: RootDatabase, fill: () => void): Promise<void> {
  try {
    await root.batch(fill);
  } catch (error) {
    const { commitError } = error as { readonly commitError?: Promise<never> };
    await commitError;
    throw error;
  }
}
