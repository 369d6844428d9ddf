/** The queues of a system, as its users see them. `queue-keeper.ts` implements it. */

import type { QueueOptions } from "../../workflows/queue/queue-options.ts";
import type { QueuedRun, QueueView } from "../../workflows/queue/queue-view.ts";

/**
 * Queues in which runs wait for their place: recorded, so that none is lost with the process, and with limits for all of a queue and for each key in it, such as a
 * tenant. `system.run` puts a run into one by its option `queue`.
 *
 * Guarantees (invariant 14): of a queue's runs, no more go on than it says, in all and of each key, and no more are released within a rate's
 * period, across crashes and switches of the coordination too. Each is released once. Of the runs that may be released, the next is one of the
 * highest priority, and among these the one that joined first. A key that has no place holds up no other.
 *
 * @since 0.1.0
 */
export interface Queues {
  /**
   * Sets what a queue allows: makes the queue, or changes its limits. They are kept in the store, as the key `queue/<name>`, and count for what is released from
   * then on: a lower limit stops no run that goes on. When this resolves, each release that the limits before allowed is recorded. Setting them again as they are changes nothing, so that a program may do so at each start.
   *
   * @throws TroupeError (as a rejection) `invalid-options`, `system-closed`.
   * @example
   * await system.queues.set("orders", { perKey: { concurrency: 2 }, all: { concurrency: 20, rate: { runs: 100, period: 60_000 } } });
   * const run = system.run(sale, order, { queue: { name: "orders" }, tenant: order.customer });
   */
  set(name: string, options: QueueOptions): Promise<QueueView>;
  /**
   * A queue as it stands.
   *
   * @throws TroupeError (as a rejection) `no-such-queue`.
   */
  find(name: string): Promise<QueueView>;
  /** All queues as they stand, in the order of their names. */
  list(): AsyncIterableIterator<QueueView>;
  /**
   * The runs that wait in a queue, of all keys or of one, in the order in which they would be released if there were room for all. The `position` of each, from 1, is
   * that among the runs of its key.
   *
   * @throws TroupeError (as a rejection) `no-such-queue`.
   * @example
   * for await (const { run, position } of system.queues.waiting("orders", { key: "acme" })) console.log(position, run);
   */
  waiting(name: string, options?: { readonly key?: string }): AsyncIterableIterator<QueuedRun>;
}
