/** Calls of a workflow's functions: what they get, and what becomes of it. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { MappingSources, WorkflowDefinition } from "../definition/workflow-definition.ts";

/** What a step is decided from: what came before it. */
export interface StepSources {
  /** The input of the run, or of the sub-workflow, and the outputs of the steps that the step comes after, by the names that its functions know. */
  readonly payloads: Readonly<Record<string, Payload>>;
  /** The paths of the steps among them that were skipped and have no output; absent for none, which is the usual case. */
  readonly absent?: ReadonlySet<string> | undefined;
}

/** Sources in the form that the workflow's functions get: decoded and frozen. */
export function decodeSources(payloads: StepSources["payloads"], codec: PayloadCodec): MappingSources {
  const sources: Record<string, unknown> = {};
  for (const name of Object.keys(payloads)) sources[name] = frozen(codec.decode(payloads[name]));
  return sources;
}

/**
 * An agent's input is recorded as mapped, once it is checked: the agent's side parses it again.
 *
 * @throws TroupeError `contract-violated`.
 */
function checkedInput(
  { name: agent, version, input: contract }: AgentDefinition,
  input: Payload,
  codec: PayloadCodec,
): Payload {
  checkContract(contract, codec.decode(input), { agent, version, direction: "input", side: "sender" });
  return input;
}

/**
 * What is recorded as the input that was mapped for an agent or for a workflow: that of an agent as mapped, as the receiver parses it again; that of
 * a workflow as parsed, as a run's is.
 *
 * @throws TroupeError `contract-violated`, `not-cloneable`.
 */
export function inputFor(
  does: AgentDefinition | WorkflowDefinition,
  mapped: unknown,
  what: string,
  codec: PayloadCodec,
): Payload {
  const encoded = codec.encode(mapped, what);
  if (does.kind === "agent") return checkedInput(does, encoded, codec);
  const { name: agent, version, input } = does;
  const site = { agent, version, direction: "input", side: "sender" } as const;
  return codec.encode(checkContract(input, codec.decode(encoded), site), what);
}

/** Calls a function of a workflow, which is synchronous. */
export function callPure(
  step: { readonly name: string },
  what: "mapping" | "question" | "until" | "when" | "otherwise" | "fallback" | "over" | "who",
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
export function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}
