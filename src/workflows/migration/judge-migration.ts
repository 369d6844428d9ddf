/**
 * Whether a run can go on with another definition of its workflow, decided from its data. A run is folded and not replayed: what is recorded
 * of it has to fit the new definition, and nothing else. Pure. No agent takes part in it.
 */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { makeList } from "../coordination/lists.ts";
import { sourcesIn } from "../coordination/decide.ts";
import { allOpenings, planFor, type WorkflowPlan } from "../coordination/workflow-plan.ts";
import { messageOf } from "../../errors/caught.ts";
import type { Epoch } from "../history/coordination.ts";
import type { DefinitionChanged, MigratedValue } from "../history/definition-changed.ts";
import { endsAtOnce } from "../history/ends-at-once.ts";
import type { RunEvent } from "../history/run-event.ts";
import { apply } from "../history/run-machine.ts";
import { stepOf } from "../history/run-progress.ts";
import { isOpen, type RunState } from "../history/run-state.ts";
import { Findings } from "./findings.ts";
import { judgeInput, judgeSteps } from "./kept-steps.ts";
import { passSteps } from "./passed-steps.ts";

export interface MigrationTerms {
  readonly codec: PayloadCodec;
  readonly epoch: Epoch;
  /** The plan by which the run goes on in this process; absent for a run that doesn't. */
  readonly former?: WorkflowPlan | undefined;
}

/** What becomes of a run. */
export type Judgement =
  | {
      readonly outcome: "ok";
      /** The plan for the run from now on. */
      readonly plan: WorkflowPlan;
      readonly event: DefinitionChanged;
      /** What ends by it: sub-workflows and lists of which nothing is left, and then the run. */
      readonly ends: readonly RunEvent[];
      /** The run after all of these. */
      readonly next: RunState;
    }
  | { readonly outcome: "refused"; readonly reasons: readonly string[] };

export function judgeMigration(run: string, state: RunState, to: WorkflowPlan, terms: MigrationTerms): Judgement {
  if (!isOpen(state)) return refused([`it has ended: it is ${state.status}`]);
  if (state.definition === to.fingerprint) return refused(["it follows this definition already"]);
  const findings = new Findings(terms.codec);
  judgeInput(state, to, findings);
  const gone = judgeSteps(state, to, terms.former, findings);
  if (findings.reasons.length > 0) return refused(findings.reasons);
  const change = (values: readonly MigratedValue[]): DefinitionChanged =>
    changeOf(state, to, { gone, values, epoch: terms.epoch, input: findings.input });
  const after = (): RunState => apply(state, change(findings.values), []);
  if (state.status === "running") {
    passSteps(state, to, after, findings);
    judgeLists(after(), to, findings);
  }
  if (findings.reasons.length > 0) return refused(findings.reasons);
  const event = change(findings.values);
  const { ends, next } = endsAtOnce(apply(state, event, []));
  return { outcome: "ok", plan: planFor(run, to, next), event, ends, next };
}

function refused(reasons: readonly string[]): Judgement {
  return { outcome: "refused", reasons };
}

function changeOf(
  { workflow, steps: { outline } }: RunState,
  { id, outlines, fingerprint, contract }: WorkflowPlan,
  {
    gone,
    values,
    epoch,
    input,
  }: {
    readonly gone: readonly DefinitionChanged["steps"][number][];
    readonly values: readonly MigratedValue[];
    readonly epoch: Epoch;
    readonly input: { readonly value: unknown } | undefined;
  },
): DefinitionChanged {
  const steps = [...gone, ...outlines];
  const [before, now] = [outline, steps].map((all) => new Set(all.map(({ name }) => name)));
  const skipped = values.filter(({ isSkipped }) => isSkipped === true).map(({ step }) => step);
  const adapted = values.filter(({ isSkipped }) => isSkipped !== true).map(({ step }) => step);
  return {
    type: "definition-changed",
    from: workflow,
    to: id,
    epoch,
    added: outlines.map(({ name }) => name).filter((name) => before?.has(name) !== true),
    removed: outline.map(({ name }) => name).filter((name) => now?.has(name) !== true),
    skipped,
    adapted: input === undefined ? adapted : ["input", ...adapted],
    steps,
    definition: fingerprint,
    contract,
    ...(values.length === 0 ? {} : { values }),
    ...(input === undefined ? {} : { input: input.value }),
  };
}

/** A list that has begun is made again by the new definition, and has to be the same one. */
function judgeLists(next: RunState, to: WorkflowPlan, findings: Findings): void {
  for (const step of allOpenings(to, next)) {
    const { status, list } = stepOf(next, step.name) ?? {};
    if (step.kind !== "each" || status !== "open" || list === undefined) continue;
    try {
      const { items } = makeList(step, sourcesIn(next, step), findings.codec);
      if (items.digest !== list.items.digest)
        findings.refuse(`"${step.name}" has begun, and its list is another one now`);
    } catch (error) {
      findings.refuse(`"${step.name}" has begun, and its list can't be made now: ${messageOf(error)}`);
    }
  }
}
