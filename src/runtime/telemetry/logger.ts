/** Where a system's log goes, as an application says it. */

/**
 * How grave a line of the log is, gravest last.
 *
 * @since 0.1.0
 */
export type LogLevel = "debug" | "info" | "warn" | "error";

export const logLevels = ["debug", "info", "warn", "error"] as const satisfies readonly LogLevel[];

/**
 * What a line of the log says besides its message.
 *
 * @since 0.1.0
 */
export interface LogFields {
  /** What happened: `run-failed`, `dead-letter`, or the type of a {@link SystemEvent}. */
  readonly event: string;
  /** The error, if there is one. */
  readonly err?: unknown;
  /** The names of what is concerned, such as `run`, `workflow`, `actor`, `thread` or `agent`. */
  readonly [field: string]: unknown;
}

/**
 * Takes lines of the log, fields first: pino's loggers and `console` are some.
 *
 * @example
 * const system = await createSystem({ logger: pino() });
 * @since 0.1.0
 */
export type Logger = { readonly [level in LogLevel]: (fields: LogFields, message: string) => void };

/**
 * What is logged, and how.
 *
 * @since 0.1.0
 */
export interface LoggerOptions {
  /** The least grave that is logged. Default `"warn"`. */
  readonly level?: LogLevel;
  /** A line for people, or a JSON object a line, on stderr. Default `"text"`. */
  readonly format?: "text" | "json";
  /** A logger that takes the lines in place of stderr. */
  readonly to?: Logger;
}
