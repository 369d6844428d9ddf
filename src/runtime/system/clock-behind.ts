/** Tells at a system's start that the machine's clock is behind its journal. */

import { timeOfDay, type TimeSource } from "../../async/time-of-day.ts";
import type { Untimed } from "../telemetry/system-events.ts";

/** The milliseconds from which it is told. */
const leastBehind = 1_000;

/** The event of a clock that is behind `newest`, the time of the journal's newest version; none if it isn't. */
export function clockBehind(newest: number, clock: TimeSource): readonly Untimed[] {
  const behind = newest - timeOfDay(clock);
  return behind < leastBehind ? [] : [{ type: "clock-jumped", by: -behind }];
}
