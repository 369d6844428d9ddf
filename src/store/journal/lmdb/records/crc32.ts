/** CRC-32 as zlib computes it (`node:zlib` has it from Node 22.2 only). Finds every burst of up to 32 flipped bits. */

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
  let rest = ~seed;
  for (let i = 0; i < bytes.length; i++) rest = (table[(rest ^ (bytes[i] as number)) & 0xff] as number) ^ (rest >>> 8);
  return ~rest >>> 0;
}
