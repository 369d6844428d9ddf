/** One message at a time, for behaviours that work across awaits. */

import { concatMap, defer, finalize, from, map, type OperatorFunction } from "rxjs";
import type { Protocol } from "./protocol.ts";
import type { InboxMessage } from "./inbox-message.ts";

/**
 * An operator for a behaviour's inbox: handles each message with `project`, and takes the next one when that promise
 * has settled.
 *
 * Guarantees: a message stays in the mailbox while it is handled, so that senders are slowed; `concatMap` alone would
 * move messages from the bounded mailbox into an unbounded buffer. Emits what `project` resolves to. A rejection fails
 * the actor and releases the messages that were not begun.
 *
 * @example
 * behaviour: (inbox$, context) => inbox$.pipe(handleEach(async (message) => {
 *   await context.sleep(10);
 *   message.reply("done");
 *   return { handled: message.type };
 * })),
 * @since 0.1.0
 */
export function handleEach<M extends Pick<InboxMessage<Protocol>, "hold">, R>(
  project: (message: M) => Promise<R> | R,
): OperatorFunction<M, R> {
  return (inbox$) =>
    defer(() => {
      const unstarted = new Set<() => void>();
      return inbox$.pipe(
        // held as it arrives: `hold` has no effect once the inbox has moved on, and `concatMap` may still be busy
        map((message) => {
          const release = message.hold();
          unstarted.add(release);
          return { message, release };
        }),
        concatMap(({ message, release }) => {
          unstarted.delete(release);
          return from(Promise.resolve(message).then(project).finally(release));
        }),
        finalize(() => {
          for (const release of unstarted) release();
        }),
      );
    });
}
