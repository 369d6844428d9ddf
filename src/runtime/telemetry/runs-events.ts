/** What happens to runs, as events and lines of the log. */

import type { Coordination } from "../../workflows/history/coordination.ts";
import type { EventFeed } from "./event-feed.ts";
import type { FailedRun } from "./log-entry.ts";
import type { SystemLog } from "./system-log.ts";

export function runsEvents({ publish }: Pick<EventFeed, "publish">, log: Pick<SystemLog, "failedRun">) {
  return {
    onSwitch: (coordination: Coordination, epoch: number) =>
      publish({ type: "coordination-switched", coordination, epoch }),
    onRecovered: (run: string) => publish({ type: "run-recovered", run }),
    onRefused: (run: string, error: unknown) => publish({ type: "run-refused", run, error }),
    onFailed: (run: FailedRun) => log.failedRun(run),
  };
}
