/** The limits of asks that are made while a message or a step of a run is handled. */

import type { Cancellation } from "../async/cancellation.ts";
import type { TraceContext } from "../traces/traceparent.ts";
import type { Address } from "./address.ts";

/**
 * The deadline and cancellation of one piece of work. Its asks end no later than the work and are cancelled with it,
 * across any number of actors and threads, since their answers are of no use afterwards. Deadlines and cancellation
 * propagate as in gRPC; see also Smith, "Notes on structured concurrency" (2018).
 */
export interface AskScope {
  /** Milliseconds since the epoch by the system's clock; Infinity for none. */
  readonly deadline: number;
  readonly cancellation: Cancellation;
  /** True once the work is done: asks that it makes afterwards are unbounded. */
  readonly isOver: boolean;
  /** True once the work was given up while its code still runs: what it sends is refused. Default false. */
  readonly isLeftBehind?: boolean;
  /** The actors that wait for it, each for the next one, and the last for it. Default: none. */
  readonly askers?: readonly Address[] | undefined;
  /** Its place in a trace; absent for none. */
  readonly trace?: TraceContext | undefined;
}
