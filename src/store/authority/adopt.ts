/** Begins a key with versions that were made elsewhere. */

import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { Journal } from "../journal/journal.ts";
import type { CommitRequest } from "../versions/commit.ts";
import { keyExists } from "../versions/key-exists.ts";
import type { Snapshot } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import { erasedVersion } from "../versions/tombstone.ts";
import type { CommitSequencer } from "./commit-sequencer.ts";

/** @throws TroupeError `key-exists` when the key has a version, also one that was committed meanwhile; `erased`; the journal's errors. */
export function adopt(
  sequencer: CommitSequencer,
  journal: Journal,
  key: StateKey,
  requests: readonly CommitRequest[],
): MaybePromise<void> {
  return chain(
    sequencer.withHead(key, (head) => head),
    async (head) => {
      if (head?.erased !== undefined) throw erasedVersion(head, "What was there before isn't imported again: it");
      if (head !== undefined) throw keyExists(key, head, adoptInstead);
      const free = await withFreeKeys(journal, requests);
      // all in one turn, so that they follow one another and share a flush
      const outcomes = await Promise.all(free.map(async (request) => sequencer.commit(request)));
      for (const outcome of outcomes) {
        if (outcome.kind === "conflict") throw keyExists(key, outcome.head, adoptInstead);
      }
    },
  );
}

const adoptInstead = "Import it into a store that does not have the key.";

/** Takes away the idempotency keys of commits that were made here: a retry of such a commit has to find that one. */
async function withFreeKeys(journal: Journal, requests: readonly CommitRequest[]): Promise<readonly CommitRequest[]> {
  const free: CommitRequest[] = [];
  for (const request of requests) {
    const { idempotencyKey, ...rest } = request;
    const made = idempotencyKey === undefined ? [] : await journal.committed(idempotencyKey);
    const isFree = made.every((version) => isPartOfSame(version, request));
    free.push(isFree ? request : rest);
  }
  return free;
}

/** True for two versions of one transaction, which may be imported one after the other. */
function isPartOfSame({ author, time, cause }: Snapshot, request: CommitRequest): boolean {
  return author === request.author && time === request.time && cause === request.cause;
}
