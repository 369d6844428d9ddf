/** The port for the two-way channel between two thread hosts. */

/**
 * One end of a link. Batches arrive in the order in which they were sent. A link may deliver a batch twice, which the
 * receiver notices by its number; it never loses one while both ends live.
 */
export interface Link {
  /** Sends plain, cloneable data. Does nothing after {@link Link.close}. */
  send(batch: unknown): void;
  /** Sets the one receiver. Batches that arrived before are handed to it first. */
  receive(onBatch: (batch: unknown) => void): void;
  /** Hands the receiver, now, every batch that has arrived and that it doesn't have yet. */
  drain(): void;
  close(): void;
}
