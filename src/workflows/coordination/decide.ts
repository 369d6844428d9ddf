/**
 * Whether a step is done, and with what: the one decision about a step, taken by either coordination. Nothing else runs the
 * functions of a workflow but fallbacks.
 */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import { shown } from "../../values/shown.ts";
import type {
  AgentStep,
  MappingSources,
  PauseStep,
  StepDefinition,
  WaitStep,
} from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "../history/coordination.ts";
import type { StepFailed, StepSkipped, StepStarted, WaitOpened } from "../history/run-event.ts";
import { stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { isAbsent } from "../history/run-steps.ts";

/** What a step is decided from: what came before it. */
export interface StepSources {
  /** The run's input and the outputs of the steps that the step comes after, by name. */
  readonly payloads: Readonly<Record<string, Payload>>;
  /** The steps among them that were skipped and have no output; absent for none, which is the usual case. */
  readonly absent?: ReadonlySet<string> | undefined;
}

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
 * event that fails the step. The input is recorded as mapped, not as parsed by the schema: the receiver parses it again.
 *
 * @param time now, in milliseconds since the epoch: for waits and pauses.
 */
export function decide(step: AgentStep, scope: DecisionScope, codec: PayloadCodec): Exclude<StepDecision, WaitOpened>;
export function decide(step: StepDefinition, scope: DecisionScope, codec: PayloadCodec, time: number): StepDecision;
export function decide(
  step: StepDefinition,
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
    if (step.kind !== "agent") return opened(step, sources, codec, time);
    const { agent } = step;
    const input = codec.encode(call(step, "mapping", step.map, sources), `the input mapped for the step "${name}"`);
    const site = { agent: agent.name, version: agent.version, direction: "input", side: "sender" } as const;
    checkContract(agent.input, codec.decode(input), site);
    return { type: "step-started", step: name, input, by, epoch };
  } catch (error) {
    return { type: "step-failed", step: name, error: encodeError(error), epoch };
  }
}

function opened(step: WaitStep | PauseStep, sources: MappingSources, codec: PayloadCodec, since: number): WaitOpened {
  const { name } = step;
  if (step.kind === "pause") return { type: "wait-opened", step: name, since, until: endOf(step, sources, since) };
  const question = codec.encode(call(step, "question", step.question, sources), `the question of the wait "${name}"`);
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
  const given = call(step, "until", step.until, sources);
  const time = given instanceof Date ? given.getTime() : given;
  if (typeof time === "number" && Number.isFinite(time)) return time;
  throw new TroupeError(
    "invalid-workflow",
    `the until of the pause "${step.name}" gives a date, or milliseconds since the epoch, not ${shown(given)}`,
  );
}

/** The sources of a step, taken from a run's state. */
export function sourcesIn(state: RunState, step: StepDefinition): StepSources {
  const payloads: Record<string, Payload> = { input: state.input };
  let absent: Set<string> | undefined;
  for (const name of step.after) {
    const source = stepOf(state, name);
    payloads[name] = source?.output;
    if (source !== undefined && isAbsent(source)) (absent ??= new Set()).add(name);
  }
  return { payloads, absent };
}

/** Sources in the form that the workflow's functions get: decoded and frozen. */
export function decodeSources(payloads: StepSources["payloads"], codec: PayloadCodec): MappingSources {
  const sources: Record<string, unknown> = {};
  for (const name of Object.keys(payloads)) sources[name] = frozen(codec.decode(payloads[name]));
  return sources;
}

/** @throws TroupeError `invalid-workflow`; what the step's `when` throws. */
function isWanted(step: StepDefinition, sources: MappingSources): boolean {
  if (step.when === undefined) return true;
  const said = call(step, "when", step.when, sources);
  if (typeof said === "boolean") return said;
  throw new TroupeError(
    "invalid-workflow",
    `the when of the step "${step.name}" says true or false, not ${shown(said)}`,
  );
}

/** What the step's `otherwise` gives. It has to be what the agent could have given, or an answer. */
export function standIn(step: StepDefinition, sources: MappingSources, codec: PayloadCodec): Payload {
  const given = step.otherwise === undefined ? undefined : call(step, "otherwise", step.otherwise, sources);
  const output = codec.encode(given, `the otherwise of the step "${step.name}"`);
  if (step.kind === "agent") {
    const { name, version, output: contract } = step.agent;
    checkContract(contract, codec.decode(output), { agent: name, version, direction: "output", side: "receiver" });
  } else if (step.kind === "wait") {
    checkContract(step.answer, codec.decode(output), {
      agent: step.name,
      version: "wait",
      direction: "output",
      side: "sender",
    });
  }
  return output;
}

function call(
  step: StepDefinition,
  what: "mapping" | "question" | "until" | "when" | "otherwise",
  pure: (sources: MappingSources) => unknown,
  sources: MappingSources,
): unknown {
  const result = pure(sources);
  if (!(result instanceof Promise)) return result;
  result.catch(() => undefined); // the step fails because of the promise, whatever becomes of it
  throw new TroupeError(
    "invalid-workflow",
    `the ${what} of the step "${step.name}" returned a promise. A workflow's functions are synchronous; fetch what is needed in an agent.`,
  );
}

/**
 * Freezes decoded values, so that a function of the workflow can't write to its sources. Values from the run's history are frozen
 * already.
 */
function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}
