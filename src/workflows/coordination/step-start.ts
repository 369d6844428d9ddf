/** The decision to start a step, the same whoever takes it: map, copy, check. */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import type { MappingSources, StepDefinition } from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "../history/coordination.ts";
import type { StepFailed, StepStarted } from "../history/run-event.ts";
import { stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";

/** Who starts the step, and what has come before it. */
export interface StepStart {
  readonly by: Coordination;
  readonly epoch: Epoch;
  /** The run's input and the outputs of the steps that the step comes after, by name. */
  readonly sources: Readonly<Record<string, Payload>>;
}

/**
 * Returns the event that starts the step with its mapped input; or, when the mapping throws or gives what the agent's
 * contract refuses, the event that says so. The value that passed the check isn't replaced by what the schema makes of
 * it: the receiver parses it again.
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

/** The sources of a step in a run's state: its input, and the outputs of the steps that the step comes after. */
export function sourcesIn(state: RunState, step: StepDefinition): StepStart["sources"] {
  const sources: Record<string, Payload> = { input: state.input };
  for (const name of step.after) sources[name] = stepOf(state, name)?.output;
  return sources;
}

/** Sources as the workflow's functions get them: decoded, and frozen. */
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

/** A mapping that writes to its sources must not write to the run's history. What came from there is frozen already. */
function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}
