/** CRC-32 as zlib computes it. Finds every burst of up to 32 flipped bits. */

import zlib from "node:zlib";

/** Node has one from 20.15 and 22.2 on. */
const { crc32: native } = zlib as { readonly crc32?: (bytes: Uint8Array, seed: number) => number };

/** Up to so many bytes, a call of the native one takes longer. */
const few = 64;

const table = new Uint32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/**
 * The checksum of `bytes`, an unsigned 32-bit number. `seed` is the checksum of the bytes before them, if there are
 * any.
 */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return native === undefined || bytes.length <= few ? computedCrc32(bytes, seed) : native(bytes, seed);
}

/** The same, for a Node without one. */
export function computedCrc32(bytes: Uint8Array, seed = 0): number {
  let rest = ~seed;
  for (let i = 0; i < bytes.length; i++) rest = (table[(rest ^ (bytes[i] as number)) & 0xff] as number) ^ (rest >>> 8);
  return ~rest >>> 0;
}
