/** Plain data as bytes: JSON where JSON carries it without loss, the structured clone's format where not. */

import { deserialize, serialize } from "node:v8";
import { isJsonSafe } from "../../../../values/json-safe.ts";

const asJson = 0x4a;
const asClone = 0x56;

/** Bytes that {@link decodePlain} makes the same data of: also bigints, `-0`, `NaN`, `undefined`, lone surrogates, any field name. */
export function encodePlain(value: unknown): Buffer {
  const isJson = isJsonSafe(value);
  const body = isJson ? Buffer.from(JSON.stringify(value)) : serialize(value);
  const bytes = Buffer.allocUnsafe(1 + body.length);
  bytes[0] = isJson ? asJson : asClone;
  body.copy(bytes, 1);
  return bytes;
}

/** The data; nothing of it is frozen. Throws for bytes that {@link encodePlain} didn't make. */
export function decodePlain(bytes: Buffer): unknown {
  if (bytes[0] === asJson) return JSON.parse(bytes.toString("utf8", 1));
  if (bytes[0] === asClone) return deserialize(bytes.subarray(1));
  throw new Error(`unknown encoding ${String(bytes[0])}`);
}
