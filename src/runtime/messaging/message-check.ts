/** Messages against an actor's protocol, at the sender and, where that didn't know the definition, at the receiver. */

import type { Address } from "../../actors/address.ts";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { Protocol } from "../../actors/protocol.ts";
import { type CheckedCopy, compileCheckedCopy, unfit } from "../../contracts/compiled-copy.ts";
import { checkContract } from "../../contracts/contract.ts";
import { AskError, toAskError } from "../../errors/ask-error.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { ValueCopier } from "../../values/value-copier.ts";
import type { MessageCheck, Target } from "./target.ts";
import { shown } from "../../values/shown.ts";

/** What these checks need of a definition. */
export type Named = Pick<ActorDefinition, "name" | "protocol">;

/** What errors call a message. */
export function messageName(type: string, to: Address): string {
  return `message ${shown(type)} to ${to}`;
}

/** What a message carries: checked where its receiver's definition is known, and isolated from its sender. */
export function contentOf(copier: ValueCopier, { address, check }: Target, type: string, payload: unknown): unknown {
  checkType(type, address);
  return check === undefined ? copier.copy(payload, messageName(type, address)) : check(type, payload, copier, address);
}

/** @throws TroupeError `invalid-options` for what is no text, which no error could name. */
export function checkType(type: string, to: Address): void {
  if (typeof type === "string") return;
  throw new TroupeError("invalid-options", `the type of a message to ${to} is a text, not ${shown(type)}`);
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
export function checkMessage(
  { name, protocol }: Named,
  type: string,
  payload: unknown,
  side: "sender" | "receiver",
): unknown {
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
    throw toAskError(error, "rejected");
  }
}

function noSuchMessage(name: string, type: string, protocol: Protocol): AskError {
  const known = Object.keys(protocol).join(", ");
  return new AskError(
    "rejected",
    "no-such-message",
    `the actor ${name} has no message ${shown(type)}; it has ${known}`,
    {
      details: { name, type },
    },
  );
}
