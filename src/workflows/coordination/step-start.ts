/** How a step is started, under either coordination: map the sources to the input, copy it, check it. */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import type { MappingSources, StepDefinition } from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "../history/coordination.ts";
import type { StepFailed, StepStarted } from "../history/run-event.ts";
import { stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";

/** The decider that starts the step, and the outputs that came before it. */
export interface StepStart {
  readonly by: Coordination;
  readonly epoch: Epoch;
  /** The run's input and the outputs of the steps that the step comes after, by name. */
  readonly sources: Readonly<Record<string, Payload>>;
}

/**
 * Returns the event that starts the step with its mapped input. When the mapping throws, or its result violates the
 * agent's contract, returns the event that fails the step. The input is recorded as mapped, not as parsed by the
 * schema: the receiver parses it again.
 */
export function startStep(
  step: StepDefinition,
  { by, epoch, sources }: StepStart,
  codec: PayloadCodec,
): StepStarted | StepFailed {
  try {
    const input = codec.encode(mapSources(step, sources, codec), `the input mapped for the step "${step.name}"`);
    const { name, version } = step.agent;
    checkContract(step.agent.input, codec.decode(input), { agent: name, version, direction: "input", side: "sender" });
    return { type: "step-started", step: step.name, input, by, epoch };
  } catch (error) {
    return { type: "step-failed", step: step.name, error: encodeError(error), epoch };
  }
}

/** The sources of a step, taken from a run's state: the run's input, and the outputs of the steps in the step's `after`. */
export function sourcesIn(state: RunState, step: StepDefinition): StepStart["sources"] {
  const sources: Record<string, Payload> = { input: state.input };
  for (const name of step.after) sources[name] = stepOf(state, name)?.output;
  return sources;
}

/** Sources in the form that the workflow's functions get: decoded and frozen. */
export function decodeSources(payloads: StepStart["sources"], codec: PayloadCodec): MappingSources {
  const sources: Record<string, unknown> = {};
  for (const name of Object.keys(payloads)) sources[name] = frozen(codec.decode(payloads[name]));
  return sources;
}

function mapSources(step: StepDefinition, payloads: StepStart["sources"], codec: PayloadCodec): unknown {
  const mapped = step.map(decodeSources(payloads, codec));
  if (!(mapped instanceof Promise)) return mapped;
  mapped.catch(() => undefined); // the step fails because of the promise, whatever becomes of it
  throw new TroupeError(
    "invalid-workflow",
    `the mapping of the step "${step.name}" returned a promise. Mappings are synchronous; fetch what is needed in an agent.`,
  );
}

/**
 * Freezes decoded values, so that a mapping can't write to its sources. Values from the run's history are frozen
 * already.
 */
function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}
