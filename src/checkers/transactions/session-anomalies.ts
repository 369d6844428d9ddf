/** Whether each process went forward: the session guarantees of Terry and others (1994). */

import type { Anomaly, AnomalyKind, Transaction } from "./transaction.ts";

/** The newest version of a key that a process has read or written. */
interface Known {
  readonly version: number;
  /** The transaction in which it did. */
  readonly by: Transaction;
  /** Whether it wrote the version. */
  readonly isOwn: boolean;
}

export function sessionAnomalies(history: readonly Transaction[]): readonly Anomaly[] {
  const sessions = new Map<string | number, Map<string, Known>>();
  const found: Anomaly[] = [];
  for (const transaction of history) {
    const { process, name, reads, writes } = transaction;
    const known = sessions.get(process) ?? new Map<string, Known>();
    sessions.set(process, known);
    const check = (key: string, version: number, kinds: readonly [ofOwn: AnomalyKind, ofRead: AnomalyKind]): void => {
      const newest = known.get(key);
      if (newest === undefined || newest.version <= version) return;
      const kind = kinds[newest.isOwn ? 0 : 1];
      const did = kind.endsWith("write") || kind === "write-before-read" ? "wrote" : "read";
      const before = `${process} had ${newest.isOwn ? "written" : "read"} version ${newest.version} in ${newest.by.name}`;
      const text = `${name} ${did} ${key} ${did === "read" ? "at" : "as"} version ${version}; ${before}`;
      found.push({ kind, transactions: [newest.by, transaction], key, text });
    };
    const learn = (key: string, version: number, isOwn: boolean): void => {
      if ((known.get(key)?.version ?? -1) <= version) known.set(key, { version, by: transaction, isOwn });
    };
    for (const [key, version] of Object.entries(reads)) check(key, version, ["own-write-unread", "non-monotonic-read"]);
    for (const [key, version] of Object.entries(reads)) learn(key, version, false);
    for (const [key, version] of Object.entries(writes))
      check(key, version, ["non-monotonic-write", "write-before-read"]);
    for (const [key, version] of Object.entries(writes)) learn(key, version, true);
  }
  return found;
}
