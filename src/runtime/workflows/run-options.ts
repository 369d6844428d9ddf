/** How a run is started, and the check of what was given. */

import * as v from "valibot";
import { tenantSchema } from "../../contracts/tenant.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { type Coordination, coordinationSchema } from "../../workflows/history/coordination.ts";
import { type Joining, type QueueChoice, queueChoiceSchema } from "../../workflows/queue/joining.ts";
import { isTraceparent } from "../../traces/traceparent.ts";
import type { OverloadPolicy } from "../queues/run-queue.ts";

/**
 * What `system.run` may be told besides the workflow and its input.
 *
 * @since 0.1.0
 */
export interface RunOptions {
  /** The run's id; its history is the key `run/<id>`. Default: a new one. */
  readonly id?: string;
  /** A coordination for this run alone, whatever the system's is or becomes. */
  readonly coordination?: Coordination;
  /**
   * Milliseconds until the run begins with its steps. It is recorded at once, and begins at that time in whichever process is there, or late if none was. Until
   * then it takes no place among `maxRuns`, and is parked. Default: at once.
   */
  readonly startIn?: number;
  /** The time at which it begins, in place of `startIn`: a date, or milliseconds since the epoch. One that has passed is at once. */
  readonly startAt?: Date | number;
  /**
   * The queue in which it waits for its place; `system.queues.set` makes it. It is recorded at once, as durably as the journal makes it, and is released when
   * the queue's limits let it, in whichever process is there. Until then it takes no place among `maxRuns`, and is parked. `key` is what it is counted with:
   * by default its tenant, or nothing. Of those that wait, the highest `priority` comes first, and then the one that came first: a whole number from -1,000 to 1,000,
   * 0 by default. Not together with `startIn` or `startAt`. Default: none.
   */
  readonly queue?: QueueChoice;
  /**
   * Milliseconds until the run is cancelled if it hasn't ended by then, counted from when it begins; its `result` rejects with
   * `timed-out`. It holds across restarts of the process. Default: no such time.
   */
  readonly timeout?: number;
  /**
   * The tenant that the run is for, such as a customer of yours: limits of agents' policies `per: "tenant"` count its steps so, and the calls that
   * these make. It is recorded with the run's start. A text of 1 to 256 characters. Default: none.
   */
  readonly tenant?: string;
  /**
   * What the run belongs to together with others, such as a conversation or a user's visit: backends of traces show the runs of one session
   * together. It is recorded with the run's start. A text of 1 to 250 characters. Default: none.
   */
  readonly session?: string;
  /**
   * Who has the run started, as a W3C `traceparent`, such as the header of a request. The run is the root of a trace of its own, as it may
   * outlive the request, with a link to there; and it is recorded if the caller's trace is, whatever the system's `sample`. Default: none.
   */
  readonly traceparent?: string;
  /** What happens while as many runs as may be are in flight. Default: what the system's options say. */
  readonly onOverload?: OverloadPolicy;
}

/** MLflow refuses a batch of spans for a longer one. */
const longestSession = 250;

/** The latest time that a date can have. */
const lastDate = 8.64e15;

/** The checks of the options, by their names. */
export const runOptionEntries = {
  id: v.optional(v.pipe(v.string(), v.nonEmpty())),
  coordination: v.optional(coordinationSchema),
  startIn: v.optional(
    v.custom<number>(
      (ms) => Number.isFinite(ms) && (ms as number) >= 0,
      ({ received }) => `expected a number of milliseconds from 0, received ${received}`,
    ),
  ),
  startAt: v.optional(
    v.custom<Date | number>(
      (at) => (typeof at === "number" || at instanceof Date) && Math.abs(Number(at)) <= lastDate,
      ({ received }) => `expected a date, or milliseconds since the epoch, received ${received}`,
    ),
  ),
  queue: v.optional(queueChoiceSchema),
  timeout: v.optional(
    v.custom<number>(
      (timeout) => Number.isFinite(timeout) && (timeout as number) > 0,
      ({ received }) => `expected a number of milliseconds above 0, received ${received}`,
    ),
  ),
  tenant: v.optional(tenantSchema),
  session: v.optional(
    v.custom<string>(
      (session) => typeof session === "string" && session !== "" && session.length <= longestSession,
      ({ received }) => `expected a text of 1 to ${longestSession} characters, received ${received}`,
    ),
  ),
  traceparent: v.optional(
    v.custom<string>(
      (given) => typeof given === "string" && isTraceparent(given),
      ({ received }) => `expected a W3C traceparent, such as 00-<32 digits>-<16 digits>-01, received ${received}`,
    ),
  ),
  onOverload: v.optional(v.picklist(["wait", "reject"])),
};

const schema = v.strictObject(runOptionEntries);

const onceSchema = v.strictObject({ ...schema.entries, id: schema.entries.id.wrapped });

/** @throws TroupeError `invalid-options` that names the option, what was expected and what was given. */
export function checkRunOptions(options: RunOptions): void {
  checkOptions("run", schema, options);
  const { startIn, startAt, queue } = options;
  if (startIn !== undefined && startAt !== undefined)
    throw new TroupeError("invalid-options", "run: it takes either startIn or startAt, and not both");
  if (queue !== undefined && (startIn ?? startAt) !== undefined)
    throw new TroupeError(
      "invalid-options",
      "run: it either waits in a queue or begins at a time: leave out one of them",
    );
}

/** When a run begins, in milliseconds since the epoch; `undefined` for at once. @param now the same. */
export function startOf({ startIn, startAt }: RunOptions, now: number): number | undefined {
  const at = startIn === undefined ? startAt : now + startIn;
  return at === undefined || Number(at) <= now ? undefined : Number(at);
}

/** Where a run joins a queue; `undefined` for none. */
export function joiningOf({ queue, tenant = "" }: RunOptions): Joining | undefined {
  return queue && { key: tenant, ...queue };
}

/** The same where the run's id has to be given. */
export function checkOnceOptions(options: RunOptions & { readonly id: string }): void {
  checkOptions("runOnce", onceSchema, options);
}

/**
 * Checks what `switchCoordination` is given.
 *
 * @throws TroupeError `invalid-options`
 */
export function checkCoordination(coordination: Coordination): void {
  checkOptions("switchCoordination", v.object({ coordination: coordinationSchema }), { coordination });
}
