/** How a mailbox is bounded (invariant 7). */

import { unknownOption } from "../contracts/unknown-option.ts";
import { shown } from "../values/shown.ts";

/**
 * What happens to a message that arrives at a full mailbox:
 * - `backpressure`: the sender waits; its `tell` resolves when there is room.
 * - `drop-oldest`: the oldest waiting message becomes a dead letter.
 * - `drop-newest`: the new message becomes a dead letter.
 * - `reject`: the sender gets an error, `mailbox-full`.
 *
 * @since 0.1.0
 */
export type OverflowPolicy = "backpressure" | "drop-oldest" | "drop-newest" | "reject";

/**
 * How many messages may wait for an actor, and what becomes of the next one.
 *
 * @since 0.1.0
 */
export interface MailboxOptions {
  /**
   * How many messages may be waiting, per sending thread. Default 1,024. (Under `drop-oldest`, where no sender waits,
   * it counts over all threads.)
   */
  readonly capacity?: number;
  /** Default `"backpressure"`. */
  readonly overflow?: OverflowPolicy;
}

const policies: ReadonlySet<unknown> = new Set<OverflowPolicy>([
  "backpressure",
  "drop-oldest",
  "drop-newest",
  "reject",
]);

/** Says what is wrong with a mailbox's options; `undefined` if nothing is. */
export function mailboxProblem(options: MailboxOptions): string | undefined {
  const { capacity = 1, overflow = "backpressure" } = options;
  const unknown = unknownOption(options, ["capacity", "overflow"]);
  if (unknown !== undefined) return `mailbox: ${unknown}`;
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    return `mailbox.capacity is a whole number from 1, not ${shown(capacity)}`;
  }
  if (policies.has(overflow)) return undefined;
  return `mailbox.overflow is one of ${[...policies].join(", ")}, not ${shown(overflow)}`;
}

export const defaultMailbox = { capacity: 1024, overflow: "backpressure" } as const satisfies Required<MailboxOptions>;
