/** The baseline's thread: counts what it gets, echoes what asks for it. */

import { parentPort } from "node:worker_threads";

let taken = 0;
parentPort?.on("message", (message) => {
  if (message.kind === "echo") parentPort?.postMessage(message);
  else if (message.kind === "taken") parentPort?.postMessage({ taken });
  else taken++;
});
