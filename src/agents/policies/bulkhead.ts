/** The bulkhead: a limit on the calls of one agent in flight, over all of its actors and all threads. */

/**
 * Source: M. Nygard, Release It!, 2nd ed., "Bulkheads": a flood of calls to one agent must not take the room of others.
 *
 * @since 0.1.0
 */
export interface BulkheadOptions {
  /**
   * How many calls may be in flight at a time. A call is in flight from when it is let through until its code has
   * ended.
   */
  readonly concurrent: number;
  /** How many more may wait for a place, first come, first served. Default 100; 0 rejects them at once. */
  readonly queue?: number;
}

/**
 * {@link BulkheadOptions} with the defaults filled in.
 *
 * @experimental
 * @since 0.1.0
 */
export type BulkheadPolicy = Required<BulkheadOptions>;

/** True while one more call may go ahead. */
export function hasRoom(policy: BulkheadPolicy | undefined, inFlight: number): boolean {
  return policy === undefined || inFlight < policy.concurrent;
}
