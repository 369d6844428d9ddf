/** What an inspector is shown of an actor of a host: a copy as text, whatever the actor keeps. */

import type { Address } from "../../actors/address.ts";
import type { PeekedActor, PeekedMessage, PeekedValue } from "../../inspector/source/peeked-actor.ts";
import type { Clock } from "../../ports/clock.ts";
import { plainJson } from "../../values/plain-json.ts";
import { type Envelope, never } from "../transport/envelope.ts";
import type { ThreadHost } from "./thread-host.ts";

/** How many messages of a mailbox are shown, and how many characters of a payload and of a state. */
const mostMessages = 100;
const longestPayload = 65_536;
const longestState = 1_048_576;

/** Returns `undefined` where there is no such actor. */
export function peekActor(
  { cells, clock }: Pick<ThreadHost, "cells" | "clock">,
  address: Address,
): PeekedActor | undefined {
  const cell = cells.get(address);
  if (cell === undefined) return undefined;
  const { life, handles, inHand, mailbox, kept } = cell.standing;
  const shown: PeekedMessage[] = [];
  for (const envelope of mailbox) {
    if (shown.length >= mostMessages) break;
    shown.push(peeked(envelope, clock));
  }
  return {
    life,
    handles,
    waiting: cell.waiting,
    ...(inHand === undefined ? {} : { inHand: peeked(inHand, clock) }),
    mailbox: shown,
    ...(kept === undefined ? {} : "key" in kept ? kept : { state: valueOf(kept.state, longestState) }),
  };
}

function peeked({ id, type, from, isAsk, isTold, deadline, payload }: Envelope, clock: Clock): PeekedMessage {
  return {
    id,
    type,
    ...(from === undefined ? {} : { from }),
    isAsk: isAsk && !isTold,
    ...(deadline === never ? {} : { timeLeft: Math.max(0, deadline - clock.now()) }),
    payload: valueOf(payload, longestPayload),
  };
}

function valueOf(value: unknown, longest: number): PeekedValue {
  const json = plainJson(value);
  return json.length <= longest ? { json } : { json: json.slice(0, longest), isCut: true };
}
