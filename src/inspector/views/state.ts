/** State: the keys there are, the versions of one, what a version was, and what changed from one to another. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { historyPages } from "../../store/history/history-pages.ts";
import { noSuchVersion } from "../../store/history/no-such-version.ts";
import { blame } from "../../store/travel/blame.ts";
import { diffOf } from "../../store/travel/state-diff.ts";
import { runOf } from "../../store/versions/cause.ts";
import { resolveHistoryRange } from "../../store/versions/history-range.ts";
import type { KeyExtent, Snapshot } from "../../store/versions/snapshot.ts";
import type { Shown } from "../source/content.ts";
import type { StoreReader } from "../source/inspected.ts";
import type { Looking, View } from "./view.ts";

/** The name of a state where it is redacted. */
export const stateAttribute = "troupe.state";

export interface ListedKey {
  readonly key: string;
  readonly oldest: number;
  readonly newest: number;
}

export interface KeysData {
  readonly families: readonly { readonly family: string; readonly keys: number }[];
  readonly selected: number;
  /** How many of the selected ones come before those that are listed. */
  readonly offset: number;
  readonly keys: readonly ListedKey[];
}

/** Everything about a version but its state. */
export interface ShownVersion {
  readonly version: number;
  readonly time: number;
  readonly author: string;
  readonly position: number;
  readonly schema: number;
  readonly cause?: string;
  /** The run that it was written for. */
  readonly run?: string;
  readonly erased?: string;
}

export interface KeyData extends ListedKey {
  /** The newest of those up to `to` first. */
  readonly versions: readonly ShownVersion[];
}

export interface VersionData extends ListedKey {
  readonly at: ShownVersion;
  readonly state: Shown;
  /** What changed since `from`, a line for each change; absent for the oldest version. */
  readonly diff?: { readonly from: number; readonly lines: readonly string[]; readonly isCut?: true };
}

export interface BlameData {
  readonly path: string;
  readonly value: Shown;
  readonly version: number;
  readonly author: string;
  readonly run?: string;
  readonly time: number;
  readonly exact: boolean;
}

const mostLines = 500;

export const keys: View<KeysData> = (query) => {
  const prefix = query.text("prefix") ?? "";
  const offset = query.whole("offset", { otherwise: 0 });
  const limit = query.whole("limit", { least: 1, most: 500, otherwise: 100 });
  return async ({ inspected }) => {
    const reader = inspected.reader();
    const all = await reader.keys("");
    const families = new Map<string, number>();
    for (const key of all) {
      const family = key.slice(0, key.indexOf("/"));
      families.set(family, (families.get(family) ?? 0) + 1);
    }
    const selected = prefix === "" ? all : all.filter((key) => key.startsWith(prefix));
    const listed: ListedKey[] = [];
    for (const key of selected.slice(offset, offset + limit)) {
      const extent = await reader.extent(key);
      if (extent !== undefined) listed.push({ key, oldest: extent.oldest, newest: extent.newest });
    }
    return {
      families: [...families].map(([family, count]) => ({ family, keys: count })),
      selected: selected.length,
      offset,
      keys: listed,
    };
  };
};

export const key: View<KeyData> = (query) => {
  const name = query.required("key");
  const to = query.optionalWhole("to", {});
  const limit = query.whole("limit", { least: 1, most: 500, otherwise: 50 });
  return async ({ inspected }) => {
    const reader = inspected.reader();
    const { oldest, newest } = await extentOf(reader, name);
    const range = resolveHistoryRange({ order: "newest-first", limit, ...(to === undefined ? {} : { to }) });
    const versions = await reader.history(name, range);
    return { key: name, oldest, newest, versions: versions.map(shownVersion) };
  };
};

export const version: View<VersionData> = (query) => {
  const name = query.required("key");
  const number = query.optionalWhole("at", { least: 1 });
  const from = query.optionalWhole("from", { least: 1 });
  return async (at) => {
    const reader = at.inspected.reader();
    const extent = await extentOf(reader, name);
    const { oldest, newest } = extent;
    const found = await versionAt(reader, name, number ?? newest, extent);
    const before = from ?? found.version - 1;
    const base = before < oldest ? undefined : await versionAt(reader, name, before, extent);
    return {
      key: name,
      oldest,
      newest,
      at: shownVersion(found),
      state: at.content.shown(stateAttribute, found.state),
      ...(base === undefined ? {} : { diff: diffIn(at, base, found) }),
    };
  };
};

export const blamed: View<BlameData> = (query) => {
  const name = query.required("key");
  const path = query.text("path") ?? "";
  return async ({ inspected, content }) => {
    const reader = inspected.reader();
    await extentOf(reader, name);
    const pages = historyPages((options) => Promise.resolve(reader.history(name, resolveHistoryRange(options))), {
      order: "newest-first",
    });
    const [found] = await blame(pages, () => [path]);
    if (found === undefined) throw noSuchKey(name);
    const { value, version: since, author, run, time, exact } = found;
    return {
      path,
      value: content.shown(stateAttribute, value),
      version: since,
      author,
      ...(run === undefined ? {} : { run }),
      time,
      exact,
    };
  };
};

function diffIn({ content }: Looking, base: Snapshot, found: Snapshot): NonNullable<VersionData["diff"]> {
  const [before, after] = [base, found].map(({ state }) => content.value(stateAttribute, state));
  const { text } = diffOf(before, after);
  const lines = text === "" ? [] : text.split("\n");
  return {
    from: base.version,
    lines: lines.slice(0, mostLines),
    ...(lines.length > mostLines ? { isCut: true } : {}),
  };
}

export async function extentOf(reader: StoreReader, name: string): Promise<KeyExtent> {
  const extent = await reader.extent(name);
  if (extent === undefined) throw noSuchKey(name);
  return extent;
}

async function versionAt(reader: StoreReader, name: string, number: number, extent: KeyExtent): Promise<Snapshot> {
  const found = number < extent.oldest ? undefined : await reader.at(name, number);
  if (found === undefined) throw noSuchVersion(name, number, extent);
  return found;
}

function noSuchKey(name: string): TroupeError {
  return new TroupeError("no-such-key", `there is no key ${name}`, { details: { key: name } });
}

export function shownVersion({
  version: number,
  time,
  author,
  position,
  schema,
  cause,
  erased,
}: Snapshot): ShownVersion {
  const run = runOf(cause);
  return {
    version: number,
    time,
    author,
    position,
    schema,
    ...(cause === undefined ? {} : { cause }),
    ...(run === undefined ? {} : { run }),
    ...(erased === undefined ? {} : { erased: erased.reason }),
  };
}
