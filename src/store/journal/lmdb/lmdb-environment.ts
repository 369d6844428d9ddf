/** LMDB behind one file: opens an environment and its sub-databases, reads, and writes one transaction at a time. */

import { dirname } from "node:path";
import type { Database, RootDatabase } from "lmdb";
import { TroupeError } from "../../../errors/troupe-error.ts";
import { identityOf } from "./files/file-identity.ts";
import type { Registration } from "./files/lock-file.ts";
import { prepareToOpen } from "./files/openable.ts";
import { checkRoom } from "./files/room.ts";
import { openingFailed } from "./journal-errors.ts";

/**
 * The sub-databases: the journal's own entry; the rows of keys; the place of each version's record; the records, with
 * the patches; the states kept whole; the idempotency keys.
 */
const tableNames = ["info", "keys", "versions", "records", "checkpoints", "idempotency"] as const;
export type TableName = (typeof tableNames)[number];

/** One sub-database: values under keys, both bytes, ordered by key. Reads see committed writes. */
export interface Table {
  get(place: Buffer): Buffer | undefined;
  /** The same, not copied: to be used before anything else is read. */
  glance(place: Buffer): Buffer | undefined;
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
  /** Whether owners in other processes know that it reads. */
  readonly registration: Registration;
  /** Writes what `fill` puts and removes, atomically. Resolves when it is on disk. Call it for one write at a time. */
  write(fill: () => void): Promise<void>;
  /** Makes the next read see the commits of other processes. */
  refresh(): void;
  /**
   * Why it can't be used any more, after a write that failed; `undefined` where it can. LMDB gives an environment up when
   * it could not write a meta page, and a write that is begun then never ends.
   */
  failure(): unknown;
  /** Writes a copy without unused pages. Does not sync it. */
  copyCompacted(file: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens a data file; creates it unless `readOnly`. @throws TroupeError `journal-failed`, `journal-in-use`. */
export type OpenEnvironment = (file: string, options: { readonly readOnly: boolean }) => Environment;

/** LMDB is loaded with the first file, not with this module, since threads that don't need LMDB import the module too. */
export async function loadLmdb(): Promise<OpenEnvironment> {
  const { open } = await import("lmdb");
  return (file, { readOnly }) => {
    if (!readOnly) checkNotRead(file);
    const registration = prepareToOpen(file, { readOnly });
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
    try {
      const onClose = readOnly ? noteReader(file) : () => undefined;
      return environmentOf(root, { directory: dirname(file), registration, onClose });
    } catch (cause) {
      void root.close();
      throw openingFailed(dirname(file), cause);
    }
  };
}

/** Opens one data file. */
export async function openEnvironment(file: string, options: { readonly readOnly: boolean }): Promise<Environment> {
  return (await loadLmdb())(file, options);
}

interface Opening {
  readonly directory: string;
  readonly registration: Registration;
  readonly onClose: () => void;
}

function environmentOf(root: RootDatabase, { directory, registration, onClose }: Opening): Environment {
  const stores = Object.fromEntries(
    tableNames.map((name) => [name, root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })]),
  ) as Record<TableName, Database<Buffer, Buffer>>;
  const changes: Change[] = [];
  const tables = Object.fromEntries(tableNames.map((name) => [name, tableOf(stores[name], changes)])) as Record<
    TableName,
    Table
  >;
  return {
    tables,
    registration,
    async write(fill) {
      changes.length = 0; // of a write whose fill threw
      fill();
      await commit(root, directory, changes.splice(0));
    },
    refresh: () => root.resetReadTxn(),
    failure() {
      root.resetReadTxn();
      try {
        for (const _ of tables.info.range()) break;
        return undefined;
      } catch (error) {
        return error;
      }
    },
    copyCompacted: (target) => root.backup(target, true),
    async close() {
      await root.close();
      onClose();
    },
  };
}

/** The files that are open `readOnly` in this process, and how many times. */
const readers = new Map<string, number>();

function nameOf(file: string): string {
  const { dev, ino } = identityOf(file) ?? {};
  return `${dev}/${ino}`;
}

/** @returns what notes that it isn't read any more. */
function noteReader(file: string): () => void {
  const name = nameOf(file);
  readers.set(name, (readers.get(name) ?? 0) + 1);
  return () => {
    const left = (readers.get(name) ?? 1) - 1;
    if (left === 0) readers.delete(name);
    else readers.set(name, left);
  };
}

/** LMDB has one environment for a file in a process: one that was opened to read would be taken to write. */
function checkNotRead(file: string): void {
  if (!readers.has(nameOf(file))) return;
  const directory = dirname(file);
  throw new TroupeError(
    "journal-in-use",
    `The journal in ${directory} is open readOnly in this very process, which can't own it at the same time. Close it first, or read from the one that owns it.`,
    { details: { directory, pid: process.pid } },
  );
}

/** A change of an entry, which waits until all of a write are known. Without bytes, it removes the entry. */
interface Change {
  readonly store: Database<Buffer, Buffer>;
  readonly place: Buffer;
  readonly bytes: Buffer | undefined;
  /** True for an entry that is to be the last of its table. */
  readonly isAppended: boolean;
}

/** The declarations of LMDB's types allow only a version here. */
const appending = { append: true } as unknown as number;

function tableOf(store: Database<Buffer, Buffer>, changes: Change[]): Table {
  return {
    get: (place) => store.getBinary(place),
    glance(place) {
      const bytes = store.getBinaryFast(place);
      return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    },
    put: (place, bytes) => void changes.push({ store, place, bytes, isAppended: false }),
    append: (place, bytes) => void changes.push({ store, place, bytes, isAppended: true }),
    remove: (place) => void changes.push({ store, place, bytes: undefined, isAppended: false }),
    range: (range = {}) => store.getRange(range),
  };
}

/** Commits all changes of one batch as one transaction. LMDB reports the reason of a failure a little later. */
async function commit(root: RootDatabase, directory: string, changes: readonly Change[]): Promise<void> {
  let room = 0;
  for (const { place, bytes } of changes) if (bytes !== undefined) room += place.length + bytes.length;
  checkRoom(directory, room);
  const appends: Promise<boolean>[] = [];
  const batch = root.batch(() => {
    for (const { store, place, bytes, isAppended } of changes) {
      if (bytes === undefined) void store.remove(place);
      else if (isAppended) appends.push(store.put(place, bytes, appending)); // unlike a put's, its result is reported by itself
      else void store.put(place, bytes);
    }
  });
  const [written, ...appended] = await Promise.allSettled([batch, ...appends]);
  if (written.status === "rejected") {
    const { commitError } = written.reason as { readonly commitError?: Promise<never> };
    await commitError;
    throw written.reason;
  }
  if (appended.some((outcome) => outcome.status === "rejected" || !outcome.value))
    throw new Error("Defect: an entry that was to be the last of its table was not.");
}
