/**
 * The check of a message against its contract, a valibot schema. The error names the agent, the direction, the path and
 * the value.
 */

import * as v from "valibot";
import { TroupeError } from "../errors/troupe-error.ts";
import { demandOf, pathOf, type SchemaIssues } from "./schema-issue.ts";

/** How much of a received value an error repeats, in characters. */
const maxReceived = 200;

/** Where a contract was checked. */
export interface ContractSite {
  readonly agent: string;
  readonly version: string;
  readonly direction: "input" | "output" | "message" | "reply" | "event";
  /** The side of the boundary that checked. */
  readonly side: "sender" | "receiver";
}

/**
 * Returns what the schema makes of `value`.
 *
 * @throws TroupeError `contract-violated`; its details carry agent, version, direction, side, path, expected and
 * received. An error that the schema's own code throws passes through.
 */
export function checkContract<T>(schema: v.GenericSchema<unknown, T>, value: unknown, site: ContractSite): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw contractError(result.issues, site);
}

/** The first issue is spelled out, the others are counted. */
function contractError(issues: SchemaIssues, site: ContractSite): TroupeError {
  const [first, ...rest] = issues;
  const path = pathOf(first);
  const expected = demandOf(first);
  const received = first.received.length > maxReceived ? `${first.received.slice(0, maxReceived)}…` : first.received;
  const others = rest.length === 0 ? "" : ` (and ${rest.length} more)`;
  return new TroupeError(
    "contract-violated",
    `${site.agent}@${site.version}: ${site.direction} violates the contract at ${path === "" ? "its root" : path}: ` +
      `expected ${expected}, received ${received}${others} (found by the ${site.side})`,
    { details: { ...site, path, expected, received, issues: issues.length } },
  );
}
