/**
 * The record of a supervised actor's messages: counts how often each was begun, keeps the message in hand as it came so that it
 * can be begun again, and says in the ledger and to the senders' hosts which messages are done with.
 */

import type { Address, HostId } from "../../actors/address.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { Envelope } from "../transport/envelope.ts";
import { Ledger } from "./ledger.ts";
import type { SupervisedOrder } from "../transport/supervision-protocol.ts";
import type { CellHost } from "./cell-host.ts";

/** How far the actor is with the messages of one host. */
interface Progress {
  taken: number;
  settled: number;
  /** How many have left the window since the host was told. */
  owed: number;
}

export interface DeliveryLogOptions {
  readonly host: Pick<CellHost, "id" | "copier" | "transmit">;
  readonly actor: Address;
  readonly order: SupervisedOrder;
  /** After how many messages that have left the window their host is told. */
  readonly batch: number;
}

export class DeliveryLog {
  readonly #host: DeliveryLogOptions["host"];
  readonly #actor: Address;
  readonly #order: SupervisedOrder;
  readonly #batch: number;
  readonly #ledger: Ledger;
  readonly #progress = new Map<HostId, Progress>();
  /** The message in hand as it came. */
  #inHand: Envelope | undefined;
  #deliveries = 0;

  constructor({ host, actor, order, batch }: DeliveryLogOptions) {
    this.#host = host;
    this.#actor = actor;
    this.#order = order;
    this.#batch = batch;
    this.#ledger = new Ledger(order.ledger);
  }

  /** The death of the thread that the actor was on before, if the actor began anew because of it. */
  get lastDeath(): EncodedError | undefined {
    return this.#order.lastDeath;
  }

  /** How often the message in hand has been begun. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /** The message in hand as it came. */
  get inHand(): Envelope | undefined {
    return this.#inHand;
  }

  /** Begins a message. Returns what the body gets; `undefined` for a message that was begun `maxDeliveries` times already. */
  begin(envelope: Envelope): Envelope | undefined {
    const before = this.#inHand === envelope ? this.#deliveries : this.#ledger.deliveriesOf(envelope);
    this.#inHand = envelope;
    this.#deliveries = before;
    if (before >= this.#order.maxDeliveries) return undefined;
    this.#deliveries = before + 1;
    this.#ledger.begin(envelope, this.#deliveries);
    const { payload, isRepeat } = envelope;
    const copy =
      typeof payload === "object" ? this.#host.copier.copy(payload, "a message", Number.POSITIVE_INFINITY) : payload;
    return { ...envelope, payload: copy, isRepeat: isRepeat || before > 0 };
  }

  /** True for a message that was begun before and isn't done with. */
  wasBegun(envelope: Envelope): boolean {
    return this.#ledger.deliveriesOf(envelope) > 0;
  }

  /** The message in hand failed through no fault of its own: this time doesn't count as begun. */
  forgive(): void {
    this.#deliveries--;
  }

  /** A key of the message: the same each time that it is delivered, and different from that of any other message to any actor. */
  keyOf({ origin, id }: Envelope): string {
    return `${this.#order.identity}/${origin}#${id}`;
  }

  /** A message has left the sender's window, but is not done with: only under `drop-oldest`. */
  take(envelope: Envelope): void {
    const progress = this.#of(envelope.origin);
    progress.taken = envelope.id;
    this.#tell(envelope.origin, progress);
  }

  /** A message is handled, or a dead letter. */
  settle(envelope: Envelope): void {
    const { origin, id } = envelope;
    const inHand = this.#inHand?.origin === origin ? this.#inHand : undefined;
    if (inHand !== undefined && inHand.id < id) {
      this.#ledger.drop(envelope);
      return;
    }
    if (inHand?.id === id) this.#inHand = undefined;
    const progress = this.#of(origin);
    progress.settled = Math.max(id, this.#ledger.settledOf(origin).settled);
    progress.taken = Math.max(progress.taken, progress.settled);
    this.#ledger.settle({ origin, id: progress.settled });
    this.#tell(origin, progress);
  }

  /** A host is gone. */
  forget(host: HostId): void {
    this.#progress.delete(host);
    this.#ledger.forget(host);
  }

  #of(origin: HostId): Progress {
    let progress = this.#progress.get(origin);
    if (progress === undefined) this.#progress.set(origin, (progress = { taken: 0, settled: 0, owed: 0 }));
    return progress;
  }

  #tell(origin: HostId, progress: Progress): void {
    if (++progress.owed < this.#batch && origin !== this.#host.id) return;
    progress.owed = 0;
    const { taken, settled } = progress;
    this.#host.transmit(origin, { kind: "settled", actor: this.#actor, taken, settled });
  }
}
