/** The event of a run that goes on with another definition of its workflow. */

import type { Payload } from "../../contracts/payload-codec.ts";
import type { WorkflowId } from "../definition/workflow-definition.ts";
import type { Epoch } from "./coordination.ts";
import type { StepOutline } from "../steps/step-outline.ts";

/**
 * What is recorded of a step becomes this when the run goes on with another definition: for a step that is new and has been passed, what
 * stands in for it; for others, what the new contract makes of it. Absent for what stays.
 *
 * @experimental
 * @since 0.1.0
 */
export interface MigratedValue {
  readonly step: string;
  /** Present for a step that is skipped, as the run has passed it. */
  readonly isSkipped?: true;
  readonly output?: Payload;
  /** Of a sub-workflow. */
  readonly input?: Payload;
  /** Of a wait that was answered and has not opened. */
  readonly answer?: Payload;
  /** Of a loop: those that no round has read. */
  readonly messages?: readonly Payload[];
}

/**
 * From here on the run follows another definition of its workflow.
 *
 * @since 0.1.0
 */
export interface DefinitionChanged {
  readonly type: "definition-changed";
  readonly from: WorkflowId;
  readonly to: WorkflowId;
  readonly epoch: Epoch;
  /** The steps that it has besides those before; among them `skipped`, which the run has passed. */
  readonly added: readonly string[];
  /** The steps that it has no more. Those that are still to be undone by agents in `retired` are not among them. */
  readonly removed: readonly string[];
  readonly skipped: readonly string[];
  /** The steps of which something recorded was changed to what the new contract makes of it; `"input"` for the run's input. */
  readonly adapted: readonly string[];
  readonly steps: readonly StepOutline[];
  /** The fingerprint of the new definition. */
  readonly definition: string;
  /** A hash of the schema of its input. */
  readonly contract: string;
  /** What was changed. Absent in a history: there the run's state has it. */
  readonly values?: readonly MigratedValue[];
  readonly input?: Payload;
}
