/** The port for the two-way channel between two thread hosts. */

/**
 * One end of a link. Batches arrive in the order in which they were sent. A link may deliver a batch twice (the receiver
 * tells by its number); it never loses one while both ends live.
 */
export interface Link {
  /** Sends plain, cloneable data. After {@link Link.close} it does nothing. */
  send(batch: unknown): void;
  /** Sets the one receiver. Batches that arrived before are handed to it first. */
  receive(onBatch: (batch: unknown) => void): void;
  /** Hands over, now, what has arrived and was not handed over yet. */
  drain(): void;
  close(): void;
}
