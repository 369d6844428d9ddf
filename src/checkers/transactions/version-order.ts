/** For each key of a history, who wrote which version, in their order. */

import type { Transaction } from "./transaction.ts";

export interface Writer {
  readonly version: number;
  readonly by: Transaction;
  /** Of the transactions that wrote this version or a later one, the end of the first that ended; infinite if no end is known. */
  readonly firstEnd: number;
}

/** The writers of each key, by version. */
export type VersionOrder = ReadonlyMap<string, readonly Writer[]>;

export function versionOrderOf(history: readonly Transaction[]): VersionOrder {
  const order = new Map<string, { -readonly [Field in keyof Writer]: Writer[Field] }[]>();
  for (const by of history) {
    for (const [key, version] of Object.entries(by.writes)) {
      const writers = order.get(key) ?? [];
      order.set(key, writers);
      writers.push({ version, by, firstEnd: by.ended ?? Number.POSITIVE_INFINITY });
    }
  }
  for (const writers of order.values()) {
    writers.sort((a, b) => a.version - b.version);
    let firstEnd = Number.POSITIVE_INFINITY;
    for (const writer of writers.toReversed()) writer.firstEnd = firstEnd = Math.min(firstEnd, writer.firstEnd);
  }
  return order;
}

/** The place of the first writer of a version after `version`; the number of writers if there is none. */
export function placeAfter(writers: readonly Writer[], version: number): number {
  let low = 0;
  let high = writers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((writers[middle]?.version ?? 0) <= version) low = middle + 1;
    else high = middle;
  }
  return low;
}
