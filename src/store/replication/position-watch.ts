/**
 * Readers that wait until a replica has reached their causal token (invariant 4). One question to the authority serves
 * many readers.
 */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Position } from "../versions/snapshot.ts";

interface Waiter {
  readonly token: Position;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /**
   * True when the question in flight was sent after this reader began to wait, so that its answer has to satisfy the
   * reader.
   */
  asked: boolean;
}

/** Owns the readers that wait for a position. The position itself and the channel are the replica's. */
export class PositionWatch {
  readonly #sync: () => void;
  #waiters: Waiter[] = [];
  #syncing = false;

  /** @param sync asks the authority for its position; call {@link PositionWatch.answered} with the answer. */
  constructor(sync: () => void) {
    this.#sync = sync;
  }

  /** Resolves when the position has reached `token`. */
  reach(token: Position): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ token, resolve, reject, asked: false });
      if (!this.#syncing) this.#ask();
    });
  }

  /** Notes that the replica has reached `position`, by any message. */
  advanced(position: Position): void {
    if (this.#waiters.length === 0) return;
    const reached = this.#waiters.filter(({ token }) => token <= position);
    this.#waiters = this.#waiters.filter(({ token }) => token > position);
    for (const waiter of reached) waiter.resolve();
  }

  /**
   * Notes the authority's answer that it is at `position`. Call {@link PositionWatch.advanced} with it first: readers
   * that were asked for and still wait have a token of another store, and are rejected with `invalid-options`.
   */
  answered(position: Position): void {
    this.#syncing = false;
    const foreign = this.#waiters.filter(({ asked }) => asked);
    this.#waiters = this.#waiters.filter(({ asked }) => !asked);
    for (const { token, reject } of foreign) reject(foreignToken(token, position));
    if (this.#waiters.length > 0) this.#ask();
  }

  failAll(error: unknown): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  #ask(): void {
    for (const waiter of this.#waiters) waiter.asked = true;
    this.#syncing = true;
    this.#sync();
  }
}

function foreignToken(token: Position, position: Position): TroupeError {
  return new TroupeError(
    "invalid-options",
    `The causal token ${token} is ahead of the store, which is at ${position}: it comes from another store. Don't keep tokens for longer than the store.`,
    { details: { token, position } },
  );
}
