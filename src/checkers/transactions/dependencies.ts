/**
 * Which transactions have to come before which, if they were done one after the other: the direct serialization graph of Adya,
 * "Weak consistency" (1999).
 */

import type { Transaction } from "./transaction.ts";
import { placeAfter, type VersionOrder } from "./version-order.ts";

/**
 * Why one comes before another: the other wrote the next version (`ww`), read what it wrote (`wr`), or replaced what it read (`rw`).
 */
export interface Dependency {
  readonly from: Transaction;
  readonly to: Transaction;
  readonly kind: "ww" | "wr" | "rw";
  readonly key: string;
  /** The version that `from` wrote or read. */
  readonly version: number;
}

export type Dependencies = ReadonlyMap<Transaction, readonly Dependency[]>;

export function dependenciesOf(history: readonly Transaction[], order: VersionOrder): Dependencies {
  const found = new Map<Transaction, Dependency[]>(history.map((transaction) => [transaction, []]));
  const add = (dependency: Dependency): void => {
    if (dependency.from !== dependency.to) found.get(dependency.from)?.push(dependency);
  };
  for (const [key, writers] of order)
    for (const [at, { version, by }] of writers.entries()) {
      const next = writers[at + 1];
      if (next !== undefined) add({ from: by, to: next.by, kind: "ww", key, version });
    }
  for (const reader of history)
    for (const [key, version] of Object.entries(reader.reads)) {
      const writers = order.get(key) ?? [];
      const at = placeAfter(writers, version);
      const read = writers[at - 1]; // the version's own writer may not be in the history
      if (read !== undefined) add({ from: read.by, to: reader, kind: "wr", key, version });
      const next = writers[at];
      if (next !== undefined) add({ from: reader, to: next.by, kind: "rw", key, version });
    }
  return found;
}

/** The transactions that depend on each other in circles: the strongly connected parts of more than one, after Tarjan (1972). */
export function circlesIn(dependencies: Dependencies): readonly ReadonlySet<Transaction>[] {
  interface Visit {
    readonly at: Transaction;
    readonly number: number;
    lowest: number;
    next: number;
  }
  const visits = new Map<Transaction, Visit>();
  const done = new Set<Transaction>();
  const circles: Set<Transaction>[] = [];
  for (const root of dependencies.keys()) {
    if (visits.has(root)) continue;
    const open: Visit[] = [];
    const path: Visit[] = [];
    const enter = (at: Transaction): void => {
      const visit = { at, number: visits.size, lowest: visits.size, next: 0 };
      visits.set(at, visit);
      open.push(visit);
      path.push(visit);
    };
    enter(root);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const dependency = dependencies.get(visit.at)?.[visit.next++];
      if (dependency !== undefined) {
        const seen = visits.get(dependency.to);
        if (seen === undefined) enter(dependency.to);
        else if (!done.has(seen.at)) visit.lowest = Math.min(visit.lowest, seen.number);
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above !== undefined) above.lowest = Math.min(above.lowest, visit.lowest);
      if (visit.lowest < visit.number) continue;
      const circle = open.splice(open.lastIndexOf(visit)).map(({ at }) => at);
      for (const one of circle) done.add(one);
      if (circle.length > 1) circles.push(new Set(circle));
    }
  }
  return circles;
}

/** The shortest way from one transaction to another, by dependencies that `isTaken` takes; none if there is no way. */
export function shortestWay(
  dependencies: Dependencies,
  { from, to }: { readonly from: Transaction; readonly to: Transaction },
  isTaken: (dependency: Dependency) => boolean,
): readonly Dependency[] | undefined {
  const cameBy = new Map<Transaction, Dependency | undefined>([[from, undefined]]);
  for (const at of cameBy.keys()) {
    if (at === to) {
      const way: Dependency[] = [];
      for (let step = cameBy.get(to); step !== undefined; step = cameBy.get(step.from)) way.unshift(step);
      return way;
    }
    for (const dependency of dependencies.get(at) ?? [])
      if (!cameBy.has(dependency.to) && isTaken(dependency)) cameBy.set(dependency.to, dependency);
  }
  return undefined;
}
