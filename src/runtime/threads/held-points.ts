/** Holds the points of all threads of this process. */

import { BroadcastChannel, setEnvironmentData } from "node:worker_threads";
import { nodeRandom } from "../platform/node-random.ts";
import { type PointMessage, pointsChannel } from "./point-protocol.ts";

/**
 * Threads that are opened from now on hold their points, and so does this one: `reached` hears of each, and `pass` has its code go on. Returns what ends
 * that.
 */
export function holdPoints(reached: (lane: string, pass: () => void) => void): () => void {
  const name = `${pointsChannel} ${nodeRandom().next()}`;
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: unknown) => {
    const { data } = event as { readonly data: PointMessage };
    if (data.type !== "reached") return;
    const { id } = data;
    reached(data.lane, () => channel.postMessage({ type: "passes", id } satisfies PointMessage));
  };
  setEnvironmentData(pointsChannel, name);
  return () => {
    setEnvironmentData(pointsChannel, undefined); // none from now on
    channel.close();
  };
}
