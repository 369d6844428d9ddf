/** What a durable actor's handler sends and emits: held back until what it did has been committed. */

import type { Parcel } from "../../actors/outbox-state.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { nameOf } from "../../actors/address.ts";
import type { Target } from "../messaging/target.ts";
import { contentOf } from "../messaging/message-check.ts";
import type { CellHost } from "../cell/cell-host.ts";

/** A message that was checked when it was sent. It is a copy of its own. */
export type Posted = Omit<Parcel, "number">;

/** An event as a copy of its own, in which refs have their plain form. */
export interface Emitted {
  readonly event: unknown;
  readonly hasRefs: boolean;
}

export class HeldOutput {
  readonly posted: Posted[] = [];
  readonly events: Emitted[] = [];
  readonly #host: Pick<CellHost, "copier">;
  readonly #codec: PayloadCodec;
  readonly #trace: string | undefined;

  /** @param trace the place in a trace at which it is sent. */
  constructor(host: Pick<CellHost, "copier">, codec: PayloadCodec, trace?: string) {
    this.#host = host;
    this.#codec = codec;
    this.#trace = trace;
  }

  /** @throws what sending the message would throw, except if the receiver can't be reached: it may be back after the commit. */
  post(target: Target, type: string, payload: unknown): void {
    const { address, capacity, overflow } = target;
    const { copier } = this.#host;
    const content = contentOf(copier, target, type, payload);
    this.posted.push({
      to: { name: nameOf(address), capacity, overflow },
      type,
      payload: this.#codec.encodeCopy(content, copier),
      ...(this.#trace === undefined ? {} : { trace: this.#trace }),
    });
  }

  /** @throws TroupeError `not-cloneable` or `message-too-large`. */
  emit(event: unknown): void {
    const { copier } = this.#host;
    const copy = copier.copy(event, "an event");
    this.events.push({ event: copy, hasRefs: copier.hasTransferred });
  }
}
