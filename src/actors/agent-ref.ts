/** The schema of refs on agents, for contracts. */

import type * as v from "valibot";
import { type ActorRef, refSchema } from "./actor-ref.ts";
import type { AgentProtocol, CallableAgent } from "./callable-agent.ts";

/**
 * The schema of a ref on an agent that was spawned, for contracts and protocols whose messages carry such refs.
 *
 * @example
 * input: v.object({ text: v.string(), expert: agentRef(lawyer) }),
 * execute: ({ text, expert }) => expert.ask("execute", { text }),
 * @since 0.1.0
 */
export function agentRef<In, Out>(
  agent: CallableAgent<In, Out>,
): v.GenericSchema<ActorRef<AgentProtocol<In, Out>, never>> {
  return refSchema("agentRef", agent);
}
