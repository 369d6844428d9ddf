/** Lists the runs that a store has, by what is asked of them. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { tenantSchema } from "../../contracts/tenant.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import { runOf, runState, runStatuses, type RunStatus } from "../../workflows/history/run-state.ts";
import { type RunView, viewOf } from "../../workflows/history/run-view.ts";

/**
 * Which runs `system.runs` lists: each run that meets all that is given here.
 *
 * @since 0.1.0
 */
export interface RunFilter {
  /** Those of this workflow and version. */
  readonly workflow?: Pick<WorkflowId, "name" | "version">;
  /** Those of this status, or of one of these. */
  readonly status?: RunStatus | readonly RunStatus[];
  /** Those in which this wait is open. */
  readonly waitingFor?: string;
  /** Those of this tenant. */
  readonly tenant?: string;
}

const status = v.picklist(runStatuses);
const schema = v.strictObject({
  workflow: v.optional(v.looseObject({ name: v.string(), version: v.string() })),
  status: v.optional(v.union([status, v.array(status)])),
  waitingFor: v.optional(v.string()),
  tenant: v.optional(tenantSchema),
});

/** @throws TroupeError `invalid-options` */
export function checkRunFilter(filter: RunFilter): void {
  checkOptions("runs", schema, filter);
}

/** Reads one run after another, as it stands when its turn comes. What is in the place of a run and is none is left out. */
export async function* listRuns(
  authority: Pick<StoreAuthority, "keys" | "stored">,
  filter: RunFilter,
  codec: PayloadCodec,
): AsyncGenerator<RunView, undefined> {
  const prefix = stateKey(runState, "");
  for (const key of await authority.keys(prefix)) {
    const view = await viewAt(authority, key, codec);
    if (view !== undefined && isWanted(view, filter)) yield view;
  }
  return undefined;
}

async function viewAt(
  authority: Pick<StoreAuthority, "stored">,
  key: string,
  codec: PayloadCodec,
): Promise<RunView | undefined> {
  const newest = await authority.stored(key);
  if (newest === undefined) return undefined; // it was forgotten meanwhile
  try {
    return viewOf(key.slice(stateKey(runState, "").length), runOf(newest), codec);
  } catch (error) {
    if (!isTroupeError(error, "invalid-state")) throw error;
    return undefined;
  }
}

function isWanted(view: RunView, { workflow, status: wanted, waitingFor, tenant }: RunFilter): boolean {
  return (
    (workflow === undefined || view.workflow === `${workflow.name}@${workflow.version}`) &&
    (wanted === undefined || (typeof wanted === "string" ? [wanted] : wanted).includes(view.status)) &&
    (waitingFor === undefined || isOpen(view, waitingFor)) &&
    (tenant === undefined || view.tenant === tenant)
  );
}

function isOpen({ status: of, steps }: RunView, wait: string): boolean {
  return of === "running" && Object.hasOwn(steps, wait) && steps[wait]?.status === "open";
}
