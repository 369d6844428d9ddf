/**
 * The commits that a relaxed journal has acknowledged and not written. Bounded: beyond the bound a commit waits for the
 * disk.
 */

import type { CommitRecord } from "../../versions/commit.ts";
import type { MaybePromise } from "../../../async/maybe-promise.ts";
import type { Snapshot } from "../../versions/snapshot.ts";
import type { StateKey } from "../../versions/state-key.ts";
import { notWritable } from "./journal-errors.ts";

const maxBytes = 8 * 1024 * 1024;

interface Head {
  readonly snapshot: Snapshot;
  /** Resolves when the commit is written or lost. */
  readonly settled: Promise<void>;
}

/** Keeps unwritten commits readable, and remembers lost ones. The writes themselves are the group writer's. */
export class Unwritten {
  readonly #directory: string;
  readonly #heads = new Map<StateKey, Head>();
  /** The newest unwritten commit of any key. */
  #last: Head | undefined;
  /** The keys of commits that were acknowledged and could not be written. */
  readonly #lost = new Set<StateKey>();
  #bytes = 0;
  #failure: { readonly cause: unknown } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Returns `undefined` while there is room; otherwise a promise that settles as `written` does. */
  add(records: readonly CommitRecord[], bytes: number, written: Promise<void>): MaybePromise<void> {
    this.#bytes += bytes;
    const done = written.then(
      () => {
        this.#bytes -= bytes;
        for (const { snapshot } of records) {
          if (this.#heads.get(snapshot.key)?.snapshot === snapshot) this.#heads.delete(snapshot.key);
        }
      },
      (cause: unknown) => {
        this.#failure ??= { cause };
        for (const { snapshot } of records) {
          this.#heads.delete(snapshot.key);
          this.#lost.add(snapshot.key);
        }
        throw cause;
      },
    );
    const settled = done.catch(() => undefined); // the next commit gets the error
    for (const { snapshot } of records) {
      this.#last = { snapshot, settled };
      this.#heads.set(snapshot.key, this.#last);
    }
    return this.#bytes > maxBytes ? done : undefined;
  }

  /** The newest unwritten version of a key. */
  head(key: StateKey): Snapshot | undefined {
    return this.#heads.get(key)?.snapshot;
  }

  /**
   * Resolves when all commits added so far to a key, or to any key, are written or lost; `undefined` if they all are.
   */
  settled(key: StateKey | undefined): Promise<void> | undefined {
    if (key !== undefined) return this.#heads.get(key)?.settled;
    return this.#heads.size > 0 ? this.#last?.settled : undefined;
  }

  /**
   * @throws TroupeError `journal-failed` if a commit to the key, or to any key, was lost: an older version would pass
   * for the newest.
   */
  checkKey(key: StateKey | undefined): void {
    if (this.#lost.size > 0 && (key === undefined || this.#lost.has(key))) this.checkWritable();
  }

  /** @throws TroupeError `journal-failed` when a commit was lost. */
  checkWritable(): void {
    if (this.#failure === undefined) return;
    const why = "a write failed after it was acknowledged (durability is relaxed). Open it again";
    throw notWritable(this.#directory, why, this.#failure.cause);
  }
}
