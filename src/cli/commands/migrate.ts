/** `troupe migrate`: has runs that a process left unfinished go on with another definition of their workflow. */

import { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { MigratedRun, MigrationReport } from "../../runtime/workflows/migrate-options.ts";
import { migrateRuns } from "../../runtime/workflows/run-migration.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { planWorkflow } from "../../workflows/coordination/workflow-plan.ts";
import { runState } from "../../workflows/history/run-state.ts";
import { InForce } from "../../workflows/supervisor/in-force.ts";
import { Migrations } from "../../workflows/supervisor/migrations.ts";
import { exitCodes, journalFlags, journalOf } from "../arguments/journal-arguments.ts";
import { moduleTarget } from "../arguments/module-target.ts";
import type { Command } from "../command/command.ts";
import { type OpenStore, withStore } from "../journal/open-store.ts";
import { loadWorkflow } from "../modules/load-workflow.ts";
import { oneLine } from "../output/one-line.ts";
import { type Paint, painter } from "../output/paint.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "have runs go on with another definition of their workflow",
  flags: {
    ...journalFlags,
    from: { type: "string", multiple: true },
    run: { type: "string", multiple: true },
    "dry-run": { type: "boolean" },
  },
  read(given) {
    const [target = ""] = given.named("MODULE");
    const { module, exportName } = moduleTarget(target, given);
    const journal = journalOf(given);
    const [from, runs] = [given.texts("from"), given.texts("run")];
    const dryRun = given.flag("dry-run");
    const json = given.flag("json");
    return async (terminal, ports) => {
      const workflow = await loadWorkflow({ module, exportName, cwd: terminal.cwd });
      const options = {
        dryRun,
        ...(from.length === 0 ? {} : { from }),
        ...(runs.length === 0 ? {} : { runs }),
      };
      return withStore({ journal, mode: dryRun ? "read" : "write" }, terminal, ports, async (open) => {
        const report = await migrateIn(open, workflow, options);
        const paint = painter(terminal.colours);
        for (const run of report.runs) await terminal.print(json ? JSON.stringify(run) : textOf(run, report, paint));
        if (report.runs.length === 0) terminal.note(`there is no run that can go on with ${oneLine(report.workflow)}`);
        return report.runs.every(({ outcome }) => outcome === "ok") ? 0 : 1;
      });
    };
  },
  help: `troupe migrate: have runs that have not ended go on with another definition of their workflow, one whose follows names theirs

Usage:
  troupe migrate MODULE[#export] --journal DIR [options]

Options:
  --journal DIR   the folder of the journal, or its postgres:// URL; unless it is a dry run, no system may have it open
  --dry-run       only say what would become of each run
  --from VERSION  only runs that follow this version; may be given several times (default: all that the definition follows)
  --run ID        only this run; may be given several times
  --json          a line of JSON for each run
  -h, --help      this text

A run that can't go on with it is refused, with the reasons, and stays as it is. troupe resume goes on with the others, or the
next system does. A system that has the journal open does the same by system.migrate.

${exitCodes.replace("1 failed", "1 a run was refused, or the command failed")}`,
};

function migrateIn(
  { store, authority }: OpenStore,
  workflow: WorkflowDefinition,
  options: Parameters<typeof migrateRuns>[1],
): Promise<MigrationReport> {
  const codec = new PayloadCodec({ maxBytes: Number.POSITIVE_INFINITY });
  const newest = (id: string) => store.snapshotNow(runState, id);
  const ports = {
    commit: store.evolveNow.bind(store),
    newest: ({ definition, id }: { readonly definition: typeof runState; readonly id: string }) =>
      store.snapshotNow(definition, id),
    codec,
  } as ConstructorParameters<typeof Migrations>[0]["ports"];
  const none = (): undefined => undefined;
  // no run goes on in this process
  const migrations = new Migrations({
    ports,
    runs: { get: none, wake: none },
    inForce: new InForce(ports),
    dispatcher: { send: none },
    planOf: planWorkflow,
    payOwed: none,
    record: () => false,
  });
  return migrateRuns(workflow, options, {
    supervisor: { migrations, openRuns: { has: () => false } },
    authority,
    newest,
    goOn: () => Promise.resolve(),
  });
}

/** `trip-7 1.0.0 ok: with insure, without quote` or `trip-8 1.0.0 refused: …`, on one line. */
function textOf(run: MigratedRun, { dryRun }: MigrationReport, paint: Paint): string {
  const start = `${paint("bold", oneLine(run.run))} ${oneLine(run.from)}`;
  if (run.outcome === "refused")
    return `${start} ${paint("red", dryRun ? "would be refused" : "refused")}: ${oneLine(run.reasons.join("; "))}`;
  const { added, removed, skipped, adapted } = run;
  const changes = [
    ["with", added.filter((step) => !skipped.includes(step))],
    ["without", removed],
    ["past", skipped],
    ["adapting", adapted],
  ] as const;
  const what = changes.flatMap(([how, steps]) => (steps.length === 0 ? [] : [`${how} ${steps.join(", ")}`])).join("; ");
  return `${start} ${paint("green", dryRun ? "would go on" : "ok")}${what === "" ? "" : `: ${oneLine(what)}`}`;
}
