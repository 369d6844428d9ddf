/** What attempts emit, on its way to the listeners of its run. */

import type { Payload } from "../../contracts/payload-codec.ts";

/** Parts that an attempt has emitted, with consecutive numbers. */
export interface Parts {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  /** The number of the first of them, from 0; with no values, how many were emitted so far. A number that is left out is a part that was. */
  readonly index: number;
  readonly values: readonly Payload[];
}
