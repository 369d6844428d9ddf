/** Reads a whole journal and reports all damage. */

import { isDeepStrictEqual } from "node:util";
import { isTroupeError } from "../../../errors/troupe-error.ts";
import { applyPatches } from "../../versions/apply-patches.ts";
import type { StateKey } from "../../versions/state-key.ts";
import { checkDataFile } from "./files/data-file-check.ts";
import { idempotencyPlace, type KeyId, placeOf, stateKeyOf, versionPlace } from "../records/entry-key.ts";
import type { Committed } from "./idempotency-index.ts";
import { dataFileOf, noSuchJournal } from "./files/journal-files.ts";
import { checkKnown } from "./followed-file.ts";
import { openingFailed } from "./journal-errors.ts";
import { readInfo } from "./journal-info.ts";
import { ownerOf } from "./files/journal-owner.ts";
import { decodeKeyRow, type KeyRow } from "../records/key-row.ts";
import { type Environment, openEnvironment, type Table } from "./lmdb-environment.ts";
import { decodePlain } from "../records/plain-text.ts";
import { type Decoded, startsAnew } from "../records/record-codec.ts";
import { unsealBytes } from "../records/sealed-bytes.ts";
import { readRecord } from "./version-reader.ts";
import type { JournalDamage, JournalReport } from "./journal-report.ts";

/** @throws TroupeError (as a rejection), those of `verifyJournal`. */
export async function checkJournal(directory: string): Promise<JournalReport> {
  try {
    return await verify(directory);
  } catch (error) {
    throw openingFailed(directory, error);
  }
}

async function verify(directory: string): Promise<JournalReport> {
  const file = dataFileOf(directory);
  if (file === undefined) throw noSuchJournal(directory, "it has no data file");
  const structureChecked = ownerOf(directory) === undefined;
  if (structureChecked) {
    try {
      checkDataFile(file);
    } catch (error) {
      // a file with a damaged page must not be mapped
      if (!isTroupeError(error, "journal-corrupt")) throw error;
      const { what, page } = error.details;
      const damages = [{ what: `${file}: ${what}`, ...(page === undefined ? {} : { page }) }];
      return { directory, keys: 0, versions: 0, bytes: 0, structureChecked, damages };
    }
  }
  const environment = await openEnvironment(file, { readOnly: true });
  try {
    checkKnown(directory, environment);
    return { directory, structureChecked, ...new Verification(environment).run(file) };
  } finally {
    await environment.close();
  }
}

/** The state of a version, as computed so far. */
interface Known {
  readonly state: unknown;
}

class Verification {
  readonly #tables: Environment["tables"];
  readonly #damages: JournalDamage[] = [];
  readonly #rows = new Map<KeyId, readonly [StateKey, KeyRow]>();
  #versions = 0;
  #bytes = 0;

  constructor({ tables }: Environment) {
    this.#tables = tables;
  }

  run(file: string): Omit<JournalReport, "directory" | "structureChecked"> {
    const position = this.#position(file);
    this.#readRows();
    for (const [key, row] of this.#rows.values()) this.#checkKey(key, row, position);
    for (const name of ["versions", "checkpoints"] as const) this.#checkStrays(name);
    this.#countRecords();
    this.#checkIdempotencyKeys();
    return { keys: this.#rows.size, versions: this.#versions, bytes: this.#bytes, damages: this.#damages };
  }

  #position(file: string): number {
    try {
      return readInfo(this.#tables.info, file).position;
    } catch (error) {
      if (!isTroupeError(error, "journal-corrupt")) throw error;
      this.#report({ what: "what the journal says about itself can't be read" });
      return Number.MAX_SAFE_INTEGER;
    }
  }

  #readRows(): void {
    for (const { key: place, value } of this.#tables.keys.range()) {
      const key = stateKeyOf(place);
      const body = unsealBytes(place, value);
      const row = body && decodeKeyRow(body);
      if (row === undefined) this.#report({ key, what: "the checksum of its entry is wrong" });
      else if (this.#rows.has(row.id)) this.#report({ key, what: `its number, ${row.id}, is another key's too` });
      else this.#rows.set(row.id, [key, row]);
    }
  }

  #checkKey(key: StateKey, row: KeyRow, position: number): void {
    let bytes = 0;
    // after damage, the state is unknown until the next checkpoint
    let known: Known | undefined;
    let last = 0;
    for (let version = row.oldest; version <= row.newest; version++) {
      const place = versionPlace(row.id, version);
      const where = this.#tables.versions.get(place);
      bytes += sizeOf(this.#tables.versions, place) + sizeOf(this.#tables.checkpoints, place);
      if (where !== undefined) bytes += sizeOf(this.#tables.records, where);
      const record = this.#record(key, row, version);
      const kept = this.#checkpoint(key, version, place);
      if (record !== undefined) {
        if (record.meta.position <= last || record.meta.position > position)
          this.#report({ key, version, what: `its position, ${record.meta.position}, is out of order` });
        last = record.meta.position;
      }
      const isFirst = version === row.oldest;
      const hasStart = !isFirst || kept !== undefined;
      if (!hasStart) this.#report({ key, version, what: "it has nothing to start from" });
      const before = isFirst ? undefined : known;
      const replayed = record && this.#replay(key, version, record, before);
      known = kept === "anew" ? replayed : (kept ?? replayed);
      if (replayed !== undefined && !isDeepStrictEqual(replayed.state, known?.state))
        this.#report({ key, version, what: "the state kept of it isn't what its patches make" });
      if (record !== undefined && known !== undefined) this.#versions++;
      else if (record !== undefined && hasStart && before === undefined)
        this.#report({ key, version, what: "its patches are whole, but no version to apply them to" });
    }
    this.#bytes += bytes;
    if (bytes !== row.bytes) this.#report({ key, what: `it takes ${bytes} bytes and says ${row.bytes}` });
  }

  #record(key: StateKey, row: KeyRow, version: number): Decoded | undefined {
    try {
      return readRecord(this.#tables, key, row, version);
    } catch (error) {
      this.#report({ key, version, what: whatOf(error) });
      return undefined;
    }
  }

  /** Reads a version's checkpoint. `"anew"`: the record alone gives the state. */
  #checkpoint(key: StateKey, version: number, place: Buffer): Known | "anew" | undefined {
    const bytes = this.#tables.checkpoints.get(place);
    if (bytes === undefined) return undefined;
    const body = unsealBytes(place, bytes);
    if (body?.length === 0) return "anew";
    if (body !== undefined) return { state: decodePlain(body) };
    this.#report({ key, version, what: "the checksum of the state kept of it is wrong" });
    return undefined;
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

  /**
   * Checks that there are as many records as versions. That is enough, since checksums tie each version to a record of
   * its own.
   */
  #countRecords(): void {
    const count = ({ range }: Table): number => [...range()].length;
    const [records, versions] = [count(this.#tables.records), count(this.#tables.versions)];
    if (records !== versions) this.#report({ what: `there are ${records} records of ${versions} versions` });
  }

  #checkStrays(name: "versions" | "checkpoints"): void {
    for (const { key: place } of this.#tables[name].range()) {
      if (place.length !== versionPlace(0, 0).length) {
        this.#report({ what: `${name} has an entry of no version` });
        continue;
      }
      const { id, version } = placeOf(place);
      const [key, row] = this.#rows.get(id) ?? [];
      if (key === undefined || row === undefined)
        this.#report({ version, what: `${name} has an entry of no known key` });
      else if (version < row.oldest || version > row.newest)
        this.#report({ key, version, what: `${name} has an entry of a version that there isn't` });
    }
  }

  #checkIdempotencyKeys(): void {
    const { idempotency } = this.#tables;
    const ids = new Map([...this.#rows.values()].map(([key, row]) => [key, row]));
    for (const { key: place, value } of idempotency.range()) {
      const body = unsealBytes(place, value);
      if (body === undefined) {
        this.#report({ what: `the checksum of an idempotency key's entry is wrong: ${place.toString("utf8", 1)}` });
        continue;
      }
      for (const [key, version] of decodePlain(body) as readonly Committed[]) {
        const row = ids.get(key);
        const idempotencyKey = row && this.#idempotencyKey(key, row, version);
        if (idempotencyKey === undefined || !idempotencyPlace(idempotencyKey).equals(place))
          this.#report({ key, version, what: "an idempotency key leads to it that it wasn't committed under" });
      }
    }
    for (const [key, row] of ids) {
      for (let version = row.oldest; version <= row.newest; version++) {
        const idempotencyKey = this.#idempotencyKey(key, row, version);
        if (idempotencyKey === undefined) continue;
        const place = idempotencyPlace(idempotencyKey);
        const bytes = idempotency.get(place);
        const body = bytes && unsealBytes(place, bytes);
        const versions = body === undefined ? [] : (decodePlain(body) as readonly Committed[]);
        if (!versions.some(([otherKey, other]) => otherKey === key && other === version))
          this.#report({ key, version, what: `its idempotency key ${idempotencyKey} doesn't lead to it` });
      }
    }
  }

  /** The idempotency key of an intact version; damaged ones are reported already. */
  #idempotencyKey(key: StateKey, row: KeyRow, version: number): string | undefined {
    if (version < row.oldest || version > row.newest) return undefined;
    try {
      return readRecord(this.#tables, key, row, version).meta.idempotencyKey;
    } catch {
      return undefined;
    }
  }

  #report(damage: JournalDamage): void {
    this.#damages.push(damage);
  }
}

function sizeOf(table: Table, place: Buffer): number {
  const bytes = table.get(place);
  return bytes === undefined ? 0 : place.length + bytes.length;
}

function whatOf(error: unknown): string {
  return isTroupeError(error, "journal-corrupt") ? error.details.what : String(error);
}
