/** The subscriber's end of actors' event streams: what arrives goes to the observers on this host. */

import { Observable, type Subscriber } from "rxjs";
import { type Address, type HostId, hostOf } from "../../actors/address.ts";
import { quietStream } from "../../async/quiet-stream.ts";
import { decodeError } from "../../errors/error-codec.ts";
import type { Sender } from "./target.ts";
import type { Frame, StreamEnd } from "../transport/frame.ts";
import { eventWindow } from "../transport/credit.ts";
import type { MessagingHost } from "./messaging-host.ts";

interface Stream {
  readonly actor: Address;
  readonly subscriber: Subscriber<unknown>;
  readonly sender: Sender;
  /** Events taken since the last credit. */
  taken: number;
}

type EventFrame = Extract<Frame, { readonly kind: "event" }>;

const creditBatch = eventWindow >> 3;

export class EventStreams {
  readonly #host: MessagingHost;
  readonly #locate: (actor: Address) => HostId | undefined;
  readonly #streams = new Map<number, Stream>();
  #lastSubscription = 0;

  /** @param locate the host of an actor; `undefined` while a supervised one is nowhere. */
  constructor(host: MessagingHost, locate: (actor: Address) => HostId | undefined) {
    this.#host = host;
    this.#locate = locate;
  }

  /** The events an actor emits from the moment of subscribing on. Refs in them are bound to `sender`. */
  of(actor: Address, sender: Sender): Observable<unknown> {
    return quietStream(this.#stream(actor, sender));
  }

  #stream(actor: Address, sender: Sender): Observable<unknown> {
    return new Observable((subscriber) => {
      const gone = this.#host.unreachable(actor, "events");
      if (gone !== undefined) {
        subscriber.error(gone);
        return undefined;
      }
      const subscription = ++this.#lastSubscription;
      this.#streams.set(subscription, { actor, subscriber, sender, taken: 0 });
      this.#transmit(actor, { kind: "subscribe", to: actor, subscription });
      return () => {
        if (this.#streams.delete(subscription)) {
          this.#transmit(actor, { kind: "unsubscribe", to: actor, subscription });
        }
      };
    });
  }

  event({ subscription, event, hasRefs }: EventFrame): void {
    const stream = this.#streams.get(subscription);
    if (stream === undefined) return; // unsubscribed while the event was on its way
    stream.subscriber.next(hasRefs === true ? this.#host.revive(event, stream.sender) : event);
    if (++stream.taken < creditBatch) return;
    const { actor, taken: count } = stream;
    stream.taken = 0;
    this.#transmit(actor, { kind: "event-credit", to: actor, subscription, count });
  }

  /** A supervised actor is on another host from now on: its subscriptions move there. */
  moved(actor: Address): void {
    for (const [subscription, stream] of this.#streams) {
      if (stream.actor !== actor) continue;
      stream.taken = 0;
      this.#transmit(actor, { kind: "subscribe", to: actor, subscription });
    }
  }

  /** A supervised actor is gone for good. */
  departed(actor: Address): void {
    this.#completeAll((stream) => stream.actor === actor);
  }

  end(subscription: number, end: StreamEnd): void {
    const stream = this.#streams.get(subscription);
    if (stream === undefined) return;
    this.#streams.delete(subscription);
    if (end.kind === "completed") stream.subscriber.complete();
    else stream.subscriber.error(decodeError(end.error));
  }

  /** A host is gone, and its actors with it. Why, `thread-died` tells. */
  hostLost(host: HostId): void {
    this.#completeAll(({ actor }) => hostOf(actor) === host);
  }

  /** To a supervised actor that is nowhere, nothing: it is told of who listens when it is there. */
  #transmit(actor: Address, frame: Frame): void {
    const host = this.#locate(actor);
    if (host !== undefined) this.#host.transmit(host, frame);
  }

  close(): void {
    this.#completeAll(() => true);
  }

  #completeAll(isOver: (stream: Stream) => boolean): void {
    for (const [subscription, stream] of [...this.#streams]) {
      if (!isOver(stream)) continue;
      this.#streams.delete(subscription);
      stream.subscriber.complete();
    }
  }
}
