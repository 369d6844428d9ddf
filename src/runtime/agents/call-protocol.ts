/** What agents ask of the supervisor of runs about the calls that they were given to answer. */

import type { Payload } from "../../contracts/payload-codec.ts";

/** What a call came to before; `undefined` for nothing. */
export type CallAnswer = { readonly output: Payload } | undefined;

/** Asks what a call came to. Answered by a {@link CallAnswer}. */
export interface FindCall {
  readonly type: "find-call";
  readonly run: string;
  readonly name: string;
}

/** Records what a call came to. Answered by a {@link CallAnswer}: what it came to before, and that counts. */
export interface RecordCall {
  readonly type: "record-call";
  readonly run: string;
  readonly name: string;
  /** The agent's name and version. */
  readonly agent: string;
  readonly output: Payload;
}
