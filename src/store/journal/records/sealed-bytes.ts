/** Values with a checksum over their bytes and their place, so that damage can be reported by key and version. */

import { crc32 } from "./crc32.ts";

const checksumBytes = 4;

/** Puts the checksum of `place` and `body` in front of `body`. */
export function sealBytes(place: Uint8Array, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(checksumBytes + body.length);
  bytes.writeUInt32LE(crc32(body, crc32(place)));
  bytes.set(body, checksumBytes);
  return bytes;
}

/** The length of the body, without a look at its checksum. */
export function bodyLength(bytes: Uint8Array): number {
  return bytes.length - checksumBytes;
}

/** Returns the body; `undefined` when this body wasn't sealed for this place. */
export function unsealBytes(place: Uint8Array, bytes: Buffer): Buffer | undefined {
  if (bytes.length < checksumBytes) return undefined;
  const body = bytes.subarray(checksumBytes);
  return bytes.readUInt32LE() === crc32(body, crc32(place)) ? body : undefined;
}
