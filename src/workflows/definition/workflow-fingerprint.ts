/**
 * The fingerprint of a workflow's definition: a hash of its steps and contracts. A run that a process left unfinished
 * goes on only if the definition still has the fingerprint that the run was started with.
 */

import { sha256 } from "../../values/sha256.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { StepDefinition, WorkflowDefinition } from "./workflow-definition.ts";

/** How many hexadecimal digits of the hash are kept: enough that two definitions don't share them by accident. */
const digits = 16;

/**
 * Equal for definitions with the same steps, agents, dependencies and contracts, also in their sub-workflows, on any machine. Code doesn't count: a
 * mapping, an agent or a custom check may be fixed without a new version.
 */
export function fingerprintOf(workflow: WorkflowDefinition): string {
  return sha256(JSON.stringify(outlineOfAll(workflow)), "hex", digits);
}

/** A hash of one schema: while it is the same, what it has parsed needs no look. */
export function digestOf(schema: unknown): string {
  return sha256(JSON.stringify(describe(schema)), "hex", digits);
}

function outlineOfAll({ input, steps }: WorkflowDefinition): readonly unknown[] {
  return [describe(input), steps.map(outlineOf)];
}

function outlineOf(step: StepDefinition): readonly unknown[] {
  const { name, after, needs, when, otherwise } = step;
  const conditions = isConditional(step) ? [needs, when !== undefined, otherwise !== undefined] : [];
  switch (step.kind) {
    case "agent": {
      const [agent, ...contracts] = doerOf(step.agent);
      return [name, after, agent, step.isPivot, ...contracts, ...conditions];
    }
    // how long it takes doesn't count: a wait that is open keeps its time
    case "wait":
      return [
        name,
        after,
        step.kind,
        describe(step.answer),
        step.timeout !== undefined,
        otherwise !== undefined,
        ...conditions,
      ];
    case "pause":
      return [name, after, step.kind, ...conditions];
    case "each": {
      const { does, concurrency, max, tolerate } = step;
      const doer = does.kind === "agent" ? doerOf(does) : [outlineOfAll(does)];
      return [name, after, step.kind, ...doer, concurrency, max, describe(tolerate), ...conditions];
    }
    case "loop": {
      const { does, max, onMax, inbox } = step;
      const doers = Object.entries(does).map(([who, one]) => [
        who,
        ...(one.kind === "agent" ? doerOf(one) : [outlineOfAll(one)]),
      ]);
      return [name, after, step.kind, doers, max, onMax, describe(inbox), ...conditions];
    }
    case "workflow":
      return [name, after, step.kind, outlineOfAll(step.workflow), ...conditions];
  }
}

function doerOf(agent: AgentDefinition): readonly unknown[] {
  const undoes = [agent.compensate !== undefined, agent.compensateUnknown !== undefined];
  return [`${agent.name}@${agent.version}`, ...undoes, describe(agent.input), describe(agent.output)];
}

function isConditional({ needs, when }: Pick<StepDefinition, "needs" | "when">): boolean {
  return needs.length > 0 || when !== undefined;
}

/** A schema as plain data. `seen` holds the enclosing schemas, since a schema may contain itself. */
function describe(part: unknown, seen: readonly unknown[] = []): unknown {
  if (typeof part === "function") return "function";
  if (typeof part === "bigint" || typeof part === "symbol") return String(part);
  if (typeof part !== "object" || part === null) return part;
  if (part instanceof RegExp || part instanceof Date) return String(part);
  if (seen.includes(part)) return "itself";
  const around = [...seen, part];
  if (Array.isArray(part) || part instanceof Set || part instanceof Map)
    return [...(part as Iterable<unknown>)].map((item) => describe(item, around));
  return Object.entries(part)
    .filter(([key, field]) => !key.startsWith("~") && key !== "reference" && field !== undefined)
    .map(([key, field]) => [key, describe(field, around)]);
}
