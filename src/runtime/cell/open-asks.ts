/** The asks that are being handled on a host: where a cancellation finds them. */

import type { HostId } from "../../actors/address.ts";
import type { Delivery } from "./delivery.ts";

export class OpenAsks {
  /** By the host that asked, then by the ask's id there. */
  readonly #byOrigin = new Map<HostId, Map<number, Delivery>>();

  add(delivery: Delivery): void {
    const { origin, id } = delivery.envelope;
    let asks = this.#byOrigin.get(origin);
    if (asks === undefined) this.#byOrigin.set(origin, (asks = new Map()));
    asks.set(id, delivery);
  }

  remove({ envelope: { origin, id } }: Delivery): void {
    this.#byOrigin.get(origin)?.delete(id);
  }

  find(origin: HostId, id: number): Delivery | undefined {
    return this.#byOrigin.get(origin)?.get(id);
  }

  /** A host is gone: returns what it had asked, and forgets it. */
  takeFrom(origin: HostId): Iterable<Delivery> {
    const asks = this.#byOrigin.get(origin);
    this.#byOrigin.delete(origin);
    return asks?.values() ?? [];
  }
}
