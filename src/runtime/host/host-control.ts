/** The control channel's calls: what the system asks of a thread's host. Plain data in and out. */

import type { Address, HostId } from "../../actors/address.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { PeekedActor } from "../../inspector/source/peeked-actor.ts";
import type { Link } from "../../ports/link.ts";
import type { Vitals } from "../../ports/vitals.ts";
import type { HostMeasures } from "../transport/host-measures.ts";
import type { GateLease } from "../agents/gate-lease.ts";
import type { DefinitionId } from "../definitions/definition-loader.ts";
import type { SupervisedOrder } from "../transport/supervision-protocol.ts";

/** What to spawn: an actor or an agent, by the name of its definition. */
export interface SpawnOrder {
  readonly definition: DefinitionId<"actor" | "agent">;
  /** The actor's name on its host. */
  readonly name: string;
  /** For an actor with a supervisor. */
  readonly supervised?: SupervisedOrder;
  /** For an agent that has one on its gate. */
  readonly lease?: GateLease;
}

/** What a host reports of itself. */
export interface HostStats {
  readonly actors: number;
  /** Messages waiting in mailboxes. */
  readonly waiting: number;
  readonly followedKeys: number;
}

export interface HostControl {
  spawn(order: SpawnOrder): Promise<void>;
  connect(peer: HostId, link: Link): Promise<void>;
  disconnect(peer: HostId, error: EncodedError): Promise<void>;
  stats(): Promise<HostStats>;
  measure(): Promise<HostMeasures>;
  /** How the thread is, apart from what metrics ask of it; `undefined` where that isn't known. It is watched from the first time on. */
  vitals(): Promise<Vitals | undefined>;
  /** Shows one of its actors; `undefined` where it has no such actor. */
  peek(actor: Address): Promise<PeekedActor | undefined>;
  /** Stops all actors of the host, and sends what they had left to send. */
  stopActors(): Promise<void>;
  /** Makes dead letters of what else has arrived; the thread ends after that. The actors have been stopped. */
  close(): Promise<void>;
}
