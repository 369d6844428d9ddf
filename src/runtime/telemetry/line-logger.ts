/** The logger of a system that was given none: a line each on stderr, for people or as JSON. */

import { timeOfDay, type TimeSource } from "../../async/time-of-day.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { type LogFields, type Logger, type LogLevel, logLevels } from "./logger.ts";

/**
 * A logger whose lines are safe for a terminal, whatever names and messages hold.
 *
 * @param write takes a line, without its line break. Default: to stderr, by way of `console`, which bears it when that is closed.
 */
export function lineLogger(
  format: "text" | "json",
  clock: TimeSource,
  write: (line: string) => void = (line) => console.error(line),
): Logger {
  const lineOf = format === "json" ? jsonLine : textLine;
  const methods = logLevels.map(
    (level) =>
      [level, (fields: LogFields, message: string) => write(lineOf(level, fields, message, timeOfDay(clock)))] as const,
  );
  return Object.fromEntries(methods) as unknown as Logger;
}

/** `troupe error run-failed: run 7 of sale@1.0.0: the step "pay" failed: …` */
function textLine(level: LogLevel, { event }: LogFields, message: string): string {
  return `troupe ${level} ${event}: ${message}`.replaceAll(/\s*[\p{Cc}\p{Bidi_Control}\u2028\u2029]+\s*/gu, " ").trim();
}

function jsonLine(level: LogLevel, { err, ...fields }: LogFields, message: string, time: number): string {
  const error = err === undefined ? {} : { err: encodeError(err) };
  const line = JSON.stringify({ level, time, msg: message, ...fields, ...error });
  return line.replaceAll(
    /[\u007f-\u009f\p{Bidi_Control}\u2028\u2029]/gu,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
