/** The log of one system: picks what is grave enough, bounds it, and gives it to a logger. */

import { messageOf } from "../../errors/caught.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeadLetter } from "../transport/envelope.ts";
import { entryOf, entryOfLetter, entryOfRun, type FailedRun, type LogEntry } from "./log-entry.ts";
import { LogLimit, period } from "./log-limit.ts";
import { type Logger, type LogLevel, logLevels } from "./logger.ts";
import type { SystemEvent } from "./system-events.ts";

/** What is logged, and where. */
export interface LogTarget {
  readonly level: LogLevel;
  readonly to: Logger;
  /** Takes the line that says that `to` threw, and the line that it threw at. */
  readonly fallback: Logger;
}

export class SystemLog {
  readonly #target: LogTarget | undefined;
  readonly #limit: LogLimit;
  /** The level of each kind that was held back. */
  readonly #levels = new Map<string, LogLevel>();

  /** @param target `undefined`: nothing is logged. */
  constructor(clock: Clock, target: LogTarget | undefined) {
    this.#target = target;
    this.#limit = new LogLimit(clock, (event, count) =>
      this.#write({
        level: this.#levels.get(event) ?? "warn",
        fields: { event, count },
        message: `${count} more like this (${event}) within ${period / 1_000} s`,
      }),
    );
  }

  event(event: SystemEvent): void {
    if (this.#target !== undefined) this.#log(entryOf(event));
  }

  deadLetter(letter: DeadLetter, isExpected: boolean): void {
    if (this.#target !== undefined) this.#log(entryOfLetter(letter, isExpected));
  }

  failedRun(run: FailedRun): void {
    if (this.#target !== undefined) this.#log(entryOfRun(run));
  }

  /** Nothing follows. */
  end(): void {
    this.#limit.end();
  }

  #log(entry: LogEntry): void {
    const { level, fields } = entry;
    if (this.#target === undefined || logLevels.indexOf(level) < logLevels.indexOf(this.#target.level)) return;
    if (this.#limit.passes(fields.event)) this.#write(entry);
    else this.#levels.set(fields.event, level);
  }

  /** Never throws: what is logged has happened, and the system has to deal with it whatever becomes of the line. */
  #write({ level, fields, message }: LogEntry): void {
    if (this.#target === undefined) return;
    const { to, fallback } = this.#target;
    try {
      to[level](fields, message);
    } catch (err) {
      fallback.error(
        { event: "logger-failed", err },
        `the system's logger threw, at the following line: ${messageOf(err)}`,
      );
      fallback[level](fields, message);
    }
  }
}
