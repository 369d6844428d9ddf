/** The queues: what each allows, how many runs wait and go on, of which keys, and which come next. */

import { stateKey } from "../../store/versions/state-key.ts";
import { live } from "../../store/versions/tombstone.ts";
import { type QueueState, queueState } from "../../workflows/queue/queue-state.ts";
import { type QueuedRun, type QueueView, storedQueue, waitingIn } from "../../workflows/queue/queue-view.ts";
import type { Looking } from "./view.ts";

export interface ShownQueue extends QueueView {
  /** How many keys there are, of which those with the most runs are shown. */
  readonly ofKeys: number;
  /** The runs that come next. */
  readonly next: readonly QueuedRun[];
}

/** How many queues, keys and runs of each are shown. */
const most = 100;

const prefix = stateKey(queueState, "");

export async function shownQueues({ inspected, runs }: Looking): Promise<readonly ShownQueue[]> {
  const reader = inspected.reader();
  const names = (await reader.keys(prefix)).slice(0, most);
  if (names.length === 0) return [];
  const queued = (await runs.newestFirst()).flatMap(({ run, queue }) =>
    queue === undefined ? [] : [{ run, ...queue }],
  );
  const shown: ShownQueue[] = [];
  for (const name of names) {
    const found = live(await reader.stored(name));
    if (found === undefined) continue;
    const view = storedQueue(name.slice(prefix.length), found.state as QueueState, queued);
    const next = waitingIn(queued.filter(({ queue, isWaiting }) => isWaiting && queue.name === view.name));
    const keys = view.keys.toSorted((one, other) => other.waiting + other.released - one.waiting - one.released);
    shown.push({ ...view, keys: keys.slice(0, most), ofKeys: keys.length, next: next.slice(0, most) });
  }
  return shown;
}
