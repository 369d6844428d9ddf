/** The option `logger` of a system: its check, and what comes of it. */

import * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { TimeSource } from "../../async/time-of-day.ts";
import { lineLogger } from "../telemetry/line-logger.ts";
import { type Logger, type LoggerOptions, type LogLevel, logLevels } from "../telemetry/logger.ts";
import type { LogTarget } from "../telemetry/system-log.ts";

/** What the option may be. */
type LoggerOption = false | LogLevel | Logger | LoggerOptions;

const level = v.picklist(logLevels);

const logger = v.custom<Logger>(
  isLogger,
  `expected false, one of ${logLevels.join(", ")}, an object with the methods ${logLevels.join(", ")}, or { level, format, to }`,
);

export const loggerSchema = v.lazy((given) => {
  if (typeof given === "string") return level;
  const isOptions = typeof given === "object" && given !== null && !("warn" in given);
  if (!isOptions) return given === false ? v.literal(false) : logger;
  if ("to" in given) return v.strictObject({ level: v.optional(level), to: logger });
  return v.strictObject({ level: v.optional(level), format: v.optional(v.picklist(["text", "json"])) });
});

/**
 * Where a system's log goes; `undefined` for nowhere.
 *
 * @param fromEnvironment what `TROUPE_LOG` says; the option comes before it.
 * @throws TroupeError `invalid-options` for a `fromEnvironment` that is neither a level nor `off`.
 */
export function logTargetOf(
  option: LoggerOption | undefined,
  fromEnvironment: string | undefined,
  clock: TimeSource,
): LogTarget | undefined {
  const given = option ?? levelOf(fromEnvironment);
  if (given === false) return undefined;
  const fallback = lineLogger("text", clock);
  if (typeof given === "string") return { level: given, to: fallback, fallback };
  if (isLogger(given)) return { level: "info", to: given, fallback };
  const { level: least = "warn", format = "text", to = lineLogger(format, clock) } = given;
  return { level: least, to, fallback };
}

function levelOf(text: string | undefined): LogLevel | false {
  if (text === undefined || text === "") return "warn";
  if (text === "off") return false;
  const found = logLevels.find((one) => one === text);
  if (found !== undefined) return found;
  throw new TroupeError(
    "invalid-options",
    `the environment variable TROUPE_LOG is one of ${logLevels.join(", ")} or off, not ${JSON.stringify(text)}`,
  );
}

function isLogger(given: unknown): given is Logger {
  if ((typeof given !== "object" && typeof given !== "function") || given === null) return false;
  return logLevels.every((one) => typeof Reflect.get(given, one) === "function");
}
