/** The way of contexts to the agents that they call. */

import type { CallableAgent } from "../../actors/callable-agent.ts";
import type { CallOptions } from "../../actors/call-options.ts";
import type { CallStream } from "../../actors/call-stream.ts";
import type { CallNames } from "../../agents/call-names.ts";
import type { Sender } from "../messaging/target.ts";

/** How a call is made: {@link CallOptions}, and what names it where its caller may be tried again. */
export interface CallTerms extends CallOptions {
  readonly names?: CallNames | undefined;
}

/** Calls agents for the senders of one host. */
export interface CallPort {
  call(sender: Sender, agent: CallableAgent, input: unknown, terms: CallTerms): Promise<unknown>;
  stream(sender: Sender, agent: CallableAgent, input: unknown, terms: CallTerms): CallStream;
}
