/** Plain data as bytes: as JSON if JSON carries it without loss, otherwise in structured clone's format. */

import { deserialize, serialize } from "node:v8";
import { isJsonSafe } from "../../../values/json-safe.ts";

const asJson = 0x4a;
const asClone = 0x56;

/**
 * Encodes data so that {@link decodePlain} returns an equal value: also bigints, `-0`, `NaN`, `undefined`, lone
 * surrogates and any field name.
 */
export function encodePlain(value: unknown): Buffer {
  if (isJsonSafe(value)) return Buffer.from(String.fromCharCode(asJson) + JSON.stringify(value));
  const body = serialize(value);
  const bytes = Buffer.allocUnsafe(1 + body.length);
  bytes[0] = asClone;
  body.copy(bytes, 1);
  return bytes;
}

/** Decodes the data, not frozen. Throws for bytes that {@link encodePlain} didn't make. */
export function decodePlain(bytes: Buffer): unknown {
  if (bytes[0] === asJson) return JSON.parse(bytes.toString("utf8", 1));
  if (bytes[0] === asClone) return deserialize(bytes.subarray(1));
  throw new Error(`unknown encoding ${String(bytes[0])}`);
}
