/**
 * Which messages a supervised actor has begun and settled, by the host that sent them, in memory that outlives the actor's
 * thread. After the thread died, the ledger says which messages are to be delivered again, and how often each was begun
 * (invariants 5 and 6). It can keep one id of each kind, since the ids of one host's messages to one actor only grow, and
 * messages are begun and settled in that order.
 */

import type { HostId } from "../../actors/address.ts";
import type { Envelope } from "../transport/envelope.ts";
import { nothingSettled, type Settled } from "../transport/supervision-protocol.ts";

/** A message by its host and its id there. */
type MessageId = Pick<Envelope, "origin" | "id">;

/**
 * The words of a host: its number, the id last settled, the id last begun, how often that message was begun, and the id of the
 * last message that was dropped for a newer one while an earlier one was in hand.
 */
const words = 5;
const bytesFor = (hosts: number): number => words * hosts * Float64Array.BYTES_PER_ELEMENT;

const firstHosts = 8;
/** More than there are threads; hosts that are gone make room. */
const maxHosts = 4096;
const noHost = -1;

/** A buffer that grows in place. TypeScript knows it from ES2024 on, Node.js since 20. */
interface Growable extends SharedArrayBuffer {
  grow(bytes: number): void;
}

/** Memory for one actor's ledger, for all of its lives. */
export function newLedger(): SharedArrayBuffer {
  const Shared = SharedArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Growable;
  const buffer = new Shared(bytesFor(firstHosts), { maxByteLength: bytesFor(maxHosts) });
  new Float64Array(buffer).fill(noHost);
  return buffer;
}

export class Ledger {
  readonly #buffer: Growable;
  /** Follows the buffer's length. */
  readonly #words: Float64Array;
  /** Where each host's words begin, as far as they were looked for. */
  readonly #places = new Map<HostId, number>();

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer as Growable;
    this.#words = new Float64Array(buffer);
  }

  /** A message is handled from now on, for the `deliveries`-th time. */
  begin({ origin, id }: MessageId, deliveries: number): void {
    const place = this.#placeFor(origin);
    this.#words[place + 2] = 0; // the thread may die between any two of these: then the message counts as not begun
    this.#words[place + 3] = deliveries;
    this.#words[place + 2] = id;
  }

  /** A message is handled, or a dead letter: it and all before it from its host are done with. */
  settle({ origin, id }: MessageId): void {
    this.#words[this.#placeFor(origin) + 1] = id;
  }

  /** A message was dropped for a newer one, while an earlier one from its host is in hand. All up to it but that one are done with. */
  drop({ origin, id }: MessageId): void {
    this.#words[this.#placeFor(origin) + 4] = id;
  }

  /** How far a host's messages are. */
  settledOf(origin: HostId): Settled {
    const place = this.#find(origin);
    if (place === undefined) return nothingSettled;
    const [, settled = 0, begun = 0, , dropped = 0] = this.#words.subarray(place, place + words);
    return { settled: Math.max(settled, dropped), inHand: begun > settled ? begun : 0 };
  }

  /** How often a message that is not settled has been begun. */
  deliveriesOf({ origin, id }: MessageId): number {
    const place = this.#find(origin);
    if (place === undefined || this.#words[place + 2] !== id) return 0;
    return this.#words[place + 3] as number;
  }

  /** A host is gone: what it sent is not delivered again. */
  forget(origin: HostId): void {
    const place = this.#find(origin);
    if (place === undefined) return;
    this.#words.fill(noHost, place, place + words);
    this.#places.delete(origin);
  }

  #find(origin: HostId): number | undefined {
    const known = this.#places.get(origin);
    if (known !== undefined && this.#words[known] === origin) return known;
    const place = this.#placeOf(origin);
    if (place !== undefined) this.#places.set(origin, place);
    return place;
  }

  #placeFor(origin: HostId): number {
    const known = this.#find(origin);
    if (known !== undefined) return known;
    const place = this.#placeOf(noHost) ?? this.#grow();
    this.#words.fill(0, place + 1, place + words);
    this.#words[place] = origin;
    this.#places.set(origin, place);
    return place;
  }

  #placeOf(host: HostId | typeof noHost): number | undefined {
    for (let place = 0; place < this.#words.length; place += words) if (this.#words[place] === host) return place;
    return undefined;
  }

  #grow(): number {
    const { length } = this.#words;
    this.#buffer.grow(2 * this.#buffer.byteLength);
    this.#words.fill(noHost, length);
    return length;
  }
}
