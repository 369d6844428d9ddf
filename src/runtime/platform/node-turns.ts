/**
 * Turns of a real thread. Scheduled tasks run as microtasks, one after another, so that a message is handled with little
 * delay; every so often the event loop gets its turn, so that timers and other threads' batches are never kept waiting.
 */

import type { Turns } from "../../ports/turns.ts";
import { FifoQueue } from "../../async/fifo-queue.ts";

/** How many tasks run before the event loop gets a turn. */
const tasksPerLoop = 64;

export function nodeTurns(): Turns {
  const tasks = new FifoQueue<() => void>();
  const soon = Promise.resolve();
  let isDraining = false;

  const drain = (): void => {
    try {
      for (let n = tasksPerLoop; n > 0; n--) {
        const task = tasks.shift();
        if (task === undefined) {
          isDraining = false;
          return;
        }
        task();
      }
    } catch (error) {
      queueMicrotask(() => {
        throw error; // outside of the promise: an uncaught error, as of any task of Node.js, and no unhandled rejection
      });
    }
    setImmediate(drain); // also after an error: a listener of the application may keep the thread alive
  };

  return {
    schedule(task) {
      tasks.push(task);
      if (isDraining) return;
      isDraining = true;
      void soon.then(drain); // takes a third of the time of queueMicrotask, and comes in the same order (`bench/messages.ts`)
    },
    // node runs these after the microtasks that are ready, before the event loop goes on
    atEndOfTurn: (task) => process.nextTick(task),
    atEndOfLoop: (task) => void setImmediate(task),
  };
}
