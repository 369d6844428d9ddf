/**
 * How one host reaches supervised actors, which may move from thread to thread. It keeps where each is, and the messages sent to it
 * that are not known to be settled. While the place of an actor is unknown, messages to it wait. When the actor is on another
 * host, the messages that were not settled are sent there, in order (invariants 2, 5 and 6).
 */

import type { Address, HostId } from "../../actors/address.ts";
import type { GoneReason } from "../../actors/gone.ts";
import type { Envelope } from "../transport/envelope.ts";
import type { Settled, SettledOf, SupervisionFrame } from "../transport/supervision-protocol.ts";
import { FifoQueue } from "../../async/fifo-queue.ts";

type Located = Extract<SupervisionFrame, { kind: "located" }>;
type Departed = Extract<SupervisionFrame, { kind: "departed" }>;

interface Route {
  /** Where the actor is; absent while that isn't known, or its thread has died. */
  host: HostId | undefined;
  /** Which life of the actor that is, counted from 1; 0 until the first is known. */
  incarnation: number;
  /** Sent and not known to be done with, oldest first. */
  readonly unsettled: FifoQueue<Envelope>;
}

export interface SupervisedRoutesOptions {
  readonly self: HostId;
  /** True while frames reach a host. */
  readonly reaches: (host: HostId) => boolean;
  readonly send: (host: HostId, envelope: Envelope) => void;
  /** Asks the home host where an actor is. */
  readonly ask: (actor: Address) => void;
  /** Messages up to an id have left the window. */
  readonly taken: (actor: Address, upTo: number) => void;
  /** Whether an ask still waits for its answer. */
  readonly isAwaited: (id: number) => boolean;
  /** An ask was given up before it was handled. */
  readonly withdrawn: (envelope: Envelope) => void;
  /** An ask was handled, and its answer was lost with the thread. */
  readonly unanswered: (envelope: Envelope) => void;
  /** An actor is somewhere else than before. */
  readonly moved: (actor: Address) => void;
  /** An actor is gone for good. `left` are its messages that were not done with, `begun` is the id of the one that it had begun; 0 for none. */
  readonly departed: (actor: Address, left: readonly Envelope[], reason: GoneReason, begun: number) => void;
}

/** Owns the route to each supervised actor that this host sends to. */
export class SupervisedRoutes {
  readonly #options: SupervisedRoutesOptions;
  readonly #routes = new Map<Address, Route>();
  /** Asks that are done with, of actors that have left a host which sent the answers, and whose answers haven't arrived. */
  #unanswered: { readonly envelope: Envelope; readonly host: HostId }[] = [];

  constructor(options: SupervisedRoutesOptions) {
    this.#options = options;
  }

  /** Where an actor is, as far as this host knows; asks when it never knew. */
  locate(actor: Address): HostId | undefined {
    return this.#route(actor).host;
  }

  /** Sends a message, now or when it is known where to. */
  send(envelope: Envelope): void {
    const { host, unsettled } = this.#route(envelope.to);
    unsettled.push(envelope);
    if (host !== undefined) this.#options.send(host, envelope);
  }

  settled({ actor, taken, settled }: Extract<SupervisionFrame, { kind: "settled" }>): void {
    const route = this.#routes.get(actor);
    if (route !== undefined) settle(route, { settled, inHand: 0 });
    this.#options.taken(actor, taken);
  }

  located({ actor, host, incarnation, isLost, ...progress }: Located): void {
    const route = this.#routes.get(actor) ?? this.#open(actor);
    if (incarnation <= route.incarnation) return; // known already
    const { reaches, withdrawn, send, taken, moved } = this.#options;
    route.incarnation = incarnation;
    this.#settleAll(route, progress, isLost);
    route.host = undefined; // so that what is sent meanwhile waits behind the messages below
    taken(actor, progress.settled);
    route.host = reaches(host) ? host : undefined; // it died meanwhile, too: the next one will be told
    moved(actor);
    for (const envelope of all(route.unsettled)) {
      if (this.#isOver(envelope, isLost)) {
        if (!isLost) withdrawn(envelope);
      } else {
        route.unsettled.push(envelope);
        if (route.host !== undefined) send(route.host, envelope);
      }
    }
  }

  departed({ actor, isLost, reason, ...progress }: Departed): void {
    const route = this.#routes.get(actor);
    if (route === undefined) return;
    this.#settleAll(route, progress, isLost);
    this.#routes.delete(actor);
    this.#options.departed(actor, all(route.unsettled), reason, progress.inHand);
  }

  /** A host is gone: what is for its actors waits until they are elsewhere. */
  hostLost(host: HostId): void {
    for (const route of this.#routes.values()) if (route.host === host) route.host = undefined;
    const { isAwaited, unanswered } = this.#options;
    for (const { envelope } of this.#unanswered.filter((one) => one.host === host)) {
      if (isAwaited(envelope.id)) unanswered(envelope);
    }
  }

  /**
   * Returns the messages that will not be handled any more: those for actors that are nowhere, or were on this host. `settledOf`
   * knows of settled messages that this host was not told of.
   */
  close(settledOf: SettledOf): Envelope[] {
    const { self } = this.#options;
    const left = [...this.#routes].filter(([, { host }]) => host === undefined || host === self);
    this.#routes.clear();
    return left.flatMap(([actor, route]) => {
      settle(route, settledOf(actor));
      return all(route.unsettled);
    });
  }

  #settleAll(route: Route, progress: Settled, isLost: boolean): void {
    const { isAwaited, unanswered } = this.#options;
    this.#unanswered = this.#unanswered.filter(({ envelope }) => isAwaited(envelope.id));
    for (const envelope of settle(route, progress)) {
      if (!envelope.isAsk || !isAwaited(envelope.id)) continue;
      if (isLost || route.host === undefined) unanswered(envelope);
      else this.#unanswered.push({ envelope, host: route.host }); // the answer is on its way
    }
  }

  /**
   * True for an ask that has its answer, or whose asker has stopped waiting. One whose asker only wants it told is sent to the actor's next
   * place all the same, unless the thread that it was on has died.
   */
  #isOver({ id, isAsk, isTold }: Envelope, isLost: boolean): boolean {
    return isAsk && (isLost || !isTold) && !this.#options.isAwaited(id);
  }

  #route(actor: Address): Route {
    const known = this.#routes.get(actor);
    if (known !== undefined) return known;
    const route = this.#open(actor);
    this.#options.ask(actor);
    return route;
  }

  #open(actor: Address): Route {
    const route = { host: undefined, incarnation: 0, unsettled: new FifoQueue<Envelope>() };
    this.#routes.set(actor, route);
    return route;
  }
}

/** Takes out of a route what is done with, and returns it: what is up to `settled`, but for the message in hand. */
function settle({ unsettled }: Route, { settled, inHand }: Settled): Envelope[] {
  const done: Envelope[] = [];
  if (inHand === 0 || inHand > settled) {
    for (let first = unsettled.first; first !== undefined && first.id <= settled; first = unsettled.first) {
      done.push(first);
      unsettled.shift();
    }
    return done;
  }
  for (const envelope of all(unsettled)) {
    if (envelope.id > settled || envelope.id === inHand) unsettled.push(envelope);
    else done.push(envelope);
  }
  return done;
}

function all(queue: FifoQueue<Envelope>): Envelope[] {
  const items: Envelope[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) items.push(next);
  return items;
}
