/** The journal in memory: commits are lost only with the process, and no call waits. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import type { CommitRecord } from "../versions/commit.ts";
import { diffStates } from "../versions/diff-states.ts";
import type { Journal } from "./journal.ts";
import { metaOf, type Snapshot } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** What it says of itself changes with each commit. */
type Changing<T> = { -readonly [Part in keyof T]: T[Part] };

const noOptions = v.strictObject({});

/**
 * Makes an empty journal in memory.
 *
 * Guarantees: every call is synchronous. Versions share structure, so the cost of a version depends on its changes, not
 * on the state's size. All versions are kept for as long as the journal is referenced, also after `close`, unless they are trimmed or erased.
 *
 * @throws TroupeError `invalid-options` for any option: there is none.
 * @example
 * const authority = new StoreAuthority({ journal: memoryJournal(), clock });
 * @since 0.1.0
 */
export function memoryJournal(options: Readonly<Record<string, never>> = {}): Journal {
  checkOptions("memoryJournal", noOptions, options);
  const chains = new Map<StateKey, Chain>();
  const byIdempotencyKey = new Map<string, Snapshot[]>();
  const at = (key: StateKey, version: number): Snapshot | undefined => {
    const chain = chains.get(key);
    return chain?.snapshots[version - chain.oldest];
  };
  const head = (key: StateKey): Snapshot | undefined => chains.get(key)?.snapshots.at(-1);
  const range = (key: StateKey, lowest: number, highest: number): CommitRecord[] => {
    const chain = chains.get(key);
    if (chain === undefined) return [];
    const { oldest, snapshots } = chain;
    return snapshots
      .slice(Math.max(0, lowest - oldest), Math.max(0, highest + 1 - oldest))
      .map((snapshot) => recordOf(snapshot, at(key, snapshot.version - 1)));
  };
  const drop = (snapshots: readonly Snapshot[]): void => {
    for (const snapshot of snapshots) {
      if (snapshot.idempotencyKey === undefined) continue;
      const together = byIdempotencyKey.get(snapshot.idempotencyKey)?.filter((other) => other !== snapshot) ?? [];
      if (together.length === 0) byIdempotencyKey.delete(snapshot.idempotencyKey);
      else byIdempotencyKey.set(snapshot.idempotencyKey, together);
    }
  };
  const journal: Changing<Journal> = {
    position: 0,
    time: 0,
    append(records) {
      for (const { snapshot } of records) {
        const last = chains.get(snapshot.key)?.snapshots.at(-1)?.version ?? 0;
        if (snapshot.parent === last && snapshot.version === last + 1) continue;
        throw new Error(`Defect: version ${snapshot.version} of ${snapshot.key} appended after version ${last}.`);
      }
      for (const { snapshot } of records) {
        const { key, idempotencyKey } = snapshot;
        const chain = chains.get(key);
        if (snapshot.erased !== undefined) {
          drop(chain?.snapshots ?? []);
          if (snapshot.erased.forgotten === true) chains.delete(key);
          else chains.set(key, { oldest: snapshot.version, snapshots: [snapshot] });
        } else if (chain === undefined) chains.set(key, { oldest: 1, snapshots: [snapshot] });
        else chain.snapshots.push(snapshot);
        if (idempotencyKey !== undefined) {
          const together = byIdempotencyKey.get(idempotencyKey);
          if (together === undefined) byIdempotencyKey.set(idempotencyKey, [snapshot]);
          else together.push(snapshot);
        }
        journal.position = snapshot.position;
        journal.time = Math.max(journal.time, snapshot.time);
      }
    },
    head,
    peek: head,
    heads: (keys) => keys.map(head),
    at,
    meta(key, version) {
      const snapshot = at(key, version);
      return snapshot && metaOf(snapshot);
    },
    oldest: (key) => chains.get(key)?.oldest,
    records: range,
    committed: (idempotencyKey) => byIdempotencyKey.get(idempotencyKey) ?? [],
    trim(key, oldest) {
      const chain = chains.get(key);
      if (chain === undefined) return;
      const count = Math.min(oldest - chain.oldest, chain.snapshots.length - 1);
      if (count <= 0) return;
      chain.oldest += count;
      drop(chain.snapshots.splice(0, count));
    },
    size: (key) => range(key, 1, Number.MAX_SAFE_INTEGER).reduce((bytes, record) => bytes + textLength(record), 0),
    compact: () => undefined,
    keys: (prefix, since = 0) =>
      [...chains]
        .filter(([key, { snapshots }]) => key.startsWith(prefix) && isLaterThan(since, snapshots.at(-1)))
        .map(([key]) => key)
        .toSorted(),
    close: () => undefined,
  };
  return journal;
}

/**
 * The versions of a key. Patches aren't kept: they are computed when a range is read, and would take more memory than
 * the versions.
 */
interface Chain {
  oldest: number;
  /** The versions from `oldest` on. */
  readonly snapshots: Snapshot[];
}

/** True for a version after a position that isn't a tombstone. */
function isLaterThan(position: number, newest: Snapshot | undefined): boolean {
  return newest !== undefined && newest.erased === undefined && newest.position > position;
}

function recordOf(snapshot: Snapshot, parent: Snapshot | undefined): CommitRecord {
  if (parent !== undefined) return { snapshot, patches: diffStates(parent.state, snapshot.state) };
  return { snapshot, patches: [{ op: "replace", path: [], value: snapshot.state }] };
}

/** The length of a record as text. Versions share memory, so none has a size in memory of its own. */
function textLength({ snapshot, patches }: CommitRecord): number {
  const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
  return JSON.stringify([metaOf(snapshot), patches], plain).length;
}
