/** Erasing: a tombstone is a version that has no state, but says that what was before it is gone, and why. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { sentence } from "../../values/sentence.ts";
import type { KeyWrite } from "./commit.ts";
import type { Erasure, Snapshot, SnapshotMeta } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";

/**
 * Why a key is erased, and how much of it.
 *
 * @since 0.1.0
 */
export interface EraseOptions {
  /** Why: a text that isn't empty. It is kept in the place of what is erased, so it should not repeat any of it. */
  readonly reason: string;
  /** True to erase the keys that were forked from this one too, and the forks of those. Default false. */
  readonly forks?: boolean;
}

/**
 * What `store.erase` has done.
 *
 * @since 0.1.0
 */
export interface Erased {
  /** The version that stands for what is gone: its `author` and `time` say who erased the key and when, `erased.reason` says why. */
  readonly tombstone: SnapshotMeta;
  /** The keys of the forks that were erased with it. */
  readonly erasedForks: readonly StateKey[];
  /** The keys of the forks that still hold what was forked from it: none with `forks: true`. */
  readonly remainingForks: readonly StateKey[];
}

/** The version after `tip` that erases it, and all before. */
export function tombstoneAfter({ key, version, schema }: SnapshotMeta, erased: Erasure): KeyWrite {
  return { key, parent: version, schema, patches: [{ op: "replace", path: [], value: undefined }], erased };
}

/** A version that has a state; `undefined` for a tombstone, as for a key without a version. */
export function live<S>(snapshot: Snapshot<S> | undefined): Snapshot<S> | undefined {
  return snapshot?.erased === undefined ? snapshot : undefined;
}

/** What is the newest version of a key right after `snapshot`: `undefined` when the key was forgotten with it. */
export function standing(snapshot: Snapshot | undefined): Snapshot | undefined {
  return snapshot?.erased?.forgotten === true ? undefined : snapshot;
}

/** @throws TroupeError `invalid-options` for anything but a text of one character at least. */
export function checkReason(reason: unknown, where: string): void {
  if (typeof reason === "string" && reason.trim() !== "") return;
  throw new TroupeError(
    "invalid-options",
    `${where}: reason is a text that says why, which is kept in the place of what is erased, not ${JSON.stringify(reason) ?? String(reason)}`,
  );
}

/** The error of asking for what was erased; `wanted` is that, as the beginning of a sentence. */
export function erasedVersion(tombstone: SnapshotMeta, wanted: string): TroupeError {
  const { key, version, author, time, erased } = tombstone;
  const reason = erased?.reason ?? "";
  return new TroupeError(
    "erased",
    `${key} was erased by ${author} on ${timeText(time)}, in version ${version}: ${sentence(reason)} ${wanted} is gone. Ask for a later version, if there is one.`,
    { details: { key, version, author, time, reason } },
  );
}

function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString();
}
