/**
 * Whether a step is done, and with what: the one decision about a step, taken by either coordination. Nothing else runs the
 * functions of a workflow but fallbacks.
 */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import { shown } from "../../values/shown.ts";
import { nameOf, type OfRun, pathIn } from "../definition/steps-of-run.ts";
import type {
  AgentStep,
  LoopStep,
  MappingSources,
  PauseStep,
  StepDefinition,
  WaitStep,
  WorkflowDefinition,
} from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "../history/coordination.ts";
import type { StepFailed, StepSkipped, StepStarted, WaitOpened } from "../history/run-event.ts";
import { stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { outputAt } from "../history/run-outputs.ts";
import { placeOf, stepAt } from "../steps/run-places.ts";
import { isAbsent } from "../steps/step-state.ts";
import { makeList } from "./lists.ts";
import { callPure, decodeSources, inputFor, type StepSources } from "./pure-calls.ts";

/** The decider, and what it decides from. */
export interface DecisionScope {
  readonly by: Coordination;
  readonly epoch: Epoch;
  readonly sources: StepSources;
}

/** What a step is decided to be: started or opened, skipped, or failed since one of its functions did. */
export type StepDecision = StepStarted | WaitOpened | StepSkipped | StepFailed;

/**
 * Returns the event that starts the step with its mapped input, or opens the wait with its question; or the one that skips it, since its
 * `when` says so or a step that it needs was skipped. When one of its functions throws, or gives what violates a contract, returns the
 * event that fails the step. An agent's input is recorded as mapped, not as parsed by the schema: the receiver parses it again. That of a
 * sub-workflow is recorded as parsed, as a run's is.
 *
 * @param time now, in milliseconds since the epoch: for waits and pauses.
 */
export function decide(step: AgentStep, scope: DecisionScope, codec: PayloadCodec): Exclude<StepDecision, WaitOpened>;
export function decide(step: OfRun, scope: DecisionScope, codec: PayloadCodec, time: number): StepDecision;
export function decide(
  step: AgentStep | OfRun,
  { by, epoch, sources: { payloads, absent } }: DecisionScope,
  codec: PayloadCodec,
  time = 0,
): StepDecision {
  const { name } = step;
  try {
    const sources = decodeSources(payloads, codec);
    if ((absent !== undefined && step.needs.some((needed) => absent.has(needed))) || !isWanted(step, sources)) {
      const skipped = { type: "step-skipped", step: name, by, epoch } as const;
      return step.otherwise === undefined
        ? skipped
        : { ...skipped, output: standIn(step, sources, codec), isGiven: true };
    }
    if (step.kind === "wait" || step.kind === "pause") return opened(step, sources, codec, time);
    if (step.kind === "loop") return { type: "step-started", step: name, input: null, by, epoch };
    if (step.kind === "each") {
      const { items } = makeList(step, { payloads }, codec);
      return { type: "step-started", step: name, input: null, by, epoch, items };
    }
    const does = step.kind === "agent" ? step.agent : step.workflow;
    const mapped = callPure(step, "mapping", step.map, sources);
    const input = inputFor(does, mapped, `the input mapped for the step "${name}"`, codec);
    return { type: "step-started", step: name, input, by, epoch };
  } catch (error) {
    return { type: "step-failed", step: name, error: encodeError(error), epoch };
  }
}

function opened(step: WaitStep | PauseStep, sources: MappingSources, codec: PayloadCodec, since: number): WaitOpened {
  const { name } = step;
  if (step.kind === "pause") return { type: "wait-opened", step: name, since, until: endOf(step, sources, since) };
  const question = codec.encode(
    callPure(step, "question", step.question, sources),
    `the question of the wait "${name}"`,
  );
  const { timeout } = step;
  return {
    type: "wait-opened",
    step: name,
    question,
    since,
    ...(timeout === undefined ? {} : { until: since + timeout }),
  };
}

/** When a pause is over, in milliseconds since the epoch. */
function endOf(step: PauseStep, sources: MappingSources, since: number): number {
  if (typeof step.until === "number") return since + step.until;
  const given = callPure(step, "until", step.until, sources);
  const time = given instanceof Date ? given.getTime() : given;
  if (typeof time === "number" && Number.isFinite(time)) return time;
  throw new TroupeError(
    "invalid-workflow",
    `the until of the pause "${step.name}" gives a date, or milliseconds since the epoch, not ${shown(given)}`,
  );
}

/** The sources of a step, taken from a run's state. */
export function sourcesIn(state: RunState, { scope, after }: OfRun): StepSources {
  const { steps } = state;
  const payloads: Record<string, Payload> = { [inputName]: scope === "" ? state.input : stepOf(state, scope)?.input };
  let absent: Set<string> | undefined;
  for (const path of after) {
    const place = placeOf(steps, path);
    if (place === undefined) continue;
    payloads[nameOf(path)] = outputAt(steps, place);
    if (isAbsent(stepAt(steps, place))) (absent ??= new Set()).add(path);
  }
  return { payloads, absent };
}

/** What the functions of a workflow call its input. */
const inputName = "input";

/** The path under which the input of a scope is known among the outputs of steps: no step has it. */
export function inputOf(scope: string): string {
  return pathIn(scope, inputName);
}

/** @throws TroupeError `invalid-workflow`; what the step's `when` throws. */
export function isWanted(step: StepDefinition, sources: MappingSources): boolean {
  if (step.when === undefined) return true;
  const said = callPure(step, "when", step.when, sources);
  if (typeof said === "boolean") return said;
  throw new TroupeError(
    "invalid-workflow",
    `the when of the step "${step.name}" says true or false, not ${shown(said)}`,
  );
}

/** What the step's `otherwise` gives; `undefined` without one. */
export function standIn(step: StepDefinition, sources: MappingSources, codec: PayloadCodec): Payload {
  return outputBy(step, "otherwise", step.otherwise ?? (() => undefined), sources, codec);
}

/** What a function of the workflow gives in place of the step's output. It has to be what the agent could have given, or an answer. */
export function outputBy(
  step: StepDefinition,
  what: "otherwise" | "fallback",
  pure: (sources: MappingSources) => unknown,
  sources: MappingSources,
  codec: PayloadCodec,
): Payload {
  const output = codec.encode(callPure(step, what, pure, sources), `the ${what} of the step "${step.name}"`);
  checkOutput(step, codec.decode(output));
  return output;
}

/** @throws TroupeError `contract-violated` for what could not be the output of the step. */
export function checkOutput(step: StepDefinition, output: unknown): void {
  switch (step.kind) {
    case "agent":
      checkOutputOf(step.agent, output);
      return;
    case "wait":
      checkContract(step.answer, output, { agent: step.name, version: "wait", direction: "answer", side: "sender" });
      return;
    case "each": {
      const results: readonly unknown[] = Array.isArray(output) ? output : [];
      if (step.tolerate === undefined) for (const one of results) checkOutputOf(step.does, one);
      return;
    }
    case "loop":
      checkLoopOutput(step, output);
      return;
    case "workflow":
      checkOutputOf(step.workflow, output);
      return;
    case "pause":
  }
}

/** @throws TroupeError `contract-violated` for what could not be the output of an agent or a workflow. */
function checkOutputOf(does: AgentDefinition | WorkflowDefinition, output: unknown): void {
  if (does.kind === "agent") {
    const { name, version, output: contract } = does;
    checkContract(contract, output, { agent: name, version, direction: "output", side: "receiver" });
    return;
  }
  const last = does.steps.at(-1);
  if (last !== undefined && !(output === undefined && mayBeMissing(last))) checkOutput(last, output);
}

/** It has to be what a round could have given. */
function checkLoopOutput({ does }: LoopStep, output: unknown): void {
  const doers = Object.values(does);
  const problems = doers.flatMap((one): unknown[] => {
    try {
      checkOutputOf(one, output);
      return [];
    } catch (error) {
      return [error];
    }
  });
  if (problems.length === doers.length) throw problems[0];
}

/** True for a step that may be skipped, and then nothing stands in for its output. */
function mayBeMissing({ when, needs, otherwise }: StepDefinition): boolean {
  return otherwise === undefined && (when !== undefined || needs.length > 0);
}
