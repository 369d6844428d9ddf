/** Which versions were committed under an idempotency key. */

import type { StateKey } from "../../versions/state-key.ts";
import { idempotencyPlace } from "../records/entry-key.ts";
import { corruptKey } from "../records/corrupt-record.ts";
import { corruptIndex } from "./journal-errors.ts";
import type { Table } from "./lmdb-environment.ts";
import { decodePlain, encodePlain } from "../records/plain-text.ts";
import { sealBytes, unsealBytes } from "../records/sealed-bytes.ts";

/** A version by its key's name, not by the journal's number for the key. */
export type Committed = readonly [key: StateKey, version: number];

/**
 * The entries of idempotency keys: on disk, and those that are being written. When they are written is the journal's to
 * decide.
 */
export class IdempotencyIndex {
  readonly #table: () => Table;
  readonly #damaged: number;
  readonly #onTheirWay = new Map<string, readonly Committed[]>();

  /** @param damaged how many entries can't be read. */
  constructor(table: () => Table, damaged: number) {
    this.#table = table;
    this.#damaged = damaged;
  }

  /** The entry on disk. @throws TroupeError `journal-corrupt`. */
  written(idempotencyKey: string): readonly Committed[] {
    const place = idempotencyPlace(idempotencyKey);
    const bytes = this.#table().get(place);
    if (bytes === undefined) {
      if (this.#damaged > 0) throw corruptIndex(`The idempotency key ${idempotencyKey}`, this.#damaged);
      return [];
    }
    const body = unsealBytes(place, bytes);
    if (body === undefined)
      throw corruptKey(idempotencyKey, "the checksum of its entry as an idempotency key is wrong");
    return decodePlain(body) as readonly Committed[];
  }

  /** Applies `change` to the newest entry; returns the entry that is to be written. */
  begin(idempotencyKey: string, change: (before: readonly Committed[]) => readonly Committed[]): readonly Committed[] {
    const next = change(this.#onTheirWay.get(idempotencyKey) ?? this.written(idempotencyKey));
    this.#onTheirWay.set(idempotencyKey, next);
    return next;
  }

  put(idempotencyKey: string, committed: readonly Committed[]): void {
    const place = idempotencyPlace(idempotencyKey);
    if (committed.length === 0) this.#table().remove(place);
    else this.#table().put(place, sealBytes(place, encodePlain(committed)));
  }

  /** Notes that the entry is on disk. */
  finish(idempotencyKey: string, committed: readonly Committed[]): void {
    if (this.#onTheirWay.get(idempotencyKey) === committed) this.#onTheirWay.delete(idempotencyKey);
  }

  /** Drops all entries that were to be written, as the write failed. */
  abandon(): void {
    this.#onTheirWay.clear();
  }
}
