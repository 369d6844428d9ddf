/** Migrates the runs of a store to another definition of their workflow, one after another. */

import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { isOpen, runState, type RunState } from "../../workflows/history/run-state.ts";
import type { Judgement } from "../../workflows/migration/judge-migration.ts";
import type { RunSupervisor } from "../../workflows/supervisor/run-supervisor.ts";
import { checkMigrateOptions, type MigratedRun, type MigrateOptions, type MigrationReport } from "./migrate-options.ts";
import { noSuchRun } from "./no-such-run.ts";

export interface RunMigrationPorts {
  readonly supervisor: {
    readonly migrations: Pick<RunSupervisor["migrations"], "judge" | "begin" | "migrate">;
    readonly openRuns: Pick<RunSupervisor["openRuns"], "has">;
  };
  readonly authority: Pick<StoreAuthority, "keys">;
  /** The newest version of a run. */
  newest(run: string): MaybePromise<Snapshot<RunState> | undefined>;
  /** Goes on with runs that this system could not go on with before, as far as its options say so. */
  goOn(runs: readonly string[]): Promise<void>;
}

/** @throws TroupeError (as a rejection) `invalid-options`; `no-such-run` for a run that was named and isn't there. */
export async function migrateRuns(
  workflow: WorkflowDefinition,
  options: MigrateOptions,
  { supervisor, authority, newest, goOn }: RunMigrationPorts,
): Promise<MigrationReport> {
  const versions = checkMigrateOptions(workflow, options);
  const { runs: named, dryRun = false } = options;
  const { migrations, openRuns } = supervisor;
  const runs: MigratedRun[] = [];
  const left: string[] = [];
  let epoch: number | undefined;
  for (const run of named ?? (await allRuns(authority))) {
    const found = await readable(run, newest);
    if (found === undefined && named !== undefined) throw noSuchRun(run);
    if (found === undefined || (named === undefined && !isMeant(found.state, workflow, versions))) continue;
    const { workflow: before } = found.state;
    const of = { run, from: before.version };
    if (!isOf(found.state, workflow, versions)) {
      const reasons = [`it is a run of ${before.name}@${before.version}, which is not migrated`];
      runs.push({ ...of, outcome: "refused", reasons });
      continue;
    }
    const isHere = openRuns.has(run);
    const judged = dryRun
      ? await migrations.judge(run, workflow)
      : await migrations.migrate(run, workflow, (epoch ??= await migrations.begin()));
    if (judged === undefined) continue; // it was forgotten meanwhile
    runs.push({ ...of, ...reportOf(judged) });
    if (!dryRun && !isHere && judged.outcome === "ok") left.push(run);
  }
  await goOn(left);
  const { name, version } = workflow;
  return { workflow: `${name}@${version}`, dryRun, runs };
}

async function allRuns(authority: Pick<StoreAuthority, "keys">): Promise<readonly string[]> {
  const prefix = stateKey(runState, "");
  return (await authority.keys(prefix)).map((key) => key.slice(prefix.length));
}

/** What is in the place of a run and is none is left out. */
async function readable(run: string, newest: RunMigrationPorts["newest"]): Promise<Snapshot<RunState> | undefined> {
  try {
    return await newest(run);
  } catch (error) {
    if (!isTroupeError(error, "invalid-state")) throw error;
    return undefined;
  }
}

function isMeant(state: RunState, workflow: WorkflowDefinition, versions: ReadonlySet<string>): boolean {
  return isOpen(state) && isOf(state, workflow, versions);
}

function isOf({ workflow }: RunState, { name }: WorkflowDefinition, versions: ReadonlySet<string>): boolean {
  return workflow.name === name && versions.has(workflow.version);
}

type ReportOf<Reported> = Reported extends unknown ? Omit<Reported, "run" | "from"> : never;

function reportOf(judged: Judgement): ReportOf<MigratedRun> {
  if (judged.outcome === "refused") return judged;
  const { added, removed, skipped, adapted } = judged.event;
  return { outcome: "ok", added, removed, skipped, adapted };
}
