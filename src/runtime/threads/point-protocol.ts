/** Who decides when a point is passed: a simulation in this thread, or the thread that holds those of all. */

/** Where a simulation puts what is asked first, on the global object. */
export const pointHook = Symbol.for("troupe.point");

/** Resolves when the point may be passed. Undefined where no run of a simulation goes on. */
export type PointHook = (name: string) => Promise<void> | undefined;

export type PointMessage =
  | { readonly type: "reached"; readonly id: string; readonly lane: string }
  | { readonly type: "passes"; readonly id: string };

/** Where threads find the name of the channel, in the environment data of the process; nothing where points aren't held. */
export const pointsChannel = "troupe.points";

/** How a point is named in traces, by its host: a thread's number, or the name of a task. */
export function laneOfPoint(name: string, host: string): string {
  return `point ${name} on ${host}`;
}
