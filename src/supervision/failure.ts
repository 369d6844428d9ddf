/** What can go wrong with a supervisor's child, as data. */

import type { Address } from "../actors/address.ts";
import type { GoneReason } from "../actors/gone.ts";

/**
 * What a decider judges. Errors are what was thrown, as it comes out of another thread.
 *
 * @since 0.1.0
 */
export type Failure =
  /** A handler threw. `deliveries`: how often this message has been begun, the one that failed included. */
  | { readonly kind: "handler-failed"; readonly message: string; readonly error: unknown; readonly deliveries: number }
  /** A behaviour's stream failed. */
  | { readonly kind: "behaviour-failed"; readonly error: unknown }
  /** The thread is gone, for whatever reason, and the actor with it. */
  | { readonly kind: "thread-died"; readonly thread: number; readonly error: unknown }
  /** It could not be started: no thread, no module, or its definition's own code threw. */
  | { readonly kind: "start-failed"; readonly error: unknown }
  /** An actor that it is linked with went down. It runs on itself. */
  | { readonly kind: "linked-actor-died"; readonly actor: Address; readonly reason: GoneReason }
  /** The child is a supervisor, and gave up because of what happened to its own child. */
  | { readonly kind: "escalated"; readonly child: string; readonly failure: Failure }
  /** A behaviour completed. No decider is asked: a permanent child is restarted, any other is gone. */
  | { readonly kind: "completed" };

/** True for a failure that leaves nothing of the child on its thread. */
export function isLoss({ kind }: Failure): boolean {
  return kind === "thread-died" || kind === "start-failed";
}

/** What failed, in words, for errors. */
export function describeFailure(failure: Failure): string {
  switch (failure.kind) {
    case "handler-failed":
      return `it failed to handle "${failure.message}": ${wordsOf(failure.error)}`;
    case "behaviour-failed":
      return `its behaviour failed: ${wordsOf(failure.error)}`;
    case "thread-died":
      return `its thread died: ${wordsOf(failure.error)}`;
    case "start-failed":
      return `it could not be started: ${wordsOf(failure.error)}`;
    case "linked-actor-died":
      return `${failure.actor}, which it is linked with, went down (${failure.reason})`;
    case "escalated":
      return `its child ${failure.child} failed too often: ${describeFailure(failure.failure)}`;
    case "completed":
      return "its behaviour completed";
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
