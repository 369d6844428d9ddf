/** What is told of a system's runs: as its events, in its log, and to the followers of runs. */

import type { EventFeed } from "../telemetry/event-feed.ts";
import type { SystemLog } from "../telemetry/system-log.ts";
import type { RunsEvents } from "../workflows/runs.ts";

export function runsEvents(
  { publish }: Pick<EventFeed, "publish">,
  log: Pick<SystemLog, "failedRun">,
  followers: Pick<RunsEvents, "onVersion" | "onEnded">,
): RunsEvents {
  return {
    onSwitch: (coordination, epoch) => publish({ type: "coordination-switched", coordination, epoch }),
    onRecovered: (run) => publish({ type: "run-recovered", run }),
    onRefused: (run, error) => publish({ type: "run-refused", run, error }),
    onFailed: (run) => log.failedRun(run),
    ...followers,
  };
}
