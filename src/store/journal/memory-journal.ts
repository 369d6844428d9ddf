/** The journal that keeps everything in memory: nothing is lost but with the process, and nothing waits. */

import type { CommitRecord } from "../commit.ts";
import { diffStates } from "../diff-states.ts";
import type { Journal } from "../journal.ts";
import type { Snapshot } from "../snapshot.ts";
import type { StateKey } from "../state-definition.ts";

/**
 * Makes an empty journal in memory.
 *
 * Guarantees: every call is synchronous. Versions share structure, so a version costs what changed, not what there is;
 * all versions are kept for as long as the journal is referenced, also after `close`.
 *
 * @example
 * const authority = new StoreAuthority({ journal: memoryJournal(), clock });
 */
export function memoryJournal(): Journal {
  // patches aren't kept: they are found again when a range is read, and weigh more than what the versions share
  const chains = new Map<StateKey, Snapshot[]>();
  const byIdempotencyKey = new Map<string, Snapshot>();
  let position = 0;
  return {
    get position() {
      return position;
    },
    append({ snapshot }) {
      const chain = chains.get(snapshot.key);
      const newest = chain?.length ?? 0;
      if (snapshot.parent !== newest || snapshot.version !== newest + 1) {
        throw new Error(`Defect: version ${snapshot.version} of ${snapshot.key} appended after version ${newest}.`);
      }
      if (chain === undefined) chains.set(snapshot.key, [snapshot]);
      else chain.push(snapshot);
      if (snapshot.idempotencyKey !== undefined) byIdempotencyKey.set(snapshot.idempotencyKey, snapshot);
      position = snapshot.position;
    },
    head: (key) => chains.get(key)?.at(-1),
    at: (key, version) => chains.get(key)?.[version - 1],
    records(key, lowest, highest) {
      const chain = chains.get(key) ?? [];
      return chain
        .slice(lowest - 1, Math.max(highest, lowest - 1))
        .map((snapshot) => recordOf(snapshot, chain[snapshot.version - 2]));
    },
    committed: (idempotencyKey) => byIdempotencyKey.get(idempotencyKey),
    keys: (prefix) => [...chains.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
    close: () => undefined,
  };
}

function recordOf(snapshot: Snapshot, parent: Snapshot | undefined): CommitRecord {
  if (parent !== undefined) return { snapshot, patches: diffStates(parent.state, snapshot.state) };
  return { snapshot, patches: [{ op: "replace", path: [], value: snapshot.state }] };
}
