/** The points that code comes to in a run. */

import { laneOfPoint } from "../../../runtime/threads/point-protocol.ts";
import type { Scheduler, StepsInOrder } from "./scheduler.ts";

/** Makes a step of each, in order among those of one name and host. Steps end with their host. */
export function pointsOfRun(
  scheduler: Pick<Scheduler, "lane" | "turn">,
  isAlive: (host: string) => boolean,
  comesTo: (lane: string) => void = () => undefined,
): (name: string) => Promise<void> {
  const lanes = new Map<string, StepsInOrder>();
  return (name) => {
    const { host } = scheduler.turn;
    const lane = laneOfPoint(name, host === "the world" ? "0" : host); // a scenario's own code is on the system's thread
    const steps = lanes.get(lane) ?? scheduler.lane(lane, host, () => isAlive(host));
    lanes.set(lane, steps);
    comesTo(lane);
    return new Promise((resolve) => void steps.add(0, resolve));
  };
}
