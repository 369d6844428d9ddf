/** What actors fail with, of which no asker hears. */

import type { Address } from "../../actors/address.ts";
import { messageOf } from "../../errors/caught.ts";
import { refusalOf } from "../../errors/refusal-of.ts";
import type { SystemEvent } from "../../runtime/telemetry/system-events.ts";

/**
 * What an actor failed with.
 *
 * @since 0.1.0
 */
export interface ActorFailure {
  /** The actor; a supervised one by its name after those of its supervisors, such as `shop/checkout`. */
  readonly actor: Address | string;
  /** The message's type; absent for a behaviour of a supervised actor. */
  readonly message?: string;
  readonly error: unknown;
}

/** The failure that an event tells of, if no asker hears of it. */
export function unheardFailure(event: SystemEvent): ActorFailure | undefined {
  if (event.type === "actor-failed") {
    const { actor, message, error, isExpected } = event;
    return isExpected || refusalOf(error) !== undefined ? undefined : { actor, message, error };
  }
  if (event.type !== "supervisor-decided") return undefined;
  const { supervisor, child, failure } = event;
  const actor = `${supervisor}/${child}`;
  if (failure.kind === "handler-failed")
    return failure.isAsk ? undefined : { actor, message: failure.message, error: failure.error };
  return failure.kind === "behaviour-failed" ? { actor, error: failure.error } : undefined;
}

/** The error of a simulation that does not expect the failure. */
export function asError({ actor, message, error }: ActorFailure): Error {
  const what = message === undefined ? "its behaviour" : `its handler of "${message}"`;
  return new Error(`${actor} failed, and no asker hears of it: ${what} threw: ${messageOf(error)}`, { cause: error });
}
