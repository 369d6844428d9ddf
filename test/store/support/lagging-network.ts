/** An authority and its replicas over channels whose messages arrive in order, but only when the test says so. */

import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import type { AttachedReplica } from "../../../src/store/authority/authority-channel.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import type { AuthorityMessage, ReplicaMessage } from "../../../src/store/replication/store-protocol.ts";
import { StoreReplica } from "../../../src/store/replication/store-replica.ts";
import { fixedClock } from "./fixed-clock.ts";
import { settleAll } from "./turns.ts";

/** What may go wrong on the way: returns the message to deliver instead, or nothing to lose it. */
export interface Tampering {
  readonly toAuthority?: (message: ReplicaMessage, authority: StoreAuthority) => ReplicaMessage | undefined;
  readonly toReplica?: (message: AuthorityMessage) => AuthorityMessage | undefined;
}

export interface NetworkOptions {
  readonly replicas?: number;
  readonly maxFollowed?: number;
  readonly journal?: Journal;
  readonly tampering?: Tampering;
}

/** One direction of a channel. Everything crosses as JSON: what JSON can't carry would be found out. */
class Channel<M> {
  readonly log: M[] = [];
  readonly #queue: string[] = [];
  readonly #deliver: (message: M) => void;

  constructor(deliver: (message: M) => void) {
    this.#deliver = deliver;
  }

  get length(): number {
    return this.#queue.length;
  }

  push(message: M): void {
    this.log.push(message);
    this.#queue.push(JSON.stringify(message));
  }

  deliver(): void {
    const message = this.#queue.shift();
    if (message !== undefined) this.#deliver(JSON.parse(message) as M);
  }
}

export interface NetworkEnd {
  readonly replica: StoreReplica;
  readonly toAuthority: Channel<ReplicaMessage>;
  readonly toReplica: Channel<AuthorityMessage>;
  readonly attached: AttachedReplica;
  readonly defects: Error[];
}

export class LaggingNetwork {
  readonly clock = fixedClock();
  readonly authority: StoreAuthority;
  readonly ends: readonly NetworkEnd[];

  constructor(options: NetworkOptions = {}) {
    const { replicas = 1, maxFollowed, journal = memoryJournal(), tampering = {} } = options;
    this.authority = new StoreAuthority({ journal, clock: this.clock });
    this.ends = Array.from({ length: replicas }, (_, i) => this.#connect(i + 1, maxFollowed, tampering));
  }

  /** One replica's end; the first if not said. */
  end(i = 0): NetworkEnd {
    const end = this.ends[i];
    if (end === undefined) throw new Error(`no replica ${i}`);
    return end;
  }

  /** Both directions of every replica's channel. */
  get channels(): readonly { readonly length: number; deliver(): void }[] {
    return this.ends.flatMap((end) => [end.toAuthority, end.toReplica]);
  }

  /** Those that have a message to deliver. */
  get busy(): readonly { deliver(): void }[] {
    return this.channels.filter((channel) => channel.length > 0);
  }

  /** Delivers everything, and what follows from it. */
  async drain(): Promise<void> {
    for (await settleAll(); this.busy.length > 0; await settleAll()) for (const channel of this.busy) channel.deliver();
  }

  /** Delivers everything while waiting for `work`. */
  async run<T>(work: Promise<T>): Promise<T> {
    await this.drain();
    return work;
  }

  #connect(id: number, maxFollowed: number | undefined, tampering: Tampering): NetworkEnd {
    const defects: Error[] = [];
    const toAuthority = new Channel<ReplicaMessage>((message) => {
      const tampered = tampering.toAuthority === undefined ? message : tampering.toAuthority(message, this.authority);
      if (tampered !== undefined) attached.receive(tampered);
    });
    const toReplica = new Channel<AuthorityMessage>((message) => {
      const tampered = tampering.toReplica === undefined ? message : tampering.toReplica(message);
      if (tampered !== undefined) replica.receive(tampered);
    });
    const replica = new StoreReplica({
      send: (message) => toAuthority.push(message),
      onDefect: (error) => defects.push(error),
      ...(maxFollowed === undefined ? {} : { maxFollowed }),
    });
    const attached = this.authority.attach(id, (message) => toReplica.push(message));
    return { replica, toAuthority, toReplica, attached, defects };
  }
}
