/** The port for the signals that ask a process to end. */

/**
 * A signal that a system can be shut down on.
 *
 * @since 0.1.0
 */
export type ShutdownSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT";

/** All of them. */
export const shutdownSignals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const satisfies readonly ShutdownSignal[];

export interface Signals {
  /**
   * Calls `onSignal` whenever one of these signals arrives, in place of its default action. Returns a function that
   * ends this.
   */
  listen(signals: readonly ShutdownSignal[], onSignal: (signal: ShutdownSignal) => void): () => void;
  /** True while the process has a listener for the signal. */
  isHeard(signal: ShutdownSignal): boolean;
  /** From now on, an error that no code handles doesn't end the process if it is expected. Any other does, as ever. */
  spare(isExpected: (error: unknown) => boolean): void;
  /** Ends the process as the signal does by default. */
  end(signal: ShutdownSignal): void;
}
