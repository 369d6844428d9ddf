/** Erases keys: with their forks, and so that none is forked anew from what is gone. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { ForkOrigins } from "../retention/fork-origins.ts";
import { metaOf, type Snapshot } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { Erased } from "../versions/tombstone.ts";
import type { CommitSequencer } from "./commit-sequencer.ts";

export interface EraseRequest {
  readonly author: string;
  readonly reason: string;
  /** True to erase the forks too. */
  readonly forks: boolean;
}

/** Decides which keys are erased. How a key is erased is the sequencer's part, and the journal's. */
export class Eraser {
  readonly #sequencer: CommitSequencer;
  readonly #forks: ForkOrigins;

  constructor(sequencer: CommitSequencer, forks: ForkOrigins) {
    this.#sequencer = sequencer;
    this.#forks = forks;
  }

  /** @throws TroupeError `no-such-key` for a key without a version; the journal's errors. */
  async erase(key: StateKey, { author, reason, forks }: EraseRequest): Promise<Erased> {
    const erasedForks = forks ? [...(await this.#forks.of(key))] : [];
    const outcome = await this.#sequencer.erase([key, ...erasedForks], { reason }, author);
    let remainingForks = await this.#forks.of(key);
    if (forks) {
      // forks made between the search and the erasure; no later fork exists, since a fork of a version that is gone fails
      for (; remainingForks.length > 0; remainingForks = await this.#forks.of(key)) {
        erasedForks.push(...remainingForks);
        await this.#sequencer.erase(remainingForks, { reason }, author);
      }
    }
    const [made] = outcome.kind === "committed" ? outcome.snapshots : [];
    const tombstone = made?.key === key ? made : await this.#sequencer.withHead(key, same);
    if (tombstone === undefined) throw nothingToErase(key);
    return { tombstone: metaOf(tombstone), erasedForks, remainingForks };
  }

  /** Erases keys, and keeps no tombstone. */
  async forget(keys: readonly StateKey[], { author, reason }: Omit<EraseRequest, "forks">): Promise<void> {
    await this.#sequencer.erase(keys, { reason, forgotten: true }, author);
  }
}

function same(head: Snapshot | undefined): Snapshot | undefined {
  return head;
}

function nothingToErase(key: StateKey): TroupeError {
  return new TroupeError("no-such-key", `${key} has no version, so there is nothing to erase. Check its id.`, {
    details: { key },
  });
}
