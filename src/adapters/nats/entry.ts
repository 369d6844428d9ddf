/** What a message of the stream says, and its bytes. */

import type { Place } from "./failures.ts";
import { corruptMessage } from "./failures.ts";
import { sealBytes, unsealBytes } from "../../store/journal/records/sealed-bytes.ts";

/** The process that owns the journal. */
export interface Owner {
  readonly name: string;
  readonly pid: number;
  /** In milliseconds. */
  readonly lease: number;
}

/**
 * - `taken`, `renewed`, `released`: by `owner`. One that renews is removed after the next, and nothing depends on it.
 * - `commits`: several, one after another, in the order of their positions.
 * - `trimmed`: the versions of `key` before `oldest` are gone.
 * - `part`: the bytes before those of the message after it, which has no room for them.
 * - `page`: the next bytes of a copy of the journal. `copied`: that was all of it.
 * - `moved`: the journal goes on in the stream `to`, which begins with a copy.
 */
export type Said =
  | { readonly kind: "taken" | "renewed" | "released" | "commits" | "part" | "page" }
  | { readonly kind: "copied"; readonly bytes: number }
  | { readonly kind: "trimmed"; readonly key: string; readonly oldest: number }
  | { readonly kind: "moved"; readonly to: string };

export type Entry = Said & {
  /** No other message has it, except one that is sent again. */
  readonly id: string;
  readonly epoch: number;
  readonly owner: Owner;
  /** The sequence of the last message before it that doesn't only renew; 0 for the first. */
  readonly after: number;
  /** Where the journal is with this message, and the latest time of all its commits. */
  readonly position: number;
  readonly time: number;
};

export interface Told {
  readonly entry: Entry;
  readonly body: Buffer;
}

const lengthBytes = 4;
const noPlace = Buffer.alloc(0);

/** Lone surrogates of a key are carried as they are: JSON escapes them. */
export function encodeEntry(entry: Entry, body: Uint8Array): Buffer {
  const head = Buffer.from(JSON.stringify(entry));
  const bytes = Buffer.allocUnsafe(lengthBytes + head.length + body.length);
  bytes.writeUInt32LE(head.length);
  head.copy(bytes, lengthBytes);
  bytes.set(body, lengthBytes + head.length);
  return sealBytes(noPlace, bytes);
}

/** @throws TroupeError `journal-corrupt`. */
export function decodeEntry(place: Place, sequence: number, sealed: Buffer): Told {
  const bytes = unsealBytes(noPlace, sealed);
  if (bytes === undefined) throw corruptMessage(place, sequence, "its checksum is of other bytes");
  const end = lengthBytes + bytes.readUInt32LE();
  const entry = JSON.parse(bytes.toString("utf8", lengthBytes, end)) as Entry;
  return { entry, body: bytes.subarray(end) };
}
