/** What agents and the gates on the home host tell each other. */

import { homeHost, type HostId, makeAddress } from "../../actors/address.ts";
import type { CallOutcome } from "../../agents/policies/permit.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { Target } from "../messaging/target.ts";

/**
 * The actor of the gates. A message leaves its mailbox as soon as it was looked at, also where the answer takes a while: what
 * waits for its turn must not hold up the news that another call is over.
 */
export const gatesTarget: Target = {
  address: makeAddress(homeHost, "gates"),
  capacity: 16_384,
  overflow: "backpressure",
  check: undefined,
};

/** The asked `admit`. `call` is unique on the thread that it comes from. */
export interface AdmitRequest {
  readonly agent: string;
  readonly call: number;
  readonly caller: string;
  readonly tokens: number;
}

/** The answer to `admit`. */
export type AdmitAnswer = { readonly admitted: true } | { readonly admitted: false; readonly error: EncodedError };

/** The told ones: how a call goes on that was, or may have been, let ahead. */
export type CallNews =
  | {
      readonly type: "settle";
      readonly call: number;
      readonly outcome: CallOutcome;
      readonly tokens: number;
      readonly took: number;
      /** What it failed with, in words; empty for nothing. */
      readonly error: string;
      readonly isRunning: boolean;
    }
  | { readonly type: "release"; readonly call: number }
  /** It waits no longer; if it was let ahead meanwhile, it is released. */
  | { readonly type: "abandon"; readonly call: number }
  /** A thread has died with all its calls. */
  | { readonly type: "lost"; readonly thread: HostId };
