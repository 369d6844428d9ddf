/** The message a watcher gets when the actor that it watches is gone. */

import * as v from "valibot";
import type { Address } from "./address.ts";

/**
 * Why an actor is gone:
 * - `stopped`: it was stopped, or its behaviour completed.
 * - `failed`: it failed for good, as its supervisor decided; or its behaviour failed.
 * - `thread-died`: its thread died, and no supervisor starts the actor again.
 * - `left-behind`: it did not stop by its deadline.
 * - `linked-actor-died`: an actor that it was linked with went down.
 * - `no-such-actor`: there was no such actor when the watch began.
 *
 * @since 0.1.0
 */
export type GoneReason = "stopped" | "failed" | "thread-died" | "left-behind" | "linked-actor-died" | "no-such-actor";

/**
 * Says that an actor is gone for good, and why. `system.watch` resolves to it, and a watching actor's message carries it.
 *
 * @since 0.1.0
 */
export interface Gone {
  readonly actor: Address;
  readonly reason: GoneReason;
}

/**
 * The schema of {@link Gone}: the input of the message that an actor gets when an actor it watches is gone.
 *
 * @example
 * protocol: { lost: { input: goneMessage } }, // and in a handler: await context.watch(ref, "lost")
 * @since 0.1.0
 */
export const goneMessage: v.GenericSchema<Gone> = v.object({
  actor: v.custom<Address>((value) => typeof value === "string", "expected an address"),
  reason: v.picklist(["stopped", "failed", "thread-died", "left-behind", "linked-actor-died", "no-such-actor"]),
});
