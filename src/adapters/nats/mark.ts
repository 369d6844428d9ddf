/** Places in a stream. */

import { decodeEntry } from "./entry.ts";
import type { Place } from "./failures.ts";
import type { Log } from "./jetstream.ts";

/** A place in a stream, and where the journal was there. */
export interface Mark {
  readonly sequence: number;
  readonly position: number;
}

/** Where the journal was at a message; position 0 where there is no such message. */
export async function markAt(place: Place, log: Log, sequence: number): Promise<Mark> {
  const message = await log.at(sequence);
  return { sequence, position: message === undefined ? 0 : decodeEntry(place, sequence, message.bytes).entry.position };
}

/** The stream ends before what this process has seen of it: what was acknowledged is lost. */
export function hasGoneBack(to: Mark, from: Mark): string {
  return `its stream is at position ${to.position} (message ${to.sequence}), and was at position ${from.position} (message ${from.sequence}). The servers have lost what they acknowledged`;
}
