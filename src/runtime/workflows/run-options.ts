/** How a run is started, and the check of what was given. */

import * as v from "valibot";
import { tenantSchema } from "../../contracts/tenant.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import type { Coordination } from "../../workflows/history/coordination.ts";
import type { OverloadPolicy } from "./run-queue.ts";

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
   * Milliseconds until the run is cancelled if it hasn't ended by then, counted from its start; its `result` rejects with
   * `timed-out`. It holds across restarts of the process. Default: no such time.
   */
  readonly timeout?: number;
  /**
   * The tenant that the run is for, such as a customer of yours: limits of agents' policies `per: "tenant"` count its steps so, and the calls that
   * these make. It is recorded with the run's start. A text of 1 to 256 characters. Default: none.
   */
  readonly tenant?: string;
  /** What happens while as many runs as may be are in flight. Default: what the system's options say. */
  readonly onOverload?: OverloadPolicy;
}

const schema = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.nonEmpty())),
  coordination: v.optional(v.picklist(["orchestrator", "relay"])),
  timeout: v.optional(
    v.custom<number>(
      (timeout) => Number.isFinite(timeout) && (timeout as number) > 0,
      ({ received }) => `expected a number of milliseconds above 0, received ${received}`,
    ),
  ),
  tenant: v.optional(tenantSchema),
  onOverload: v.optional(v.picklist(["wait", "reject"])),
});

const onceSchema = v.strictObject({ ...schema.entries, id: schema.entries.id.wrapped });

/** @throws TroupeError `invalid-options` that names the option, what was expected and what was given. */
export function checkRunOptions(options: RunOptions): void {
  checkOptions("run", schema, options);
}

/** The same where the run's id has to be given. */
export function checkOnceOptions(options: RunOptions & { readonly id: string }): void {
  checkOptions("runOnce", onceSchema, options);
}
