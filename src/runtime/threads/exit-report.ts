/** What a thread that is about to end says of the reason, as long as it can say anything. */

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Turns } from "../../ports/turns.ts";
import { type EncodedError, encodeError } from "../../errors/error-codec.ts";

export type ExitReport =
  /** What was thrown outside of any handler was not caught. */
  | { readonly kind: "threw"; readonly error: EncodedError }
  /** A promise's rejection was not handled. */
  | { readonly kind: "rejected"; readonly error: EncodedError }
  | { readonly kind: "exited"; readonly code: number };

/**
 * Has this thread say why it ends. The platform carries an error over as well, but loses codes, causes and details on the
 * way, and doesn't say what kind of end it was. Code that is terminated says nothing. Returns what ends the reports.
 */
export function leaveExitReport(port: MessagePort, turns: Pick<Turns, "atEndOfLoop">): () => void {
  const say = (words: ExitReport): void => port.postMessage(words);
  const onThrown = (thrown: unknown, origin: string): void => {
    if (process.listenerCount("uncaughtException") > 0) return; // an agent's own listener keeps the thread alive
    say({ kind: origin === "unhandledRejection" ? "rejected" : "threw", error: encodeError(thrown) });
  };
  const onExit = (code: number): void => {
    say({ kind: "exited", code });
    // where another listener throws, the thread goes on, half dead; the second call asks no listener any more
    turns.atEndOfLoop(() => process.exit(code));
  };
  process.setMaxListeners(0); // a thread may have many hosts
  process.on("uncaughtExceptionMonitor", onThrown).on("exit", onExit);
  return () => void process.off("uncaughtExceptionMonitor", onThrown).off("exit", onExit);
}

/** What a thread has said by now. An exit comes after the error that it follows from. */
export function readExitReport(port: MessagePort): ExitReport | undefined {
  const received: { message: ExitReport } | undefined = receiveMessageOnPort(port);
  return received?.message;
}
