/**
 * What follows from a failure: another attempt, the step's fallback, or the failure for good. The same policies apply
 * under both coordinations.
 */

import type { EncodedError } from "../../errors/error-codec.ts";
import { decodeError, encodeError } from "../../errors/error-codec.ts";
import { refusalOf } from "../../errors/refusal-of.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { decideRetry } from "../../agents/policies/retry.ts";
import { agentStepOf, type PlannedStep, repeatedOf, type WorkflowPlan } from "./workflow-plan.ts";
import type { MappingSources } from "../definition/workflow-definition.ts";
import type { CompensationFailed, RunEvent, StepFailed, StepFinished } from "../history/run-event.ts";
import { attemptOf, stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { isInGivenUp } from "../history/given-up.ts";
import { itemsOf } from "../history/run-items.ts";
import { itemAt } from "../definition/steps-of-run.ts";
import { outputBy, sourcesIn } from "./decide.ts";
import { listOf, sourcesOfItem } from "./lists.ts";
import { decodeSources } from "./pure-calls.ts";

/** What judging an event needs besides the run. */
export interface Terms {
  readonly codec: PayloadCodec;
  /** The clock's milliseconds. */
  now(): number;
  /** A time in the clock's milliseconds as the run's history has it, in milliseconds since the epoch. */
  dated(at: number): number;
  /** A number in [0, 1), for the jitter of pauses. */
  random(): number;
}

/** The codes of errors after which an attempt's effects are unknown. */
const unknownOutcomes: ReadonlySet<unknown> = new Set([
  "timed-out",
  "thread-died",
  "actor-stopped",
  "system-closed",
  "ownership-lost",
  "outcome-unknown",
  "cancelled",
  "run-cancelled",
]);

/**
 * Returns the event to record for a reported failure: the failure with the time of the next attempt at the step or its
 * compensation; the step's end by its fallback; or the failure for good. Other events are returned as they are.
 */
export function conclude(plan: WorkflowPlan, state: RunState, event: RunEvent, terms: Terms): RunEvent {
  if (event.type !== "step-failed" && event.type !== "compensation-failed") return event;
  const step = agentStepOf(plan, state, event.step);
  if (step === undefined) return event;
  return event.type === "step-failed"
    ? concludeStep(plan, step, state, event, terms)
    : { ...event, ...retryOf(step, state, event, terms) };
}

function concludeStep(
  plan: WorkflowPlan,
  step: PlannedStep,
  state: RunState,
  event: StepFailed,
  terms: Terms,
): StepFailed | StepFinished {
  // a step that could not start, since its input can't be made, can't start at the next attempt either
  const status = stepOf(state, step.name)?.status;
  if (state.status !== "running" || status === undefined || status === "pending") return marked(event);
  if (isInGivenUp(state, step.name)) return marked(event);
  const retry = retryOf(step, state, event, terms);
  if (retry !== undefined) return { ...marked(event), ...retry };
  if (step.fallback === undefined || event.epoch !== undefined) return marked(event);
  if (refusalOf(decodeError(event.error)) !== undefined) return marked(event);
  return fallBack(plan, step, state, event, terms);
}

/** Marks a failure after which the attempt's effects are unknown. A step that could not start had none. */
function marked(event: StepFailed): StepFailed {
  return event.epoch === undefined && isOutcomeUnknown(event.error) ? { ...event, isUncertain: true } : event;
}

function isOutcomeUnknown({ kind, code, outcome }: EncodedError): boolean {
  return kind === "troupe" && unknownOutcomes.has(code) && outcome !== "rejected";
}

function retryOf(
  { agent, name }: PlannedStep,
  state: RunState,
  { type, error }: StepFailed | CompensationFailed,
  terms: Terms,
): { readonly retryAt: number } | { readonly error: EncodedError } | undefined {
  const step = stepOf(state, name);
  // before its compensation has begun, a step's failures are those of the step itself
  const isFirst = type === "compensation-failed" && step?.status !== "compensating" && step?.status !== "undo-waiting";
  const failures = 1 + (isFirst ? 0 : (step?.failures ?? 0));
  const { retry, compensationRetry } = agent.policies;
  const policy = type === "step-failed" ? retry : compensationRetry;
  const decision = decideRetry(policy, failures, decodeError(error), terms.now(), terms.random());
  switch (decision.type) {
    case "again":
      return { retryAt: terms.dated(decision.at) };
    case "final":
      return undefined;
    case "policy-failed":
      return { error: encodeError(decision.error) };
  }
}

/** A fallback that fails leaves the step failed, with the errors of both. */
function fallBack(
  plan: WorkflowPlan,
  step: PlannedStep,
  state: RunState,
  event: StepFailed,
  { codec }: Terms,
): StepFailed | StepFinished {
  const attempt = attemptOf(stepOf(state, step.name));
  try {
    const sources = itemSources(plan, step, state, codec) ?? decodeSources(sourcesIn(state, step).payloads, codec);
    const fallback = (given: MappingSources): unknown => step.fallback?.(given, decodeError(event.error));
    const output = outputBy(step, "fallback", fallback, sources, codec);
    return {
      type: "step-finished",
      step: step.name,
      output,
      fallbackFor: event.error,
      ...(attempt === 1 ? {} : { attempt }),
    };
  } catch (error) {
    return marked({ ...event, error: { ...encodeError(error), cause: event.error } });
  }
}

/** What the functions of an item get; `undefined` for a step that is none. */
function itemSources(
  plan: WorkflowPlan,
  { name }: PlannedStep,
  state: RunState,
  codec: PayloadCodec,
): MappingSources | undefined {
  const { index = 0 } = itemAt(name) ?? {};
  const each = repeatedOf(plan, name);
  const items = itemsOf(state, name);
  if (each?.kind !== "each" || items === undefined) return undefined;
  return sourcesOfItem(
    listOf(each, items, () => sourcesIn(state, each), codec),
    index,
  );
}
