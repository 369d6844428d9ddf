/** Transactions: which versions each read and wrote. */

/**
 * One transaction in a history that is checked: whatever reads states and then writes what follows from them, such as a message's handler.
 * What had no effect doesn't belong in a history.
 *
 * @example
 * const sale: Transaction = { name: "sale 1", process: "desk", reads: { stock: 3 }, writes: { stock: 4 } };
 * @since 0.1.0
 * @experimental
 */
export interface Transaction {
  /** Its name in the texts of anomalies. */
  readonly name: string;
  /** Which process, client or actor did it. Transactions of one process are in the order in which it did them. */
  readonly process: string | number;
  /** The version of each key that it read: 0 for a key without one. Of several reads of a key, the first. */
  readonly reads: Readonly<Record<string, number>>;
  /** The version of each key that it wrote. */
  readonly writes: Readonly<Record<string, number>>;
  /** When it began, by the same clock as {@link ended}. Default: not known, and none of its reads counts as stale. */
  readonly began?: number;
  /** When it had ended. Default: not known, and no read counts as stale for missing what it wrote. */
  readonly ended?: number;
}

/**
 * What can be wrong with a history of transactions.
 *
 * - `same-version`: two wrote one version of a key.
 * - `lost-update`: one wrote a key from a version that was no longer the newest; what was written between is lost.
 * - `stale-read`: one read a version that had been replaced before it began.
 * - `circular`: each of some transactions follows from what another of them wrote (G1c).
 * - `read-skew`: one saw a part of what another had done, and missed a part (G-single).
 * - `write-skew`: each of some read what another of them then replaced, and none saw that (G2).
 * - `non-monotonic-read`, `own-write-unread`, `non-monotonic-write`, `write-before-read`: a process saw or wrote versions in an order that
 *   breaks monotonic reads, read your writes, monotonic writes, or writes follow reads.
 *
 * @since 0.1.0
 * @experimental
 */
export type AnomalyKind =
  | "same-version"
  | "lost-update"
  | "stale-read"
  | "circular"
  | "read-skew"
  | "write-skew"
  | "non-monotonic-read"
  | "own-write-unread"
  | "non-monotonic-write"
  | "write-before-read";

/**
 * What is wrong, and between which transactions.
 *
 * @since 0.1.0
 * @experimental
 */
export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly transactions: readonly Transaction[];
  /** The key that they met in; absent if there are several. */
  readonly key?: string;
  /** In words, with the versions. */
  readonly text: string;
}
