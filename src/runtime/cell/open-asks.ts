/** The asks that are being handled on a host: where a cancellation finds them. */

import type { HostId } from "../../actors/address.ts";
import type { AskError } from "../../errors/ask-error.ts";
import type { Envelope } from "../transport/envelope.ts";

/** An ask that is being handled. */
export interface OpenAsk {
  readonly envelope: Envelope;
  /** The asker doesn't wait any longer. */
  cancel(error: AskError): void;
  /** The asker has come past the oldest parts that it was sent. */
  passed(): void;
}

export class OpenAsks {
  /** By the host that asked, then by the ask's id there. */
  readonly #byOrigin = new Map<HostId, Map<number, OpenAsk>>();

  add(ask: OpenAsk): void {
    const { origin, id } = ask.envelope;
    let asks = this.#byOrigin.get(origin);
    if (asks === undefined) this.#byOrigin.set(origin, (asks = new Map()));
    asks.set(id, ask);
  }

  remove({ envelope: { origin, id } }: OpenAsk): void {
    this.#byOrigin.get(origin)?.delete(id);
  }

  find(origin: HostId, id: number): OpenAsk | undefined {
    return this.#byOrigin.get(origin)?.get(id);
  }

  /** A host is gone: returns what it had asked, and forgets it. */
  takeFrom(origin: HostId): Iterable<OpenAsk> {
    const asks = this.#byOrigin.get(origin);
    this.#byOrigin.delete(origin);
    return asks?.values() ?? [];
  }
}
