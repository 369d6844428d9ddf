/** What a context needs of the work that it is for. */

import type { CancellationListener } from "../../async/cancellation.ts";
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
  /** True once it was left behind: what it commits is refused. Default false. */
  readonly isLeftBehind?: boolean;
  /** Its place in a trace; absent for none. */
  readonly trace?: TraceContext | undefined;
}
