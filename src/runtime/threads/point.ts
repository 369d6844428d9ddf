/** `point`: a labelled place in code, at which something else may go first. */

import { BroadcastChannel, getEnvironmentData } from "node:worker_threads";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import { nodeRandom } from "../platform/node-random.ts";
import { laneOfPoint, type PointHook, pointHook, type PointMessage, pointsChannel } from "./point-protocol.ts";
import { threadMark } from "./thread-mark.ts";

/**
 * Marks a place in the code of an actor, an agent or a task. In a simulation, going on from it is a step of its own: others may take theirs
 * first. On real threads, `runOnThreads` holds it, by chance or until what came before it in a `replay` has gone. Anywhere else it does nothing, and
 * resolves at once.
 *
 * What the code doesn't await is never interrupted, so that no point is needed between a read of the store and a commit. One is of use where code
 * waits for something that the simulation doesn't know as a step, and where two threads meet in something that no message passes.
 *
 * @throws TroupeError `invalid-options` (as a rejection) for a name that isn't one to 100 characters on one line.
 * @example
 * const cached = cache.get(key);
 * await point("before the cache is filled");
 * cache.set(key, await load(key));
 * @since 0.1.0
 * @experimental
 */
export async function point(name: string): Promise<void> {
  if (typeof name !== "string" || !/^[^\n\r]{1,100}$/.test(name))
    throw new TroupeError(
      "invalid-options",
      `point: its name is one to 100 characters on one line, not ${shown(name)}`,
    );
  const simulated = (Reflect.get(globalThis, pointHook) as PointHook | undefined)?.(name);
  if (simulated !== undefined) return simulated;
  const channel = getEnvironmentData(pointsChannel);
  if (typeof channel !== "string") return undefined;
  const thread = Reflect.get(globalThis, threadMark) as number | undefined;
  return heldOnThread(channel, laneOfPoint(name, String(thread ?? 0)));
}

/** Says that a point is reached, and resolves once it may be passed. */
function heldOnThread(channel: string, lane: string): Promise<void> {
  const id = `${lane} ${nodeRandom().next()}`;
  const port = new BroadcastChannel(channel);
  return new Promise((resolve) => {
    port.onmessage = (event: unknown) => {
      const { data } = event as { readonly data: PointMessage };
      if (data.type !== "passes" || data.id !== id) return;
      port.close();
      resolve();
    };
    port.postMessage({ type: "reached", id, lane } satisfies PointMessage);
  });
}
