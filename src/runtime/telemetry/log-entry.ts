/** What is logged of a system's events, dead letters and failed runs. Pure. */

import { messageOf } from "../../errors/caught.ts";
import { refusalOf } from "../../errors/refusal-of.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { describeFailure } from "../../supervision/failure.ts";
import type { WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { DeadLetter, DeadLetterReason } from "../transport/envelope.ts";
import type { LogFields, LogLevel } from "./logger.ts";
import type { SystemEvent } from "./system-events.ts";

export interface LogEntry {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

/** A run that has ended without a result, or could not be started. */
export interface FailedRun {
  readonly id: string;
  readonly workflow: WorkflowId;
  readonly error: unknown;
  /** True if code waits for its result, or follows its events. */
  readonly isAttended: boolean;
}

/** Where an asker hears of it, or its own system's end is the reason. */
const unremarkable: ReadonlySet<DeadLetterReason> = new Set(["expired", "cancelled", "system-closed"]);

export function entryOfRun({ id, workflow, error, isAttended }: FailedRun): LogEntry {
  const isMeant = isTroupeError(error, "run-cancelled") || isTroupeError(error, "run-resolved");
  const { name, version } = workflow;
  return {
    level: isAttended || isMeant ? "info" : "error",
    fields: { event: "run-failed", run: id, workflow: `${name}@${version}`, err: error },
    message: messageOf(error),
  };
}

/** @param isExpected its asker is told, or the system is being closed, which makes a dead letter of each message that waits */
export function entryOfLetter({ reason, to, from, type, detail }: DeadLetter, isExpected: boolean): LogEntry {
  const said = detail === undefined ? "" : `: ${detail}`;
  return {
    level: isExpected || unremarkable.has(reason) ? "debug" : "warn",
    fields: { event: "dead-letter", reason, to, ...(from === undefined ? {} : { from }), type },
    message: `the message "${type}" to ${to} from ${from ?? "outside"} is a dead letter, ${reason}${said}`,
  };
}

export function entryOf({ time: _, ...event }: SystemEvent): LogEntry {
  const { type, ...facts } = event;
  const at = (level: LogLevel, message: string): LogEntry => {
    const { error, ...rest } = facts as { readonly error?: unknown };
    return { level, fields: { event: type, ...rest, ...("error" in facts ? { err: error } : {}) }, message };
  };
  switch (event.type) {
    case "thread-opened":
      return at("debug", `thread ${event.thread} is open`);
    case "thread-closed":
      return at("debug", `thread ${event.thread} is closed`);
    case "thread-died":
      return at("error", `thread ${event.thread} died with ${event.actors.length} actors: ${messageOf(event.error)}`);
    case "thread-not-opened":
      return at(
        "error",
        `no thread could be opened; the next attempt is in ${event.retryAfter} ms: ${messageOf(event.error)}`,
      );
    case "actor-spawned":
      return at("debug", `${event.actor} is spawned`);
    case "actor-stopped":
      return at("debug", `${event.actor} has stopped`);
    case "actor-failed": {
      const did = refusalOf(event.error) === undefined ? "failed to handle" : "refused";
      return at("info", `${event.actor} ${did} "${event.message}": ${messageOf(event.error)}`);
    }
    case "supervisor-decided":
      return at(
        "warn",
        `${event.supervisor} decided to ${event.decision} ${event.child}: ${describeFailure(event.failure)}`,
      );
    case "actor-restarted":
      return at("info", `${event.actor} is restarted on thread ${event.thread}`);
    case "actor-left-behind":
      return at("warn", `${event.actor} didn't stop in time and is left behind on thread ${event.thread}`);
    case "supervisor-escalated":
      return at(
        event.parent === undefined ? "error" : "warn",
        `${event.supervisor} gave up on ${event.child}: ${describeFailure(event.failure)}`,
      );
    case "supervisor-started":
    case "supervisor-stopped":
      return at("debug", `${event.supervisor} has ${event.type === "supervisor-started" ? "started" : "stopped"}`);
    case "decider-failed":
      return at("error", `the decider of ${event.supervisor} failed: ${messageOf(event.error)}`);
    case "coordination-switched":
      return at("info", `the coordination is ${event.coordination} from epoch ${event.epoch} on`);
    case "breaker-opened":
      return at("warn", `the breaker of the agent ${event.agent} is open: ${event.why}`);
    case "breaker-half-opened":
      return at("info", `the breaker of the agent ${event.agent} lets a few calls through: ${event.why}`);
    case "breaker-closed":
      return at("info", `the breaker of the agent ${event.agent} is closed`);
    case "run-recovered":
      return at("info", `the run ${event.run} goes on`);
    case "run-refused":
      return at("error", `the run ${event.run} can't go on: ${messageOf(event.error)}`);
    case "schedule-decided":
      return at(
        event.decision.outcome === "missed" ? "warn" : "debug",
        `the schedule ${event.schedule} has ${event.decision.outcome} ${event.decision.run ?? new Date(event.decision.at).toISOString()}`,
      );
    case "schedule-failed":
      return at("error", `the schedule ${event.schedule} has a time without its run: ${messageOf(event.error)}`);
    case "ownership-lost":
      return at("error", `the system ends: ${messageOf(event.error)}`);
    case "standby-failed":
      return at("error", `the standby ends: ${messageOf(event.error)}`);
    case "shutdown-began":
      return at("info", `the system is shut down within ${event.deadline} ms`);
    case "shutdown-ended":
      return at(
        "info",
        `the system is shut down; ${event.unfinished.length} runs go on next time, ${event.notStarted.length} were not started`,
      );
    case "clock-jumped":
      return at("warn", `the machine's clock went ${event.by < 0 ? "back" : "forward"} by ${Math.abs(event.by)} ms`);
    case "telemetry-failed":
      return at("warn", `traces could not be given on: ${messageOf(event.error)}`);
    case "retention-failed":
      return at("warn", `old versions of ${event.key} could not be dropped: ${messageOf(event.error)}`);
  }
}
