/** What metrics tell of a host, on any thread. */

import type { VitalSigns } from "../../ports/vitals.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { HostMeasures } from "../transport/host-measures.ts";
import type { ThreadHost } from "./thread-host.ts";

export function measuresOf(
  { cells, handled, meter }: Pick<ThreadHost, "cells" | "handled" | "meter">,
  position: Position,
  vitals: VitalSigns | undefined,
): HostMeasures {
  let waiting = 0;
  for (const cell of cells.values()) waiting += cell.waiting;
  return { actors: cells.size, waiting, handled, position, agents: meter?.counts ?? [], vitals: vitals?.read() };
}
