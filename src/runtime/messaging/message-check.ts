/** Messages against an actor's protocol, at the sender and, where that didn't know the definition, at the receiver. */

import type { Address } from "../../actors/address.ts";
import type { ActorDefinition, MessageSpec, Protocol } from "../../actors/actor-definition.ts";
import { type CheckedCopy, compileCheckedCopy, unfit } from "../../contracts/compiled-copy.ts";
import { checkContract } from "../../contracts/contract.ts";
import { AskError, isAskError } from "../../errors/ask-error.ts";
import type { ErrorCode } from "../../errors/error-code.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { ValueCopier } from "../../values/value-copier.ts";
import type { Sender, Target } from "./actor-ref.ts";
import type { Delivery } from "../cell/delivery.ts";
import type { DeadLetterReason, Envelope } from "../transport/envelope.ts";
import type { ThreadHost } from "../host/thread-host.ts";

/** What these checks need of a definition. */
type Named = Pick<ActorDefinition, "name" | "protocol">;

const refusals: Partial<Record<ErrorCode, DeadLetterReason>> = {
  "no-such-message": "no-such-message",
  "actor-stopped": "actor-stopped",
  "thread-died": "cancelled",
  "system-closed": "system-closed",
  cancelled: "cancelled",
  "timed-out": "expired",
};

/** A message that its receiver refuses: no handler has seen it. */
export class RefusedMessage extends Error {
  readonly error: AskError;
  readonly reason: DeadLetterReason;

  constructor(error: AskError) {
    super(error.message, { cause: error });
    this.error = error;
    this.reason = refusals[error.code] ?? "invalid-message";
  }
}

/**
 * Checks a message before it is sent and returns what travels: an isolated copy of what the schema makes of the payload.
 * The copier's fields tell about the copy. `to` is for errors.
 *
 * @throws AskError `no-such-message` or `contract-violated`, outcome `rejected`; TroupeError as {@link ValueCopier.copy}.
 */
export type MessageCheck = (type: string, payload: unknown, copier: ValueCopier, to: Address) => unknown;

/** What errors call a message. */
export function messageName(type: string, to: Address): string {
  return `message "${type}" to ${to}`;
}

/** What a message carries: checked where its receiver's definition is known, and isolated from its sender. */
export function contentOf(copier: ValueCopier, { address, check }: Target, type: string, payload: unknown): unknown {
  return check === undefined ? copier.copy(payload, messageName(type, address)) : check(type, payload, copier, address);
}

/** The check of an actor's messages. Schemas are compiled when their first message is sent. */
export function messageCheck(definition: Named): MessageCheck {
  const compiled = new Map<string, CheckedCopy | undefined>();
  return (type, payload, copier, to) => {
    let checkedCopy = compiled.get(type);
    if (checkedCopy === undefined && !compiled.has(type)) {
      const input = Object.hasOwn(definition.protocol, type) ? definition.protocol[type]?.input : undefined;
      compiled.set(type, (checkedCopy = input === undefined ? undefined : compileCheckedCopy(input)));
    }
    copier.begin();
    if (checkedCopy !== undefined) {
      const copy = checkedCopy(payload, copier);
      if (copy !== unfit && !copier.isTooLarge) return copy;
    }
    const content = checkMessage(definition, type, payload, "sender");
    return content === undefined ? undefined : copier.copy(content, messageName(type, to));
  };
}

/**
 * Checks a message against its schema, and returns what its schema makes of it: that is what travels.
 *
 * @throws AskError `no-such-message` or `contract-violated`, outcome `rejected`.
 */
function checkMessage({ name, protocol }: Named, type: string, payload: unknown, side: "sender" | "receiver"): unknown {
  const spec = Object.hasOwn(protocol, type) ? protocol[type] : undefined;
  if (spec === undefined) throw noSuchMessage(name, type, protocol);
  if (spec.input === undefined) return undefined;
  try {
    return checkContract(spec.input, payload, {
      agent: `${name}.${type}`,
      version: "protocol",
      direction: "message",
      side,
    });
  } catch (error) {
    if (!isTroupeError(error)) throw error;
    throw new AskError("rejected", error.code, error.message, { details: error.details });
  }
}

/**
 * What a body's handler gets: the payload with its refs revived, bound to `sender`, and checked unless its sender did.
 *
 * @throws RefusedMessage
 */
export function openMessage(host: ThreadHost, sender: Sender, definition: Named, envelope: Envelope): unknown {
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

function noSuchMessage(name: string, type: string, protocol: Protocol): AskError {
  const known = Object.keys(protocol).join(", ");
  return new AskError(
    "rejected",
    "no-such-message",
    `the actor ${name} has no message ${JSON.stringify(type)}; it has ${known}`,
    {
      details: { name, type },
    },
  );
}
