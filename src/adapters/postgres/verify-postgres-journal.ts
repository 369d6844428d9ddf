/** Reads a whole journal in PostgreSQL, as it is at one moment, and reports all damage. */

import { isDeepStrictEqual } from "node:util";
import { checkOptions } from "../../contracts/check-options.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { JournalDamage, JournalReport } from "../../store/journal/lmdb/journal-report.ts";
import { idempotencyPlace, versionPlace } from "../../store/journal/records/entry-key.ts";
import { decodePlain } from "../../store/journal/records/plain-text.ts";
import { type Decoded, startsAnew } from "../../store/journal/records/record-codec.ts";
import { unsealBytes } from "../../store/journal/records/sealed-bytes.ts";
import { applyPatches } from "../../store/versions/apply-patches.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import { type Connection, Database, type Rows } from "./database.ts";
import { notOpenable, reasonOf } from "./failures.ts";
import { cellOf, KeySpace } from "./key-space.ts";
import { placeOf } from "./open-postgres.ts";
import { checkUrl, schemaOfVerifying } from "./postgres-options.ts";
import { checkTables, quoted } from "./schema.ts";
import { decodedRecord } from "./version-reads.ts";

/** How many keys, and how many versions of one, are read at a time. */
const page = 500;
/** Milliseconds that a connection may take. */
const patience = 10_000;

/**
 * Checks every checksum, that the versions of each key have no gap and that their patches fit, that states kept whole are what the patches
 * make, and that idempotency keys lead to their commits. Changes nothing, and sees the journal as it is at one moment, also while a system has it open.
 *
 * @param options the schema of its tables; default `"troupe"`.
 * @returns the report, whose `directory` is the URL without its password, and the schema.
 * @throws TroupeError (as a rejection) `no-such-journal`, `journal-format`, `journal-failed` for a database that can't be reached, `invalid-options`.
 * @example
 * const { damages } = await verifyPostgresJournal("postgres://app@db.example/app");
 * for (const { key, version, what } of damages) console.error(key, version, what);
 * @since 0.1.0
 */
export async function verifyPostgresJournal(
  url: string,
  options: { readonly schema?: string } = {},
): Promise<JournalReport> {
  checkUrl("verifyPostgresJournal", url);
  checkOptions("verifyPostgresJournal", schemaOfVerifying, options);
  const { schema = "troupe" } = options;
  const place = placeOf(url, schema);
  const database = await Database.at(url, patience);
  try {
    await checkTables(database, schema, place);
    const connection = await database.connect();
    await connection.query({ text: "begin isolation level repeatable read read only" });
    const found = await new Verification(connection, quoted(schema)).run();
    await connection.query({ text: "commit" });
    return { directory: place.name, structureChecked: true, ...found };
  } catch (error) {
    throw isTroupeError(error) ? error : notOpenable(place, reasonOf(error), error);
  } finally {
    database.cut();
  }
}

interface KeyColumns {
  readonly key: Buffer;
  readonly id: number;
  readonly newest: number;
  readonly oldest: number;
  readonly position: number;
  readonly erased: boolean;
}

interface VersionColumns {
  readonly version: number;
  readonly position: number;
  readonly once: Buffer | null;
  readonly record: Buffer;
  readonly whole: Buffer | null;
}

/** The state of a version, as computed so far. */
interface Known {
  readonly state: unknown;
}

class Verification {
  readonly #connection: Connection;
  readonly #schema: string;
  readonly #damages: JournalDamage[] = [];
  /** Where each cell is; one where the journal is whole. */
  readonly #cells = new Map<number, { readonly space: KeySpace; readonly position: number }>();
  #keys = 0;
  #versions = 0;
  #bytes = 0;

  constructor(connection: Connection, schema: string) {
    this.#connection = connection;
    this.#schema = schema;
  }

  async run(): Promise<Pick<JournalReport, "keys" | "versions" | "bytes" | "damages">> {
    for (const { cell, position } of (await this.#read(
      `select cell, position::float8 from ${this.#schema}.head`,
    )) as unknown as readonly { readonly cell: number; readonly position: number }[])
      this.#cells.set(cell, { space: new KeySpace(cell), position });
    let after: Buffer | undefined;
    for (;;) {
      const rows = (await this.#read(
        `select key, id::float8, newest::float8, oldest::float8, position::float8, erased from ${this.#schema}.keys
         where $1::bytea is null or key > $1 order by key limit ${page}`,
        [after ?? null],
      )) as unknown as readonly KeyColumns[];
      for (const row of rows) await this.#checkKey(row);
      this.#keys += rows.length;
      after = rows.at(-1)?.key;
      if (after === undefined) break;
    }
    await this.#checkStrays();
    return { keys: this.#keys, versions: this.#versions, bytes: this.#bytes, damages: this.#damages };
  }

  async #checkKey(row: KeyColumns): Promise<void> {
    const { space, position: highest } = this.#cellOf(row.id);
    const key = space.keyOf(row.key);
    const id = space.idOf(row.id);
    // after damage, the state is unknown until the next version that is kept whole
    let known: Known | undefined;
    let due = row.oldest;
    let last = 0;
    let isErased = false;
    for (;;) {
      const versions = (await this.#read(
        `select version::float8, position::float8, once, record, whole from ${this.#schema}.versions
         where id = $1 and version >= $2 order by version limit ${page}`,
        [row.id, due],
      )) as unknown as readonly VersionColumns[];
      for (const stored of versions) {
        const { version, position } = stored;
        if (version > row.newest) {
          this.#report({ key, version, what: "versions has an entry of a version that there isn't" });
          continue;
        }
        if (version !== due) {
          this.#report({ key, version: due, what: "its record is missing" });
          known = undefined;
        }
        due = version + 1;
        const record = this.#record(key, id, stored);
        if (position <= last || position > highest || (record !== undefined && record.meta.position !== position))
          this.#report({ key, version, what: `its position, ${position}, is out of order` });
        last = position;
        isErased = record?.meta.erased !== undefined;
        known = this.#stateOf(key, { ...row, id }, stored, record, known);
        if (record !== undefined && known !== undefined) this.#versions++;
        this.#bytes += stored.record.length + (stored.whole?.length ?? 0) + (stored.once?.length ?? 0);
      }
      if (versions.length < page) break;
    }
    if (due <= row.newest) this.#report({ key, version: due, what: "its record is missing" });
    else if (last !== row.position || isErased !== row.erased)
      this.#report({ key, what: "its entry doesn't agree with its newest version" });
  }

  #record(key: StateKey, id: number, { version, record, once }: VersionColumns): Decoded | undefined {
    try {
      const decoded = decodedRecord(key, id, version, record);
      const { idempotencyKey } = decoded.meta;
      const leads = idempotencyKey === undefined ? null : idempotencyPlace(idempotencyKey);
      if (leads === null ? once !== null : once === null || !leads.equals(once))
        this.#report({ key, version, what: "its idempotency key doesn't lead to it" });
      return decoded;
    } catch (error) {
      this.#report({
        key,
        version,
        what: isTroupeError(error, "journal-corrupt") ? error.details.what : String(error),
      });
      return undefined;
    }
  }

  /** The state of a version; `undefined` where it can't be told. */
  #stateOf(
    key: StateKey,
    { id, oldest }: KeyColumns,
    { version, whole }: VersionColumns,
    record: Decoded | undefined,
    before: Known | undefined,
  ): Known | undefined {
    if (version === oldest && whole === null) this.#report({ key, version, what: "it has nothing to start from" });
    const replayed = record && this.#replay(key, version, record, before);
    if (whole === null) return replayed;
    const body = unsealBytes(versionPlace(id, version), whole);
    if (body === undefined) {
      this.#report({ key, version, what: "the checksum of the state kept of it is wrong" });
      return replayed;
    }
    if (body.length === 0) return replayed;
    const kept = { state: decodePlain(body) };
    if (replayed !== undefined && !isDeepStrictEqual(replayed.state, kept.state))
      this.#report({ key, version, what: "the state kept of it isn't what its patches make" });
    return kept;
  }

  #replay(key: StateKey, version: number, { patches }: Decoded, before: Known | undefined): Known | undefined {
    if (before === undefined && !startsAnew(patches)) return undefined;
    try {
      return { state: applyPatches(before?.state, patches) };
    } catch {
      this.#report({ key, version, what: "its patches don't fit the version before" });
      return undefined;
    }
  }

  async #checkStrays(): Promise<void> {
    const strays = await this.#read(
      `select v.version::float8, k.id::float8, k.key from ${this.#schema}.versions v left join ${this.#schema}.keys k on k.id = v.id
       where k.id is null or v.version < k.oldest`,
    );
    for (const { version, id, key } of strays as unknown as readonly {
      version: number;
      id: number;
      key: Buffer | null;
    }[]) {
      if (key === null) this.#report({ version, what: "versions has an entry of no known key" });
      else
        this.#report({
          key: this.#cellOf(id).space.keyOf(key),
          version,
          what: "versions has an entry of a version that there isn't",
        });
    }
  }

  /** The cell that a key's number is of; where it is none, what there is of it is out of order. */
  #cellOf(id: number): { readonly space: KeySpace; readonly position: number } {
    const cell = cellOf(id);
    return this.#cells.get(cell) ?? { space: new KeySpace(cell), position: 0 };
  }

  #read(text: string, values: readonly unknown[] = []): Promise<Rows> {
    return this.#connection.query({ text, values });
  }

  #report(damage: JournalDamage): void {
    this.#damages.push(damage);
  }
}
