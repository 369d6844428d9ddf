/** Finds the definition that a run follows, by the module, name and version in the run's history. */

import type { WorkflowDefinition, WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { DefinitionLoader } from "./definition-loader.ts";

/**
 * The definition with the name and version: one of those `given`, or else what the module exports now.
 *
 * @throws TroupeError (as a rejection) `module-failed`, `definition-not-found`, also for another version.
 */
export async function findWorkflow(
  load: DefinitionLoader,
  { module, name, version }: WorkflowId,
  given: readonly WorkflowDefinition[] = [],
): Promise<WorkflowDefinition> {
  const own = given.find((workflow) => workflow.name === name && workflow.version === version);
  if (own !== undefined) {
    load.remember(own);
    return own;
  }
  const workflow = await load.load({ kind: "workflow", module, name, version });
  if (workflow.version === version) return workflow;
  throw new TroupeError(
    "definition-not-found",
    `the run follows ${name}@${version}, but ${module} exports ${name}@${workflow.version}: the module changed since the run was started`,
    { details: { module, name, version, found: workflow.version } },
  );
}
