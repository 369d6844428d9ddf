/** The type of the refs on what a definition defines. */

import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { ActorRef } from "../../actors/actor-ref.ts";
import type { AgentProtocol, CallableAgent } from "../../actors/callable-agent.ts";

/**
 * The type of a ref on an actor, or on an agent that is asked directly, by the type of its definition: what `spawn` and `find`
 * resolve to.
 *
 * @example
 * class Till {
 *   readonly #counter: RefOf<typeof counter>;
 * }
 * @since 0.1.0
 */
export type RefOf<Definition extends { readonly kind: "actor" | "agent" }> =
  Definition extends ActorDefinition<infer P, infer E>
    ? ActorRef<P, E>
    : Definition extends CallableAgent<infer In, infer Out>
      ? ActorRef<AgentProtocol<In, Out>, never>
      : never;
