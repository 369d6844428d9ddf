/** Reads the newest versions of keys. A journal that is elsewhere is asked once for all keys that are wanted at the same time. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Journal } from "../journal/journal.ts";
import type { Snapshot } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** How many keys are read together at most. */
const maxTogether = 1_000;

interface Batch {
  readonly keys: StateKey[];
  readonly heads: Promise<readonly (Snapshot | undefined)[]>;
}

/** Asks a journal key by key until it answers with a promise: from then on it counts as elsewhere, and reads are gathered. */
export class HeadReads {
  readonly #journal: Pick<Journal, "head" | "heads">;
  #isElsewhere = false;
  #open: Batch | undefined;

  constructor(journal: Pick<Journal, "head" | "heads">) {
    this.#journal = journal;
  }

  read(key: StateKey): MaybePromise<Snapshot | undefined> {
    if (!this.#isElsewhere) {
      const head = this.#journal.head(key);
      this.#isElsewhere = head instanceof Promise;
      return head;
    }
    const batch = (this.#open ??= this.#begin());
    const place = batch.keys.push(key) - 1;
    if (batch.keys.length === maxTogether) this.#open = undefined;
    // a key that can't be read mustn't fail the others of its batch
    return batch.heads.then(
      (heads) => heads[place],
      () => this.#journal.head(key),
    );
  }

  #begin(): Batch {
    const keys: StateKey[] = [];
    const heads = Promise.resolve().then(async () => {
      if (this.#open?.keys === keys) this.#open = undefined;
      const [key = ""] = keys;
      return keys.length === 1 ? [await this.#journal.head(key)] : this.#journal.heads(keys);
    });
    return { keys, heads };
  }
}
