/** A message at its receiver: opened for a handler, and its reply checked. */

import { checkContract } from "../../contracts/contract.ts";
import type { MessageSpec } from "../../actors/protocol.ts";
import { isAskError } from "../../errors/ask-error.ts";
import type { CellHost } from "./cell-host.ts";
import { checkMessage, type Named } from "../messaging/message-check.ts";
import { RefusedMessage } from "../messaging/refused-message.ts";
import type { Sender } from "../messaging/target.ts";
import type { Envelope } from "../transport/envelope.ts";
import type { Delivery } from "./delivery.ts";

/**
 * What a body's handler gets: the payload with its refs revived, bound to `sender`, and checked unless its sender did.
 *
 * @throws RefusedMessage
 */
export function openMessage(host: CellHost, sender: Sender, definition: Named, envelope: Envelope): unknown {
  const { type, payload, hasRefs, isChecked } = envelope;
  const revived = hasRefs ? host.revive(payload, sender) : payload;
  if (isChecked) return revived;
  try {
    return checkMessage(definition, type, revived, "receiver");
  } catch (error) {
    throw isAskError(error) ? new RefusedMessage(error) : error;
  }
}

/** Answers an ask with what the reply's schema makes of `value`. */
export function replyChecked(definition: Named, delivery: Delivery, value: unknown): void {
  if (!delivery.isAnswered) delivery.reply(checkReply(definition, delivery.envelope.type, value));
}

/** What the reply's schema makes of `value`; nothing where the protocol has no reply. @throws TroupeError `contract-violated`. */
export function checkReply({ name, protocol }: Named, type: string, value: unknown): unknown {
  const schema: MessageSpec["reply"] = protocol[type]?.reply;
  const site = { agent: `${name}.${type}`, version: "protocol", direction: "reply", side: "sender" } as const;
  return schema === undefined ? undefined : checkContract(schema, value, site);
}
