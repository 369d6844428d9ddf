/** The keys of the journal's sub-databases, as bytes whose order is that of the values they encode. */

import { createHash } from "node:crypto";
import { TroupeError } from "../../../errors/troupe-error.ts";
import type { StateKey } from "../../versions/state-key.ts";

/** The journal's own number for a key, from 1. */
export type KeyId = number;

/** LMDB allows 1,978 bytes. */
const maxKeyBytes = 1_900;
const maxIdempotencyBytes = 500;
const idBytes = 4;
const versionBytes = 6;
const positionBytes = 6;
const slotBytes = 2;

/** The place of a version of a key. */
export function versionPlace(id: KeyId, version: number): Buffer {
  const bytes = Buffer.allocUnsafe(idBytes + versionBytes);
  bytes.writeUInt32BE(id);
  bytes.writeUIntBE(version, idBytes, versionBytes);
  return bytes;
}

/** The counterpart of {@link versionPlace}. */
export function placeOf(bytes: Buffer): { readonly id: KeyId; readonly version: number } {
  return { id: bytes.readUInt32BE(), version: bytes.readUIntBE(idBytes, versionBytes) };
}

/**
 * The place of a state key: each UTF-16 code unit is encoded by itself as UTF-8 would, so that the order is that of the
 * code units, and lone surrogates stay distinct.
 *
 * @throws TroupeError `key-too-long`.
 */
export function stateKeyBytes(key: StateKey): Buffer {
  const bytes = codeUnits(key);
  if (bytes.length <= maxKeyBytes) return bytes;
  throw new TroupeError(
    "key-too-long",
    `The key ${key.slice(0, 40)}… takes ${bytes.length} bytes; a durable journal takes keys of up to ${maxKeyBytes}. Use a shorter id, such as a hash.`,
    { details: { bytes: bytes.length, maxBytes: maxKeyBytes } },
  );
}

/** The counterpart of {@link stateKeyBytes}. */
export function stateKeyOf(bytes: Buffer): StateKey {
  if (isAscii(bytes)) return bytes.toString("latin1"); // as most keys are: built letter by letter, a list of them takes many times the time
  let key = "";
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i++] as number;
    if (lead < 0x80) key += String.fromCharCode(lead);
    else if (lead < 0xe0) key += String.fromCharCode(((lead & 0x1f) << 6) | ((bytes[i++] as number) & 0x3f));
    else {
      const high = ((bytes[i++] as number) & 0x3f) << 6;
      key += String.fromCharCode(((lead & 0x0f) << 12) | high | ((bytes[i++] as number) & 0x3f));
    }
  }
  return key;
}

/**
 * The place of a record: its commit's position, then its slot within the commit. So records are only added at the end,
 * where LMDB fills its pages; insertions in the middle would leave pages half empty.
 */
export function recordPlace(position: number, slot: number): Buffer {
  const bytes = Buffer.allocUnsafe(positionBytes + slotBytes);
  bytes.writeUIntBE(position, 0, positionBytes);
  bytes.writeUInt16BE(slot, positionBytes);
  return bytes;
}

/** The position in a {@link recordPlace}. */
export function positionAt(place: Buffer): number {
  return place.readUIntBE(0, positionBytes);
}

/** The place of an idempotency key: the key itself if it is short, otherwise a hash of it. */
export function idempotencyPlace(idempotencyKey: string): Buffer {
  const bytes = codeUnits(idempotencyKey);
  if (bytes.length <= maxIdempotencyBytes) return Buffer.concat([Buffer.of(1), bytes]);
  return Buffer.concat([Buffer.of(2), createHash("sha256").update(bytes).digest()]);
}

function isAscii(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

function isAsciiText(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

function codeUnits(text: string): Buffer {
  if (isAsciiText(text)) return Buffer.from(text, "latin1"); // as in `stateKeyOf`
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  return Buffer.from(bytes);
}
