/** A schedule as the store keeps it: the key `schedule/<id>`. */

import * as v from "valibot";
import { defineFamily } from "../../store/versions/define-state.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { WorkflowId } from "../definition/workflow-definition.ts";
import type { QueueChoice } from "../queue/joining.ts";
import type { RecordedTimes } from "./calendar.ts";

/**
 * What becomes of a time at which the run of an earlier one still goes on. `"skip"`: it has no run. `"queue"`: its run starts when the
 * earlier one has ended. `"allow"`: both go on. `"cancel"`: the earlier one is cancelled, and when it has ended the new one starts.
 *
 * @since 0.1.0
 */
export type Overlap = "skip" | "queue" | "allow" | "cancel";

/**
 * What becomes of times at which no process was there to start a run, or which the machine's clock jumped over. `"latest"`: the last of
 * them has its run, late. `"all"`: each has, one after another. `"none"`: what is more than a minute late has none.
 *
 * @since 0.1.0
 */
export type CatchUp = "latest" | "all" | "none";

/**
 * What was decided about the times of a schedule, up to `at`. `started`: the time has its run. `skipped`: an earlier run went on. `missed`: no
 * process was there. `paused`: the schedule was. `failed`: the run could not be started, for the reason `why`.
 *
 * @since 0.1.0
 */
export interface ScheduleDecision {
  readonly outcome: "started" | "skipped" | "missed" | "paused" | "failed";
  /** The time that was due, or the last of several; in milliseconds since the epoch. */
  readonly at: number;
  /** The first of several times, that were skipped, missed or paused together. */
  readonly from?: number;
  /** The run that was started, or that went on. */
  readonly run?: string;
  /** Times before `at` that were missed, as only the latest is caught up. */
  readonly missed?: { readonly from: number; readonly to: number };
  readonly why?: string;
  /** Present where the time was asked for: as one run now, or as one of a stretch that had passed. */
  readonly by?: "trigger" | "backfill";
}

/**
 * What was asked of a schedule and is not decided yet. `run` is the id of the run that a trigger starts. Of a stretch, `from` is the time that is
 * next, and `to` the last moment; both are in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export type ScheduleRequest =
  | { readonly kind: "trigger"; readonly at: number; readonly run: string; readonly overlap?: Overlap }
  | {
      readonly kind: "backfill";
      readonly from: number;
      readonly to: number;
      readonly overlap: "queue" | "allow";
      readonly times: RecordedTimes;
    };

export interface ScheduleState {
  readonly workflow: WorkflowId;
  readonly times: RecordedTimes;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  /** Absent where a function gives the input of each run: that is the process's that set the schedule. */
  readonly input?: { readonly value: Payload };
  readonly tenant?: string;
  readonly timeout?: number;
  readonly queue?: QueueChoice;
  /** Of all times up to this one it is decided what becomes of them. The others follow from `times`, so nothing of the future is stored. */
  readonly decided: number;
  readonly last?: ScheduleDecision;
  /** The last run that was started. */
  readonly run?: string;
  readonly paused?: { readonly since: number; readonly reason?: string };
  /** What was asked for and is not decided yet, in the order asked. */
  readonly requests?: readonly ScheduleRequest[];
  /** The time of the last run that was asked for. */
  readonly triggered?: number;
}

/** The key `schedule/<id>`. Written by the rules of `schedule-machine.ts` alone, so that the schema checks only what every one has. */
export const scheduleState = defineFamily<ScheduleState>({
  name: "schedule",
  version: 1,
  schema: v.custom<ScheduleState>((state) => {
    if (typeof state !== "object" || state === null) return false;
    const { times, decided } = state as Partial<ScheduleState>;
    return typeof times === "object" && typeof decided === "number";
  }),
});
