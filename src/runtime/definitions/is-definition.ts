/** Tells what `defineActor`, `defineAgent` and `defineWorkflow` returned from anything else. */

import type { ActorBody, ActorDefinition } from "../../actors/actor-definition.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { attempt } from "../../errors/foreign-value.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";

export interface Definitions {
  readonly actor: ActorDefinition;
  readonly agent: AgentDefinition;
  readonly workflow: WorkflowDefinition;
}

export type DefinitionKind = keyof Definitions;

const bodies: Readonly<Record<string, true>> = { handlers: true, durable: true, behaviour: true } satisfies Record<
  ActorBody["kind"],
  true
>;

/**
 * By what it has, not by where it comes from: a thread may have another copy of Troupe than its modules have. Never throws: what
 * can't be read is no definition.
 */
export function isDefinition(value: unknown): value is Definitions[DefinitionKind] {
  return isObject(value) && attempt(() => hasParts(value)) === true;
}

function hasParts(value: Readonly<Record<string, unknown>>): boolean {
  const { kind, module, name, protocol, body, input, output, execute, version, steps } = value;
  if (typeof module !== "string" || typeof name !== "string") return false;
  switch (kind) {
    case "actor":
      return isObject(protocol) && isObject(body) && Object.hasOwn(bodies, String(body["kind"]));
    case "agent":
      return isObject(input) && isObject(output) && typeof execute === "function" && typeof version === "string";
    case "workflow":
      return isObject(input) && typeof version === "string" && Array.isArray(steps) && steps.every(isStep);
    default:
      return false;
  }
}

function isStep(step: unknown): boolean {
  if (!isObject(step)) return false;
  switch (step["kind"]) {
    case "wait":
      return isObject(step["answer"]) && typeof step["question"] === "function";
    case "pause":
      return typeof step["until"] === "number" || typeof step["until"] === "function";
    case "workflow":
      return isDefinition(step["workflow"]);
    case "each":
      return isDefinition(step["does"]) && typeof step["over"] === "function";
    case "loop":
      return isObject(step["does"]) && Object.values(step["does"]).every(isDefinition);
    default:
      return isDefinition(step["agent"]);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
