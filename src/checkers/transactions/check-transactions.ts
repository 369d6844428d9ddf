/** `checkTransactions`: what is wrong with a history of transactions whose versions are known. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import { circlesIn, dependenciesOf, type Dependencies, type Dependency, shortestWay } from "./dependencies.ts";
import { sessionAnomalies } from "./session-anomalies.ts";
import type { Anomaly, Transaction } from "./transaction.ts";
import { placeAfter, type VersionOrder, versionOrderOf } from "./version-order.ts";

/**
 * Finds lost updates, stale reads, read skew, write skew and broken promises to sessions. As each version is known, nothing has to be guessed:
 * what is found is there, in time that grows as the history does.
 *
 * Guarantees: an empty list for a history that is serializable in the order of its versions, in which each read saw all that had ended
 * before its transaction began, and each process went forward. Of transactions that depend on each other in circles, one
 * circle of the simplest kind is named.
 *
 * After Adya, "Weak consistency" (1999), and Terry and others, "Session guarantees for weakly consistent replicated data" (1994).
 *
 * @throws TroupeError `invalid-options` for a version that is no whole number: from 0 for a read, from 1 for a write.
 * @example
 * const [anomaly] = checkTransactions([
 *   { name: "ann's sale", process: "ann", reads: { stock: 3 }, writes: { stock: 4 } },
 *   { name: "bob's sale", process: "bob", reads: { stock: 3 }, writes: { stock: 5 } },
 * ]);
 * anomaly?.text; // "bob's sale read stock at version 3 and wrote version 5: version 4, which ann's sale wrote, is lost"
 * @since 0.1.0
 * @experimental
 */
export function checkTransactions(history: readonly Transaction[]): readonly Anomaly[] {
  for (const transaction of history) checkVersions(transaction);
  const order = versionOrderOf(history);
  return [
    ...sameVersions(order),
    ...history.flatMap((transaction) => lostUpdates(transaction, order)),
    ...history.flatMap((transaction) => staleReads(transaction, order)),
    ...circles(dependenciesOf(history, order)),
    ...sessionAnomalies(history),
  ];
}

function sameVersions(order: VersionOrder): readonly Anomaly[] {
  return [...order].flatMap(([key, writers]) =>
    writers.flatMap(({ version, by }, at): Anomaly[] => {
      const before = writers[at - 1];
      if (before?.version !== version) return [];
      const text = `${before.by.name} and ${by.name} both wrote ${key} as version ${version}`;
      return [{ kind: "same-version", transactions: [before.by, by], key, text }];
    }),
  );
}

function lostUpdates(transaction: Transaction, order: VersionOrder): readonly Anomaly[] {
  return Object.entries(transaction.writes).flatMap(([key, written]): Anomaly[] => {
    const read = transaction.reads[key];
    if (read === undefined) return [];
    const writers = order.get(key) ?? [];
    const between = writers[placeAfter(writers, read)];
    if (between === undefined || between.version >= written || between.by === transaction) return [];
    const { version, by } = between;
    const text = `${transaction.name} read ${key} at version ${read} and wrote version ${written}: version ${version}, which ${by.name} wrote, is lost`;
    return [{ kind: "lost-update", transactions: [by, transaction], key, text }];
  });
}

function staleReads(transaction: Transaction, order: VersionOrder): readonly Anomaly[] {
  const { name, reads, began } = transaction;
  if (began === undefined) return [];
  return Object.entries(reads).flatMap(([key, version]): Anomaly[] => {
    const writers = order.get(key) ?? [];
    const from = placeAfter(writers, version);
    if ((writers[from]?.firstEnd ?? began) >= began) return [];
    const replaced = writers.slice(from).find(({ by }) => by.ended !== undefined && by.ended < began);
    if (replaced === undefined) return [];
    const { by } = replaced;
    const text = `${name} read ${key} at version ${version}; ${by.name} had written version ${replaced.version} before it began`;
    return [{ kind: "stale-read", transactions: [by, transaction], key, text }];
  });
}

function circles(dependencies: Dependencies): readonly Anomaly[] {
  return circlesIn(dependencies).flatMap((circle): Anomaly[] => {
    const within = [...circle].flatMap((one) => dependencies.get(one) ?? []).filter(({ to }) => circle.has(to));
    const wayBack = (
      { from, to }: Dependency,
      isTaken: (dependency: Dependency) => boolean,
    ): readonly Dependency[] | undefined =>
      shortestWay(dependencies, { from: to, to: from }, (next) => circle.has(next.to) && isTaken(next));

    const isFlow = ({ kind }: Dependency): boolean => kind !== "rw";
    for (const flow of within.filter(isFlow)) {
      const back = wayBack(flow, isFlow);
      if (back !== undefined) return [circular("circular", [flow, ...back])];
    }
    const overwritten = within.filter(({ kind }) => kind === "rw");
    let isLost = false; // a circle of one key alone is a lost update
    for (const replaced of overwritten) {
      const back = wayBack(replaced, isFlow);
      if (back?.some(({ key }) => key !== replaced.key) === true) return [circular("read-skew", [replaced, ...back])];
      isLost ||= back !== undefined;
    }
    if (isLost) return [];
    const [first] = overwritten;
    const back = first && wayBack(first, () => true);
    return first === undefined || back === undefined ? [] : [circular("write-skew", [first, ...back])];
  });
}

const words = { ww: "wrote the version before that of", wr: "wrote what was read by", rw: "read what was replaced by" };

function circular(kind: "circular" | "read-skew" | "write-skew", way: readonly Dependency[]): Anomaly {
  const text = way
    .map(
      ({ from, to, key, version, kind: why }) => `${from.name} ${words[why]} ${to.name} (${key}, version ${version})`,
    )
    .join("; ");
  return { kind, transactions: way.map(({ from }) => from), text };
}

/** @throws TroupeError `invalid-options` */
function checkVersions({ name, reads, writes }: Transaction): void {
  for (const [versions, lowest, what] of [
    [reads, 0, "reads"],
    [writes, 1, "writes"],
  ] as const)
    for (const [key, version] of Object.entries(versions))
      if (!Number.isSafeInteger(version) || version < lowest)
        throw new TroupeError(
          "invalid-options",
          `checkTransactions: ${name}: ${what}.${key} is a whole number from ${lowest}, not ${shown(version)}`,
        );
}
