/** SHA-256 of a text, or of bytes. */

// oxlint-disable-next-line eslint/no-restricted-imports -- of a Node without `hash`, it can't be imported by name
import * as crypto from "node:crypto";

/** Node has one from 20.12 and 21.7 on. It takes half the time, and makes no object that each collection of garbage looks at. */
const { hash: native } = crypto as {
  readonly hash?: (algorithm: "sha256", data: string | Uint8Array, encoding: "hex" | "base64url") => string;
};

/** The first `length` characters of the hash. A text is hashed as UTF-8. */
export function sha256(data: string | Uint8Array, encoding: "hex" | "base64url", length: number): string {
  const hash =
    native === undefined ? crypto.createHash("sha256").update(data).digest(encoding) : native("sha256", data, encoding);
  return hash.slice(0, length);
}
