/** The port for the signals that ask a process to end. */

/** Those that a system can be shut down on. */
export const shutdownSignals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;

export type ShutdownSignal = (typeof shutdownSignals)[number];

export interface Signals {
  /** Calls `onSignal` whenever one of these arrives, instead of what it would do; until the function returned is called. */
  listen(signals: readonly ShutdownSignal[], onSignal: (signal: ShutdownSignal) => void): () => void;
  /** True while somebody listens to a signal. */
  isHeard(signal: ShutdownSignal): boolean;
  /** Ends the process as the signal does where nobody listens. */
  end(signal: ShutdownSignal): void;
}
