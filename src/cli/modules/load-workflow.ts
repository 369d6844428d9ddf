/** Finds the workflow that the command line names. */

import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { attempt } from "../../errors/foreign-value.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { loadExports } from "./load-exports.ts";

export interface WorkflowLocation {
  /** A path, relative to `cwd`, or a file URL. */
  readonly module: string;
  /** The export's name. Default: the default export, or else the only workflow. */
  readonly exportName: string | undefined;
  readonly cwd: string;
}

/**
 * Imports the module and picks the workflow.
 *
 * @throws TroupeError (as a rejection), on one line that names the module: `invalid-input` when there is no such file,
 * `module-failed` when it can't be loaded or throws, `definition-not-found` when it exports no such workflow, no
 * workflow, or several without a choice.
 */
export async function loadWorkflow({ module, exportName, cwd }: WorkflowLocation): Promise<WorkflowDefinition> {
  return pick(module, await loadExports(module, cwd), exportName);
}

/**
 * Imports the module and returns the named workflow, or else all workflows that it exports. If it exports several
 * stages of one, the finished one comes first.
 *
 * @throws TroupeError (as a rejection) as {@link loadWorkflow}, except for several workflows.
 */
export async function loadWorkflows({
  module,
  exportName,
  cwd,
}: WorkflowLocation): Promise<readonly WorkflowDefinition[]> {
  const exports = await loadExports(module, cwd);
  if (exportName !== undefined) return [pick(module, exports, exportName)];
  const workflows = [...new Set(workflowsIn(exports).values())];
  if (workflows.length === 0) throw noWorkflow(module);
  return workflows.toSorted((one, other) => other.steps.length - one.steps.length);
}

function workflowsIn(exports: object): ReadonlyMap<string, WorkflowDefinition> {
  return new Map(
    Object.entries(exports).filter((entry): entry is [string, WorkflowDefinition] => isWorkflow(entry[1])),
  );
}

function pick(module: string, exports: object, exportName: string | undefined): WorkflowDefinition {
  const workflows = workflowsIn(exports);
  const names = [...workflows.keys()];
  const listed = names.length === 0 ? "it exports no workflow" : `its workflows are ${names.join(", ")}`;
  if (exportName !== undefined) {
    const chosen = workflows.get(exportName);
    if (chosen !== undefined) return chosen;
    const what = Object.hasOwn(exports, exportName)
      ? `its export ${exportName} is no workflow`
      : `has no export ${exportName}`;
    throw notFound(module, `${what}; ${listed}`);
  }
  // one workflow may be exported by two names
  const [only, ...others] = new Set(workflows.values());
  if (only === undefined) throw noWorkflow(module);
  const chosen = workflows.get("default") ?? (others.length === 0 ? only : undefined);
  if (chosen !== undefined) return chosen;
  throw notFound(
    module,
    `exports several workflows; choose one: ${names.map((name) => `${module}#${name}`).join(", ")}`,
  );
}

function noWorkflow(module: string): TroupeError {
  return notFound(module, "exports no workflow; export what defineWorkflow(…).step(…) returns");
}

function notFound(module: string, problem: string): TroupeError {
  return new TroupeError("definition-not-found", `${module}: ${problem}`, { details: { module } });
}

function isWorkflow(value: unknown): value is WorkflowDefinition {
  return typeof value === "object" && value !== null && attempt(() => hasSteps(value)) === true;
}

function hasSteps(value: Partial<Record<keyof WorkflowDefinition, unknown>>): boolean {
  const { kind, name, steps } = value;
  return kind === "workflow" && typeof name === "string" && Array.isArray(steps) && !steps.includes(null);
}
