/** A journal's own entry: its format, and its newest position and time. */

import { TroupeError } from "../../../errors/troupe-error.ts";
import { corruptFile } from "./journal-errors.ts";
import type { Table } from "./lmdb-environment.ts";
import { sealBytes, unsealBytes } from "../records/sealed-bytes.ts";

/** Raise it when older code can't read the new form, or newer code reads the old form differently. */
const format = 1;

export interface JournalInfo {
  /** The highest position of all commits. */
  readonly position: number;
  /** The latest time of all commits. */
  readonly time: number;
  readonly nextId: number;
}

const place = Buffer.from("journal");
const magic = Buffer.from("troupe journal\0");
const formatAt = magic.length;
const positionAt = formatAt + 2;
const idAt = positionAt + 6;
const timeAt = idAt + 4;
const infoBytes = timeAt + 8;

/**
 * @param file named in error messages.
 * @throws TroupeError `journal-format` for a newer format, `journal-corrupt` for an entry that isn't a journal's.
 */
export function readInfo(table: Table, file: string): JournalInfo {
  const bytes = table.get(place);
  const body = bytes && unsealBytes(place, bytes);
  if (body === undefined || !body.subarray(0, magic.length).equals(magic))
    throw corruptFile(file, "what the journal says about itself can't be read");
  const found = body.readUInt16BE(formatAt);
  if (found !== format) {
    throw new TroupeError(
      "journal-format",
      `The journal in ${file} is of format ${found}; this version of Troupe reads format ${format}. Open it with the version that wrote it, or a newer one.`,
      { details: { file, format: found, expected: format } },
    );
  }
  return {
    position: body.readUIntBE(positionAt, 6),
    nextId: body.readUInt32BE(idAt),
    time: body.readDoubleBE(timeAt),
  };
}

export function writeInfo(table: Table, { position, nextId, time }: JournalInfo): void {
  const body = Buffer.alloc(infoBytes);
  magic.copy(body);
  body.writeUInt16BE(format, formatAt);
  body.writeUIntBE(position, positionAt, 6);
  body.writeUInt32BE(nextId, idAt);
  body.writeDoubleBE(time, timeAt);
  table.put(place, sealBytes(place, body));
}
