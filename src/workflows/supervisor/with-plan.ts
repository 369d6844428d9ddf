/** What a run that is read from a journal shares with others of its workflow. Pure. */

import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { RunState } from "../history/run-state.ts";

const none = Object.freeze([]);

/**
 * The same run, with all that it has in common with its plan taken from there: 100,000 runs that wait have one outline. Its fingerprint has
 * to be the plan's. The notes of its version are left out, as no later version needs them.
 */
export function withPlan(state: RunState, { id, outlines, fingerprint }: WorkflowPlan): RunState {
  const { module, name, version } = state.workflow;
  const isSame = module === id.module && name === id.name && version === id.version;
  return {
    ...state,
    workflow: isSame ? id : state.workflow,
    ...(state.definition === fingerprint
      ? { definition: fingerprint, steps: { ...state.steps, outline: outlines } }
      : {}),
    events: none,
  };
}
