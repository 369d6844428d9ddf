/** What a host answers when it is asked what metrics tell of it. */

import type { AgentCount } from "../../metrics/agent-meter.ts";
import type { Vitals } from "../../ports/vitals.ts";
import type { Position } from "../../store/versions/snapshot.ts";

/** Plain data: it crosses threads. */
export interface HostMeasures {
  readonly actors: number;
  /** Messages waiting in mailboxes. */
  readonly waiting: number;
  /** Messages that were handled since it started. */
  readonly handled: number;
  /** Up to where in the store's order it has seen commits. */
  readonly position: Position;
  readonly agents: readonly AgentCount[];
  /** Absent where there is no thread. */
  readonly vitals: Vitals | undefined;
}
