/** What a context needs of the work that it is for. */

import type { CancellationListener } from "../../async/cancellation.ts";
import type { Fenced } from "./fenced-store.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { Sender } from "../messaging/target.ts";

/** The work that a context is for: a message, a step, or all that a behaviour does. */
export interface Handling {
  /** The sender of what is sent meanwhile. */
  readonly sender: Sender;
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Tells the listener, until it is removed, when the signal aborts. */
  add(listener: CancellationListener): void;
  remove(listener: CancellationListener): void;
  /** Refuses what it commits once it is given up; absent where it can't be, while its actor lives. */
  readonly fence?: Fenced;
  /** Its place in a trace; absent for none. */
  readonly trace?: TraceContext | undefined;
}
