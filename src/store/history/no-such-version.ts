/** The error for a version that doesn't exist, isn't kept any more, or was erased. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { erasedVersion } from "../versions/tombstone.ts";
import type { KeyExtent, SnapshotMeta, VersionAt } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import { shown } from "../../values/shown.ts";

/** `no-such-version`, which says which versions exist, or `erased`. `extent` is undefined for a key without a version. */
export function noSuchVersion(key: StateKey, wanted: VersionAt, extent: KeyExtent | undefined): TroupeError {
  const { oldest, newest, tombstone }: KeyExtent = extent ?? { oldest: 1, newest: 0 };
  if (tombstone !== undefined && isUpTo(tombstone, wanted)) return erasedVersion(tombstone, nameOf(wanted));
  const asked = typeof wanted === "number" ? { version: wanted } : { time: wanted.time };
  return new TroupeError("no-such-version", `${key} has ${said(wanted, extent)} Ask for one of those.`, {
    details: { key, ...asked, oldest, newest },
  });
}

function isUpTo({ version, time }: SnapshotMeta, wanted: VersionAt): boolean {
  return typeof wanted === "number" ? wanted >= 1 && wanted <= version : wanted.time < time;
}

function nameOf(wanted: VersionAt): string {
  return typeof wanted === "number" ? `Version ${wanted}` : `What was there at ${timeText(wanted.time)}`;
}

function said(wanted: VersionAt, extent: KeyExtent | undefined): string {
  const what = typeof wanted === "number" ? `none ${shown(wanted)}` : `none that was there at ${timeText(wanted.time)}`;
  if (extent === undefined) return `no version, and ${what}.`;
  const { oldest, newest } = extent;
  if (oldest === 1) return `versions 1 to ${newest}, and ${what}.`;
  const isDropped = typeof wanted !== "number" || (wanted >= 1 && wanted < oldest);
  const why = isDropped ? " any more: retention dropped what is older" : "";
  return `versions ${oldest} to ${newest}, and ${what}${why}.`;
}

function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString();
}
