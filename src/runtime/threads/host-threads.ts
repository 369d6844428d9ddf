/** The port for threads as the system uses it. */

import type { Thread, Threads } from "../../ports/threads.ts";
import type { HostControl } from "../host/host-control.ts";
import type { HostSettings } from "../host/host-settings.ts";

/** A thread that runs a host; links between threads are made by the port itself. */
export type HostThread = Thread<Omit<HostControl, "connect">>;

export interface HostThreads extends Threads<HostSettings, HostThread["control"]> {
  /**
   * Picks the thread of an actor that may be on any: a number from 0 and less than `among`, of the least loaded first. Absent where that is
   * always the least loaded.
   */
  readonly place?: (among: number) => number;
}
