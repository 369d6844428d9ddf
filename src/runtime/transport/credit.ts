/** How much may be on its way to one receiver, and how much leaves until a sender is told (invariant 7). */

/** How many events may be on their way to one subscriber (invariant 7). */
export const eventWindow = 1024;

/** How many messages leave a mailbox until a sending host is told. */
export function creditBatch(capacity: number): number {
  return Math.max(1, capacity >> 3);
}
