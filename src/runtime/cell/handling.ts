/** What is being handled, as the context of it sees it. */

import type { CancellationListener } from "../../async/cancellation.ts";
import type { Sender } from "../messaging/target.ts";

/** What a context is for: a message, a step, or whatever a behaviour does. */
export interface Handling {
  /** Who sends what is sent meanwhile. */
  readonly sender: Sender;
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Tells the listener, until it is removed, when the signal aborts. */
  add(listener: CancellationListener): void;
  remove(listener: CancellationListener): void;
  /** True once it was left behind: what it commits is refused. Default false. */
  readonly isLeftBehind?: boolean;
}
