/**
 * The ways from one host to all hosts: a link to each of the others, and a queue to itself. Only here it matters whether a frame is for
 * another host.
 */

import { homeHost, type HostId } from "../../actors/address.ts";
import { FifoQueue } from "../../async/fifo-queue.ts";
import type { Link } from "../../ports/link.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import { BatchedLink } from "./batched-link.ts";
import type { Envelope } from "./envelope.ts";
import type { Frame } from "./frame.ts";
import { LostHosts } from "./lost-hosts.ts";

export interface RoutesOptions {
  readonly self: HostId;
  readonly turns: Turns;
  /** Everything that this host's store has sent up to now. */
  readonly position: () => Position;
  /** What goes along with a batch to the home host; `undefined` for nothing. */
  readonly along?: (() => Frame | undefined) | undefined;
  readonly receive: (frame: Frame, from: HostId) => void;
  /** Everything that the other host's store had sent up to a position has arrived. */
  readonly reached: (position: Position) => void;
  readonly onUnreadable: (peer: HostId, batch: unknown, error: unknown) => void;
}

export class Routes {
  readonly #options: RoutesOptions;
  readonly #links = new Map<HostId, BatchedLink>();
  readonly #lost = new LostHosts();
  readonly #toSelf = new FifoQueue<Frame>();

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  attach(peer: HostId, link: Link): void {
    const { turns, position, receive, reached, onUnreadable } = this.#options;
    const along = peer === homeHost ? this.#options.along : undefined;
    const onBatch = (frames: Frame[], upTo: Position): void => {
      for (const frame of frames) receive(frame, peer);
      if (upTo > 0) reached(upTo); // only now: updates up to there are in this batch or before it
    };
    this.#links.set(
      peer,
      new BatchedLink({
        peer,
        link,
        turns,
        position,
        along,
        onBatch,
        onUnreadable: (...what) => onUnreadable(peer, ...what),
      }),
    );
  }

  /** A host is gone: it takes no more frames. */
  detach(peer: HostId, error: unknown): void {
    this.#links.get(peer)?.close();
    this.#links.delete(peer);
    this.#lost.add(peer, error);
  }

  /** Why a host is gone; `undefined` for one that is not. A host's link is attached before any of its actors is known. */
  lossOf(peer: HostId): unknown {
    return this.reaches(peer) ? undefined : this.#lost.reason(peer);
  }

  /** True while frames reach a host. */
  reaches(peer: HostId): boolean {
    return peer === this.#options.self || this.#links.has(peer);
  }

  /** How messages to the actors of a host are sent; looked up once for many of them. */
  pathTo(peer: HostId): (envelope: Envelope) => void {
    const { self, receive } = this.#options;
    return peer === self ? (envelope) => receive(envelope, self) : (envelope) => this.#links.get(peer)?.send(envelope);
  }

  /** Sends a frame to another host, or has this one receive it; frames to a host that is gone are lost. */
  transmit(peer: HostId, frame: Frame): void {
    const { self, turns, receive } = this.#options;
    if (peer !== self) this.#links.get(peer)?.send(frame);
    else if (isTakenAtOnce(frame)) receive(frame, self);
    else {
      this.#toSelf.push(frame);
      if (this.#toSelf.length === 1) turns.schedule(this.#receiveOwn);
    }
  }

  readonly #receiveOwn = (): void => {
    const { self, turns, receive } = this.#options;
    for (let n = this.#toSelf.length; n > 0; n--) {
      const frame = this.#toSelf.shift();
      if (frame !== undefined) receive(frame, self);
    }
    if (this.#toSelf.length > 0) turns.schedule(this.#receiveOwn);
  };

  /** Sends what waits for a host now. */
  flushTo(peer: HostId): void {
    this.#links.get(peer)?.flush();
  }

  flush(): void {
    for (const link of this.#links.values()) link.flush();
  }

  /** Takes in, now, what other hosts have sent. */
  drain(): void {
    for (const link of this.#links.values()) link.drain();
  }
}

/** True for frames to an actor, which its own host receives at once. What an actor sends back is received in a later turn. */
function isTakenAtOnce({ kind }: Frame): boolean {
  switch (kind) {
    case "message":
    case "credit":
    case "settled":
    case "subscribe":
    case "unsubscribe":
    case "stop":
      return true;
    default:
      return false;
  }
}
