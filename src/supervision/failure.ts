/** What can go wrong with a supervisor's child, as data. */

import type { Address } from "../actors/address.ts";
import { messageOf } from "../errors/caught.ts";
import { isTroupeError } from "../errors/troupe-error.ts";
import type { GoneReason } from "../actors/gone.ts";

/**
 * What a decider judges. An `error` is the thrown value as it arrives from the actor's thread.
 *
 * @since 0.1.0
 */
export type Failure =
  /** A handler threw. `deliveries`: how many times this message was begun, this attempt included. `isAsk`: its sender waits for an answer. */
  | {
      readonly kind: "handler-failed";
      readonly message: string;
      readonly error: unknown;
      readonly deliveries: number;
      readonly isAsk: boolean;
    }
  /** A behaviour's stream failed. */
  | { readonly kind: "behaviour-failed"; readonly error: unknown }
  /** The actor's thread is gone, for any reason. */
  | { readonly kind: "thread-died"; readonly thread: number; readonly error: unknown }
  /** The actor could not be started: it has no thread, its module doesn't load, or its definition's code threw. */
  | { readonly kind: "start-failed"; readonly error: unknown }
  /** An actor that this one is linked with went down. This one still runs. */
  | { readonly kind: "linked-actor-died"; readonly actor: Address; readonly reason: GoneReason }
  /** The child is a supervisor that gave up because of its own child's failure. */
  | { readonly kind: "escalated"; readonly child: string; readonly failure: Failure }
  /** A behaviour completed. No decider is asked: a permanent child is restarted, any other is gone. */
  | { readonly kind: "completed" };

/** True for a failure that leaves nothing of the child on its thread. */
export function isLoss({ kind }: Failure): boolean {
  return kind === "thread-died" || kind === "start-failed";
}

/** True if another start can't help, since the definition can't be loaded; also for a supervisor that gave up because of such a child. */
export function isUnloadable(failure: Failure): boolean {
  if (failure.kind === "escalated") return isUnloadable(failure.failure);
  if (failure.kind !== "start-failed") return false;
  const { error } = failure;
  return isTroupeError(error, "module-failed") || isTroupeError(error, "definition-not-found");
}

/** What failed, in words, for errors. */
export function describeFailure(failure: Failure): string {
  switch (failure.kind) {
    case "handler-failed":
      return `it failed to handle "${failure.message}": ${messageOf(failure.error)}`;
    case "behaviour-failed":
      return `its behaviour failed: ${messageOf(failure.error)}`;
    case "thread-died":
      return `its thread died: ${messageOf(failure.error)}`;
    case "start-failed":
      return `it could not be started: ${messageOf(failure.error)}`;
    case "linked-actor-died":
      return `${failure.actor}, which it is linked with, went down (${failure.reason})`;
    case "escalated":
      return `its child ${failure.child} failed too often: ${describeFailure(failure.failure)}`;
    case "completed":
      return "its behaviour completed";
  }
}
