/** Targets on actors and agents whose definition is known: what is sent is checked before it leaves. */

import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { Address } from "../../actors/address.ts";
import type { CallableAgent } from "../../actors/callable-agent.ts";
import { defaultMailbox, type MailboxOptions } from "../../actors/mailbox-options.ts";
import { checkContract } from "../../contracts/contract.ts";
import { AskError, toAskError } from "../../errors/ask-error.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import { messageCheck, messageName } from "./message-check.ts";
import type { Target } from "./target.ts";

/** What waits here is bounded by the runs in flight; a large mailbox lets an abort past the work that waits. */
export const agentMailbox = { capacity: 16384, overflow: "backpressure" } as const satisfies Required<MailboxOptions>;

/** The target for an actor or an agent. */
export function targetOf(definition: ActorDefinition | CallableAgent, address: Address): Target {
  if (definition.kind === "agent") return agentTarget(definition, address);
  const { capacity, overflow } = { ...defaultMailbox, ...definition.mailbox };
  return { address, capacity, overflow, check: messageCheck(definition) };
}

/** The messages of an agent. By `stream`, it is asked for what it emits as well; only calls ask so. */
export type AgentMessage = "execute" | "stream";

/** The target of an agent for its users: its input is checked before it is sent. */
export function agentTarget(
  { name: agent, version, input }: CallableAgent,
  address: Address,
  messages: readonly AgentMessage[] = ["execute"],
): Target {
  return {
    address,
    ...agentMailbox,
    check(type, payload, copier, to) {
      if (!messages.some((message) => message === type)) {
        throw new AskError(
          "rejected",
          "no-such-message",
          `the agent ${agent} has no message ${shown(type)}; it has execute`,
        );
      }
      try {
        checkContract(input, payload, { agent, version, direction: "input", side: "sender" });
      } catch (error) {
        if (!isTroupeError(error)) throw error;
        throw toAskError(error, "rejected");
      }
      return copier.copy(payload, messageName(type, to));
    },
  };
}
