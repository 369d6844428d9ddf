/** The spawns that the home host orders of other hosts: many travel as one, and each is answered, or ends with its host. */

import type { HostId } from "../../actors/address.ts";
import { decodeError, type EncodedError } from "../../errors/error-codec.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Frame } from "../transport/frame.ts";
import type { SpawnFrame, SpawnOrder } from "../transport/spawn-order.ts";

/** Actors of one definition that leave as one frame; more of them would come later, and gain nothing. */
const maxNames = 256;

export interface SpawnOrdersPorts {
  readonly transmit: (host: HostId, frame: Frame) => void;
  readonly turns: Pick<Turns, "atEndOfTurn">;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Those of one host. */
interface HostOrders {
  last: number;
  readonly waiting: Map<number, Waiting>;
  /** What leaves at the end of the turn. */
  gathered: (SpawnFrame & { readonly names: string[] }) | undefined;
}

export class SpawnOrders {
  readonly #ports: SpawnOrdersPorts;
  readonly #hosts = new Map<HostId, HostOrders>();

  constructor(ports: SpawnOrdersPorts) {
    this.#ports = ports;
  }

  /** Resolves when the actor is spawned; rejects with what its host says, or with what the host ended with. */
  order(host: HostId, { definition, name, ...terms }: SpawnOrder): Promise<void> {
    const orders = this.#of(host);
    const id = ++orders.last;
    if (terms.supervised !== undefined || terms.lease !== undefined) {
      this.#send(host, orders);
      this.#ports.transmit(host, { kind: "spawn", id, definition, names: [name], ...terms });
    } else this.#gather(host, orders, { kind: "spawn", id, definition, names: [name] });
    return new Promise((resolve, reject) => orders.waiting.set(id, { resolve, reject }));
  }

  spawned(host: HostId, ids: readonly number[]): void {
    for (const id of ids) this.#take(host, id)?.resolve();
  }

  notSpawned(host: HostId, id: number, error: EncodedError): void {
    this.#take(host, id)?.reject(decodeError(error));
  }

  /** A host is gone: what it has not answered is not spawned. */
  hostLost(host: HostId, error: unknown): void {
    const orders = this.#hosts.get(host);
    this.#hosts.delete(host);
    for (const { reject } of orders?.waiting.values() ?? []) reject(error);
  }

  #of(host: HostId): HostOrders {
    let orders = this.#hosts.get(host);
    if (orders === undefined) this.#hosts.set(host, (orders = { last: 0, waiting: new Map(), gathered: undefined }));
    return orders;
  }

  #gather(host: HostId, orders: HostOrders, one: SpawnFrame & { readonly names: string[] }): void {
    const { gathered } = orders;
    if (gathered !== undefined && isSame(gathered.definition, one.definition) && gathered.names.length < maxNames) {
      gathered.names.push(...one.names);
      return;
    }
    this.#send(host, orders);
    orders.gathered = one;
    this.#ports.turns.atEndOfTurn(() => orders.gathered === one && this.#send(host, orders));
  }

  #send(host: HostId, orders: HostOrders): void {
    const { gathered } = orders;
    orders.gathered = undefined;
    if (gathered !== undefined) this.#ports.transmit(host, gathered);
  }

  #take(host: HostId, id: number): Waiting | undefined {
    const waiting = this.#hosts.get(host)?.waiting;
    const found = waiting?.get(id);
    waiting?.delete(id);
    return found;
  }
}

function isSame(one: SpawnOrder["definition"], other: SpawnOrder["definition"]): boolean {
  return one === other || (one.name === other.name && one.kind === other.kind && one.module === other.module);
}
