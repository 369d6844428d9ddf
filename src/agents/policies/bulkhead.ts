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
  /** How many of them may be for one tenant; calls for none count as one tenant. Calls for other tenants go ahead of a call that this holds back. Default: all. */
  readonly perTenant?: number;
  /**
   * How many more may wait for a place, first come, first served; and with `perTenant`, how many of each tenant for its own. Default 100; 0
   * rejects them at once.
   */
  readonly queue?: number;
}

/**
 * {@link BulkheadOptions} with the defaults filled in.
 *
 * @experimental
 * @since 0.1.0
 */
export type BulkheadPolicy = Required<Omit<BulkheadOptions, "perTenant">> & Pick<BulkheadOptions, "perTenant">;

/** How many calls are in flight for each tenant; kept where the bulkhead has places per tenant. */
export type TenantCounts = ReadonlyMap<string, number>;

/** True while one more call may go ahead. */
export function hasRoom(policy: BulkheadPolicy | undefined, inFlight: number): boolean {
  return policy === undefined || inFlight < policy.concurrent;
}

/** True while one more call of a tenant may go ahead, beside `ahead` of its calls that come first. */
export function hasPlaceFor(
  policy: BulkheadPolicy | undefined,
  counts: TenantCounts,
  tenant: string,
  ahead: number,
): boolean {
  return policy?.perTenant === undefined || (counts.get(tenant) ?? 0) + ahead < policy.perTenant;
}

/** The counts when a call of the tenant goes ahead, or has ended: then by -1. A tenant without calls is dropped. */
export function counted(
  policy: BulkheadPolicy | undefined,
  counts: TenantCounts,
  tenant: string,
  by: 1 | -1,
): TenantCounts {
  if (policy?.perTenant === undefined) return counts;
  const next = new Map(counts);
  const count = (counts.get(tenant) ?? 0) + by;
  if (count === 0) next.delete(tenant);
  else next.set(tenant, count);
  return next;
}
