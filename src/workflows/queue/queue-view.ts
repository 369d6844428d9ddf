/** A queue and the runs that wait in it as they stand, for readers. */

import type { QueuedIn } from "../history/run-event.ts";
import { rankOf } from "./rank.ts";
import type { QueueCounts } from "./queue-machine.ts";
import type { QueueOptions } from "./queue-options.ts";

/**
 * A queue as it stands.
 *
 * @since 0.1.0
 */
export interface QueueView extends QueueOptions {
  readonly name: string;
  /** How many runs wait, and how many were released and have not ended. */
  readonly waiting: number;
  readonly released: number;
  /** The same for each key of which there are any. */
  readonly keys: readonly { readonly key: string; readonly waiting: number; readonly released: number }[];
}

/**
 * A run that waits in a queue.
 *
 * @since 0.1.0
 */
export interface QueuedRun {
  readonly run: string;
  /** What it is counted with; empty for none. */
  readonly key: string;
  readonly priority: number;
  /** When it joined, in milliseconds since the epoch. */
  readonly since: number;
  /** 1 for the first of its key. */
  readonly position: number;
}

export function viewOfQueue(
  name: string,
  { all, perKey }: QueueOptions,
  { waiting, released }: QueueCounts,
  keys: QueueView["keys"],
): QueueView {
  return {
    name,
    ...(all === undefined ? {} : { all }),
    ...(perKey === undefined ? {} : { perKey }),
    waiting,
    released,
    keys,
  };
}

/** A run that has not ended, as it waits in a queue or was released from it. */
export interface RunOfQueue {
  readonly run: string;
  readonly queue: QueuedIn;
  readonly isWaiting: boolean;
}

/** A queue as a store has it: its limits, and the runs of it that have not ended. */
export function storedQueue(name: string, options: QueueOptions, runs: readonly RunOfQueue[]): QueueView {
  const keys = new Map<string, { waiting: number; released: number }>();
  const all = { waiting: 0, released: 0 };
  for (const { queue, isWaiting } of runs.filter((one) => one.queue.name === name)) {
    const ofKey = keys.get(queue.key) ?? { waiting: 0, released: 0 };
    keys.set(queue.key, ofKey);
    for (const counts of [all, ofKey]) counts[isWaiting ? "waiting" : "released"]++;
  }
  return viewOfQueue(
    name,
    options,
    all,
    [...keys].map(([key, counts]) => ({ key, ...counts })),
  );
}

/** The runs that wait in queues, the first to be released first, with their positions among those of their queue and key. */
export function waitingIn(runs: readonly { readonly run: string; readonly queue: QueuedIn }[]): readonly QueuedRun[] {
  const before = new Map<string, number>();
  return runs
    .toSorted((one, other) => rankOf(one.queue) - rankOf(other.queue))
    .map(({ run, queue: { name, key, priority = 0, since } }) => {
      const line = JSON.stringify([name, key]);
      const position = (before.get(line) ?? 0) + 1;
      before.set(line, position);
      return { run, key, priority, since, position };
    });
}
