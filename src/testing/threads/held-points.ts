/** Holds points of all threads of this process: something says of each when it is passed. */

import { BroadcastChannel, setEnvironmentData } from "node:worker_threads";
import { randomUUID } from "node:crypto";
import { pointsChannel, type PointMessage } from "../../runtime/threads/point-protocol.ts";
import type { Hold } from "./held-threads.ts";

/** How it is named in an order that code has come to a point, which nothing holds. */
export function comesTo(lane: string): string {
  return `to ${lane}`;
}

/** Threads that are opened from now on hold their points, and so does this one. Returns what ends that. */
export function holdPoints(hold: Pick<Hold, "came">): () => void {
  const name = `${pointsChannel} ${randomUUID()}`;
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: unknown) => {
    const { data } = event as { readonly data: PointMessage };
    if (data.type !== "reached") return;
    const { id } = data;
    hold.came(comesTo(data.lane), () => undefined); // what came before it has run
    hold.came(data.lane, () => channel.postMessage({ type: "passes", id } satisfies PointMessage));
  };
  setEnvironmentData(pointsChannel, name);
  return () => {
    setEnvironmentData(pointsChannel, undefined as never); // none from now on
    channel.close();
  };
}
