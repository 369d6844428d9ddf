/** What agents and the gates on the home host tell each other. */

import { internalMessage } from "../messaging/internal-message.ts";
import type { HostId } from "../../actors/address.ts";
import { systemAddress } from "../../actors/system-actors.ts";
import type { CallOutcome, Permit } from "../../agents/policies/permit.ts";
import type { CallOrigin } from "../../agents/call-names.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { Target } from "../messaging/target.ts";

/**
 * The actor of the gates. It takes each message out of its mailbox at once, even if the answer takes a while: a call that waits
 * for its turn must not hold up the news that another call has ended.
 */
export const gatesTarget: Target = {
  address: systemAddress("gates"),
  capacity: 16_384,
  overflow: "backpressure",
  check: internalMessage,
};

/** The input of the ask `admit`. `call` is unique on the thread that it comes from. */
export interface AdmitRequest {
  readonly agent: string;
  readonly call: number;
  readonly caller: string;
  readonly tokens: number;
  /** The run and the tenant that it is for. */
  readonly of: CallOrigin | undefined;
}

/** The answer to `admit`. */
export type AdmitAnswer =
  | ({ readonly admitted: true } & Pick<Permit, "breaker">)
  | { readonly admitted: false; readonly error: EncodedError };

/** The message of a call that went ahead by a lease. */
export type LeaseSettle = Omit<Extract<CallNews, { type: "lease-settle" }>, "type">;

/** The messages that are told: what became of a call that was let ahead, or may have been. */
export type CallNews =
  /** The agent's code begins. Told only where a limit on requests has to know. */
  | { readonly type: "begin"; readonly call: number }
  | {
      readonly type: "settle";
      readonly call: number;
      readonly outcome: CallOutcome;
      readonly tokens: number;
      readonly took: number;
      /** The call's error in words; empty for none. */
      readonly error: string;
      /** Milliseconds that the error says to wait; 0 for none. */
      readonly retryAfter: number;
      readonly isRunning: boolean;
    }
  | { readonly type: "release"; readonly call: number }
  /** A call that went ahead by the lease of its actor has ended, or never began: then it has no outcome. */
  | {
      readonly type: "lease-settle";
      readonly agent: string;
      readonly caller: string;
      readonly generation: number;
      readonly outcome?: CallOutcome;
      readonly took: number;
      readonly error: string;
    }
  /** The call waits no longer; if it was let ahead meanwhile, its permit is released. */
  | { readonly type: "abandon"; readonly call: number }
  /** A thread has died, at that time, with all its calls. */
  | { readonly type: "lost"; readonly thread: HostId; readonly at: number };
