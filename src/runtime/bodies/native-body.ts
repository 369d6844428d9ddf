/** The body of the runtime's own actors: a function over messages, any number at a time. */

import type { Address } from "../../actors/address.ts";
import type { ActorBody } from "../cell/actor-cell.ts";
import type { Delivery } from "../cell/delivery.ts";

/** Returns the reply, or a promise of it. */
export type NativeHandler = (type: string, payload: unknown, from: Address | undefined) => unknown;

export function nativeBody(handler: NativeHandler): ActorBody {
  return {
    handle(delivery: Delivery): void | Promise<void> {
      const { type, payload, from } = delivery.envelope;
      const reply = handler(type, payload, from);
      if (reply instanceof Promise) return reply.then((value: unknown) => delivery.replyOwn(value));
      delivery.replyOwn(reply);
    },
    stop: () => undefined,
  };
}
