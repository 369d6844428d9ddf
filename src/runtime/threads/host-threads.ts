/** The port for threads as the system uses it. */

import type { Thread, Threads } from "../../ports/threads.ts";
import type { HostControl } from "../host/host-control.ts";
import type { HostSettings } from "../host/host-settings.ts";

/** A thread that runs a host; links between threads are made by the port itself. */
export type HostThread = Thread<Omit<HostControl, "connect">>;

export type HostThreads = Threads<HostSettings, HostThread["control"]>;
