/** The process's signals. */

import { constants } from "node:os";
import type { Signals } from "../../ports/signals.ts";

export function nodeSignals(): Signals {
  return {
    listen(signals, onSignal) {
      for (const signal of signals) process.on(signal, onSignal);
      return () => {
        for (const signal of signals) process.off(signal, onSignal);
      };
    },
    isHeard: (signal) => process.listenerCount(signal) > 0,
    spare(isExpected) {
      const onError = (error: unknown): void => {
        // another listener, such as the application's, decides by itself
        if (isExpected(error) || process.listenerCount("uncaughtException") > 1) return;
        process.off("uncaughtException", onError);
        setImmediate(() => {
          throw error; // with no listener left, Node.js says where it came from, and exits with code 1
        });
      };
      process.on("uncaughtException", onError);
    },
    end(signal) {
      // last of all exit handlers, so that the parent process sees the signal that ended this one
      process.on("exit", () => {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      });
      process.exit(128 + constants.signals[signal]); // the exit code that shells use, for the first process of a container: the signal doesn't end that one
    },
  };
}
