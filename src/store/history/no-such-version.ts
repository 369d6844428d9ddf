/** The error for a version that doesn't exist, or isn't kept any more. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { KeyExtent, VersionAt } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** The message says which versions exist; `extent` is undefined for a key without one. */
export function noSuchVersion(key: StateKey, wanted: VersionAt, extent: KeyExtent | undefined): TroupeError {
  const { oldest, newest } = extent ?? { oldest: 1, newest: 0 };
  const asked = typeof wanted === "number" ? { version: wanted } : { time: wanted.time };
  return new TroupeError("no-such-version", `${key} has ${said(wanted, extent)} Ask for one of those.`, {
    details: { key, ...asked, oldest, newest },
  });
}

function said(wanted: VersionAt, extent: KeyExtent | undefined): string {
  const what =
    typeof wanted === "number" ? `none ${String(wanted)}` : `none that was there at ${timeText(wanted.time)}`;
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
