/** Where agents and the supervisor of runs are reached, and the message between them. */

import { internalMessage } from "../messaging/internal-message.ts";
import type { Address } from "../../actors/address.ts";
import { systemAddress } from "../../actors/system-actors.ts";
import type { MailboxOptions } from "../../actors/mailbox-options.ts";
import { messageName } from "../messaging/message-check.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { AskError, toAskError } from "../../errors/ask-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { Target } from "../messaging/target.ts";
import { shown } from "../../values/shown.ts";

export const coordinate = "coordinate";

/** What waits here is bounded by the runs in flight; a large mailbox lets an abort past the work that waits. */
export const agentMailbox = { capacity: 16384, overflow: "backpressure" } as const satisfies Required<MailboxOptions>;
export const supervisorTarget: Target = {
  address: systemAddress("supervisor"),
  ...agentMailbox,
  check: internalMessage,
};

/** The target of an agent for its users: its input is checked before it is sent. */
export function agentTarget(definition: AgentDefinition, address: Address): Target {
  const { name: agent, version, input } = definition;
  return {
    address,
    ...agentMailbox,
    check(type, payload, copier, to) {
      if (type !== "execute") {
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
