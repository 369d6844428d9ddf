/** The bytes under which the journal's sub-databases keep things. Their order is the order of what they stand for. */

import { createHash } from "node:crypto";
import { TroupeError } from "../../../../errors/troupe-error.ts";
import type { StateKey } from "../../../versions/state-key.ts";

/** The journal's own number for a key, from 1. */
export type KeyId = number;

/** LMDB allows 1,978 bytes. */
const maxKeyBytes = 1_900;
const maxIdempotencyBytes = 500;
const idBytes = 4;
const versionBytes = 6;
const positionBytes = 6;
const slotBytes = 2;

/** What a version of a key is found under. */
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
 * What a state key is found under: each UTF-16 code unit by itself in the pattern of UTF-8, so that the order is that of
 * the code units, and lone surrogates stay apart.
 *
 * @throws TroupeError `key-too-long`.
 */
export function stateKeyBytes(key: StateKey): Buffer {
  const bytes = codeUnits(key);
  if (bytes.length <= maxKeyBytes) return bytes;
  throw new TroupeError(
    "key-too-long",
    `The key ${key.slice(0, 40)}… takes ${bytes.length} bytes; a journal on disk takes keys of up to ${maxKeyBytes}. Use a shorter id, such as a hash.`,
    { details: { bytes: bytes.length, maxBytes: maxKeyBytes } },
  );
}

/** The counterpart of {@link stateKeyBytes}. */
export function stateKeyOf(bytes: Buffer): StateKey {
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
 * What a record is found under: the place of its commit in the order of all, and its own within the commit. So records are
 * only ever added at the end, where LMDB fills its pages; in the middle it leaves them half empty.
 */
export function recordPlace(position: number, slot: number): Buffer {
  const bytes = Buffer.allocUnsafe(positionBytes + slotBytes);
  bytes.writeUIntBE(position, 0, positionBytes);
  bytes.writeUInt16BE(slot, positionBytes);
  return bytes;
}

/** The position of what is found under a {@link recordPlace}. */
export function positionAt(place: Buffer): number {
  return place.readUIntBE(0, positionBytes);
}

/** What an idempotency key is found under: itself where it is short, a hash where not. */
export function idempotencyPlace(idempotencyKey: string): Buffer {
  const bytes = codeUnits(idempotencyKey);
  if (bytes.length <= maxIdempotencyBytes) return Buffer.concat([Buffer.of(1), bytes]);
  return Buffer.concat([Buffer.of(2), createHash("sha256").update(bytes).digest()]);
}

function codeUnits(text: string): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  return Buffer.from(bytes);
}
