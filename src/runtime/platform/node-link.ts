/** A link over a MessagePort. */

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Link } from "../../ports/link.ts";

export function nodeLink(port: MessagePort): Link {
  let receiver: ((batch: unknown) => void) | undefined;
  return {
    send: (batch) => port.postMessage(batch),
    receive(onBatch) {
      receiver = onBatch;
      port.on("message", onBatch);
    },
    drain() {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        receiver?.(next.message);
      }
    },
    close: () => port.close(),
  };
}
