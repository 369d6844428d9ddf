/** Where the supervisor of runs is reached, and the message between it and agents. */

import { internalMessage } from "../messaging/internal-message.ts";
import { systemAddress } from "../../actors/system-actors.ts";
import { agentMailbox } from "../messaging/definition-target.ts";
import type { Target } from "../messaging/target.ts";

export const coordinate = "coordinate";

export const supervisorTarget: Target = {
  address: systemAddress("supervisor"),
  ...agentMailbox,
  check: internalMessage,
};
