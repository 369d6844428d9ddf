/** Short ways to say what is committed. */

import type { CommitOutcome, CommitRecord, CommitRequest, KeyWrite } from "../../../src/store/versions/commit.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";

/** The change that sets a key's state to `{ n }`. */
export function writeOf(key: string, parent: number, n: number, more: Partial<KeyWrite> = {}): KeyWrite {
  const whole = { op: "replace", path: [], value: { n } } as const;
  const field = { op: "replace", path: ["n"], value: n } as const;
  return { key, parent, patches: [parent === 0 ? whole : field], schema: 1, ...more };
}

/** A request to set a key's state to `{ n }`. */
export function setTo(
  key: string,
  parent: number,
  n: number,
  more: Partial<Omit<CommitRequest, "changes"> & Pick<KeyWrite, "patches" | "state" | "schema">> = {},
): CommitRequest {
  const { author = "test", cause, idempotencyKey, ...write } = more;
  return {
    changes: [writeOf(key, parent, n, write)],
    author,
    ...(cause === undefined ? {} : { cause }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** A record as the authority makes it for {@link setTo}. */
export function recordOf(key: string, version: number, position: number, more: Partial<Snapshot> = {}): CommitRecord {
  const state = Object.freeze({ n: position });
  const snapshot = { key, version, parent: version - 1, author: "test", time: 1, position, schema: 1, state, ...more };
  return { snapshot: Object.freeze(snapshot), patches: writeOf(key, version - 1, position).patches };
}

/** The snapshot of a commit that landed. */
export function landed(outcome: CommitOutcome | Promise<CommitOutcome>): Snapshot {
  if (outcome instanceof Promise) throw new Error("expected a synchronous outcome");
  if (outcome.kind !== "committed") throw new Error(`expected a commit, not a ${outcome.kind}`);
  const [snapshot] = outcome.snapshots;
  if (snapshot === undefined || outcome.snapshots.length > 1) throw new Error("expected one version");
  return snapshot;
}
