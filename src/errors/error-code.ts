/**
 * Every code a TroupeError can carry. `docs/errors.md` lists each with its cause and cure; a test checks that none is
 * missing there.
 */

import type { ErrorDetailsByCode } from "./error-details.ts";

/**
 * A stable, kebab-case name of what went wrong. The page on errors has the cause and the cure of each.
 *
 * @since 0.1.0
 */
export type ErrorCode = keyof ErrorDetailsByCode;

/** All codes; a type test compares the list with {@link ErrorDetailsByCode}. */
export const errorCodes = [
  // asks and messages
  "no-such-actor",
  "no-such-message",
  "actor-stopped",
  "mailbox-full",
  "not-cloneable",
  "message-too-large",
  "handler-failed",
  "max-deliveries",
  "timed-out",
  "cancelled",
  "circular-call",
  // policies in front of agents
  "breaker-open",
  "rate-limited",
  "bulkhead-full",
  // contracts
  "contract-violated",
  // threads and the system
  "thread-died",
  "supervision-failed",
  "no-such-thread",
  "module-failed",
  "definition-not-found",
  "name-taken",
  "foreign-ref",
  "not-committed",
  "outbox-full",
  "invalid-options",
  "system-closed",
  // store
  "conflict",
  "no-such-key",
  "no-such-version",
  "erased",
  "no-such-path",
  "key-exists",
  "invalid-state",
  "no-upcaster",
  "schema-newer",
  "recipe-failed",
  "idempotency-mismatch",
  // journals
  "no-such-journal",
  "journal-in-use",
  "journal-format",
  "journal-corrupt",
  "journal-failed",
  "journal-stopped",
  "ownership-lost",
  "on-standby",
  "outcome-unknown",
  "key-too-long",
  // workflows
  "invalid-workflow",
  "run-exists",
  "step-failed",
  "run-cancelled",
  "compensation-failed",
  "run-undone",
  "run-resolved",
  "no-such-run",
  "no-such-schedule",
  "no-such-queue",
  "too-many-items",
  "loop-exhausted",
  "workflow-changed",
  "not-admissible",
  "past-point-of-no-return",
  "overloaded",
  "queue-full",
  // benches
  "bench-failed",
  // simulator
  "simulation-failed",
  "not-repeatable",
  "uncontrolled-source",
  "verification-failed",
  "not-linearizable",
  "deadlock",
  "livelock",
  "process-crashed",
  // input of the command line
  "invalid-input",
] as const satisfies readonly ErrorCode[];
