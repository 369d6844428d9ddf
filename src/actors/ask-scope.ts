/** What bounds the asks that are made while something is done: a message is handled, or a step of a run. */

import type { Cancellation } from "../async/cancellation.ts";

/**
 * Whoever waits for what is done waits for nothing beyond it either: so its asks end no later than it, and are cancelled with
 * it, across any number of actors and threads. As deadlines and cancellation propagate in gRPC; see also Smith, "Notes on
 * structured concurrency" (2018).
 */
export interface AskScope {
  /** Milliseconds since the epoch by the system's clock; Infinity for none. */
  readonly deadline: number;
  readonly cancellation: Cancellation;
  /** True once it is done: what was left behind goes on unbounded. */
  readonly isOver: boolean;
  /** True once nobody waits for it to end any more, though it goes on: what it sends is refused. Default false. */
  readonly isLeftBehind?: boolean;
}
