/** One actor or agent: what it does, what waits for it, what it keeps, which actors it talks with, and what went wrong. */

import type { Address } from "../../actors/address.ts";
import { isSupervised, nameOf } from "../../actors/address.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { Content, Shown } from "../source/content.ts";
import type { FoundChild, LiveSystem } from "../source/inspected.ts";
import type { PeekedMessage } from "../source/peeked-actor.ts";
import { type ShownEvent, shownEvents } from "./events.ts";
import { type Peer, peersOf } from "./peers.ts";
import { type Form, formOf } from "./schema-form.ts";
import type { Looking, View } from "./view.ts";

export interface ShownMessage extends Omit<PeekedMessage, "payload"> {
  readonly payload: Shown;
}

export interface ActorData {
  readonly isReadOnly: boolean;
  readonly address: string;
  readonly name: string;
  readonly definition: string;
  /** Absent while it is nowhere: its supervisor is to start it again. */
  readonly life?: string;
  readonly thread?: number;
  /** For one that has a supervisor: by its path, and what it says of the actor. */
  readonly supervisor?: { readonly path: string; readonly status: string; readonly restarts: number };
  /** How many messages it handles at the moment; and the one, where it handles one at a time. */
  readonly handles: number;
  readonly inHand?: ShownMessage;
  /** How many messages wait, and the first of them in their order. */
  readonly waiting: number;
  readonly mailbox: readonly ShownMessage[];
  readonly state?: Shown;
  /** The key of a durable actor's state. */
  readonly key?: string;
  /** The senders of its messages and the receivers of what it sent, of what the inspector has recorded. */
  readonly senders: readonly Peer[];
  readonly receivers: readonly Peer[];
  /** The newest first. */
  readonly events: readonly ShownEvent[];
  readonly messages: readonly { readonly type: string; readonly isAsk: boolean; readonly form: Form }[];
  /** Why its messages are not known, in words. */
  readonly unknown?: string;
  readonly can: readonly ("restart" | "send" | "stop")[];
}

const eventsShown = 50;
const payload = "troupe.message.payload";

export const actor: View<ActorData> = (query) => {
  const address = query.required("address") as Address;
  return async (at) => {
    const { live } = at.inspected;
    const found = live?.actors().find((one) => one.address === address);
    if (live === undefined || found === undefined) throw noSuchActor(address);
    const peeked = await live.peek(address);
    const supervisor = supervisorOf(live.trees(), address);
    const { senders, receivers } = peersOf(at.spans, address);
    const thread = supervisor?.thread ?? (isSupervised(address) ? undefined : Number.parseInt(address, 10));
    return {
      isReadOnly: at.isReadOnly,
      address,
      name: found.name,
      definition: found.definition,
      ...(peeked === undefined ? {} : { life: peeked.life }),
      ...(thread === undefined ? {} : { thread }),
      ...(supervisor === undefined ? {} : { supervisor: supervisor.about }),
      handles: peeked?.handles ?? 0,
      ...(peeked?.inHand === undefined ? {} : { inHand: shownMessage(at.content, peeked.inHand) }),
      waiting: peeked?.waiting ?? 0,
      mailbox: (peeked?.mailbox ?? []).map((one) => shownMessage(at.content, one)),
      ...(peeked?.state === undefined ? {} : { state: at.content.fromJson("troupe.state", peeked.state) }),
      ...(peeked?.key === undefined ? {} : { key: peeked.key }),
      senders,
      receivers,
      events: eventsOf(at, address),
      ...(await messagesOf(live, address)),
      can: at.isReadOnly ? [] : supervisor === undefined ? ["send", "stop"] : ["send", "restart", "stop"],
    };
  };
};

function shownMessage(content: Content, message: PeekedMessage): ShownMessage {
  return { ...message, payload: content.fromJson(payload, message.payload) };
}

interface Supervised {
  readonly thread: number | undefined;
  readonly about: NonNullable<ActorData["supervisor"]>;
}

function supervisorOf(trees: readonly FoundChild[], address: Address, above = ""): Supervised | undefined {
  for (const { name, address: own, status = "", restarts, thread, children } of trees) {
    if (own === address) return { thread, about: { path: above, status, restarts } };
    const inside = children && supervisorOf(children, address, above === "" ? name : `${above}/${name}`);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

function eventsOf(at: Looking, address: Address): readonly ShownEvent[] {
  const name = nameOf(address);
  const isAbout = (event: object): boolean =>
    ("actor" in event && event.actor === address) || ("child" in event && event.child === name);
  return shownEvents(at, eventsShown, isAbout);
}

/** A module that can't be loaded here makes the form impossible, and the rest is still to be seen. */
async function messagesOf(live: LiveSystem, address: Address): Promise<Pick<ActorData, "messages" | "unknown">> {
  try {
    const messages = await live.messagesOf(address);
    return { messages: messages.map(({ type, isAsk, input }) => ({ type, isAsk, form: formOf(input) })) };
  } catch (error) {
    if (!isTroupeError(error)) throw error;
    return { messages: [], unknown: error.message };
  }
}

function noSuchActor(address: Address): TroupeError {
  const name = nameOf(address);
  return new TroupeError("no-such-actor", `there is no actor at ${address}; it may have stopped`, {
    details: { name },
  });
}
