/**
 * What a definition is known by: a hash of a workflow's steps and contracts. A run that was started before the process ended
 * goes on only if the definition still has the fingerprint that the run was started with.
 */

import { createHash } from "node:crypto";
import type { WorkflowDefinition } from "./workflow-definition.ts";

/** How much of the hash is kept, in hexadecimal digits: enough to tell apart what somebody changed by hand. */
const digits = 16;

/**
 * The same for definitions with the same steps, agents, needs and contracts, on any machine. Code is not looked into: a
 * mapping, an agent or a custom check may be mended without a new version.
 */
export function fingerprintOf({ input, steps }: WorkflowDefinition): string {
  const outline = steps.map(({ name, after, agent, isPivot }) => [
    name,
    after,
    `${agent.name}@${agent.version}`,
    isPivot,
    agent.compensate !== undefined,
    agent.compensateUnknown !== undefined,
    describe(agent.input),
    describe(agent.output),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([describe(input), outline]))
    .digest("hex")
    .slice(0, digits);
}

/** A schema as plain data. `seen` are the objects around it: a schema may hold itself. */
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
