/** What hosts and the supervisors on the home host say to each other, and what hosts need to know to reach supervised actors. */

import type { Address, HostId } from "../../actors/address.ts";
import type { GoneReason } from "../../actors/gone.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { StopMode } from "../../actors/stop-mode.ts";

/** What a supervised actor's host is told when it starts it; plain data but for the shared memory. */
export interface SupervisedOrder {
  /** How often a message is begun at most. */
  readonly maxDeliveries: number;
  readonly ledger: SharedArrayBuffer;
  /** The same for all of the actor's lives in this system, and for no other actor. */
  readonly identity: string;
  /** 1, 2, 3 …: on how many hosts it has been started. */
  readonly incarnation: number;
  /** Why the thread died that it was on before, if that is why it is started. */
  readonly lastDeath?: EncodedError;
}

/** Which messages of one host are done with. */
export interface Settled {
  /** All messages up to this id are done with, except the one in hand; 0 for none. */
  readonly settled: number;
  /** The id of a message that was begun and is not done with, although later ones may be; 0 for none. */
  readonly inHand: number;
}

/** Says which messages of one host to an actor are done with. */
export type SettledOf = (actor: Address) => Settled;

export const nothingSettled: Settled = Object.freeze({ settled: 0, inHand: 0 });

/** What a supervisor tells an actor's host to do with it. */
export type ChildCommand =
  | { readonly type: "resume" }
  /** Begin anew, in place. Answered by `started` or `start-failed`. */
  | { readonly type: "restart" }
  /** Finish the message in hand, then wait. Answered by `suspended`. */
  | { readonly type: "suspend" }
  /** End for good: what waits is left to its senders' hosts, or handled first. */
  | { readonly type: "stop"; readonly mode: StopMode }
  /** Let go of it, whatever it does. Answered by `abandoned` unless it is for good. */
  | { readonly type: "abandon"; readonly isFinal: boolean };

/** What becomes of a supervised actor. In all but the first it waits for a command. */
export type ChildReport =
  | { readonly type: "started" | "suspended" | "abandoned" }
  | { readonly type: "start-failed"; readonly error: EncodedError }
  | BehaviourReport
  | {
      readonly type: "handler-failed";
      readonly message: string;
      readonly error: EncodedError;
      readonly deliveries: number;
      readonly isAsk: boolean;
      /** Where in a trace, as a traceparent; absent for none. */
      readonly trace?: string;
    };

/** A behaviour's stream is over. */
export type BehaviourReport =
  | { readonly type: "completed" }
  | { readonly type: "behaviour-failed"; readonly error: EncodedError };

/** The frames that concern supervised actors. */
export type SupervisionFrame =
  | { readonly kind: "child-command"; readonly actor: Address; readonly command: ChildCommand }
  /** The receiver's messages up to `taken` have left the window, those up to `settled` are done with. */
  | { readonly kind: "settled"; readonly actor: Address; readonly taken: number; readonly settled: number }
  /**
   * Where an actor is from now on, and what of the receiver's messages is done with; `isLost`: answers to those that have not
   * arrived never will.
   */
  | (Settled & {
      readonly kind: "located";
      readonly actor: Address;
      readonly host: HostId;
      readonly incarnation: number;
      readonly isLost: boolean;
    })
  /** There is no such actor any more. What is done with, and `isLost`, as in `located`. */
  | (Settled & {
      readonly kind: "departed";
      readonly actor: Address;
      readonly isLost: boolean;
      readonly reason: GoneReason;
    });
