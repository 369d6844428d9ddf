/**
 * The check of a message against its contract, a valibot schema. The error names the agent, the direction, the path and
 * the value.
 */

import * as v from "valibot";
import { caught, messageOf } from "../errors/caught.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import { sentence } from "../values/sentence.ts";
import { kindOf } from "../values/value-copier.ts";
import { demandOf, pathOf, type SchemaIssues } from "./schema-issue.ts";

/** How much of a received value an error repeats, in characters. */
const maxReceived = 200;

/** Where a contract was checked. */
export interface ContractSite {
  readonly agent: string;
  readonly version: string;
  readonly direction: "input" | "output" | "message" | "reply" | "answer" | "event" | "part";
  /** The side of the boundary that checked. */
  readonly side: "sender" | "receiver";
}

/**
 * Returns what the schema makes of `value`.
 *
 * @throws TroupeError `contract-violated`; its details carry agent, version, direction, side, path, expected and
 * received. What the value or the schema's own code throws on the way is its cause.
 */
export function checkContract<T>(schema: v.GenericSchema<unknown, T>, value: unknown, site: ContractSite): T {
  let result: v.SafeParseResult<v.GenericSchema<unknown, T>>;
  try {
    result = v.safeParse(schema, value);
  } catch (thrown) {
    if (isTroupeError(thrown)) throw thrown;
    throw uncheckable(thrown, site);
  }
  if (result.success) return result.output;
  throw contractError(result.issues, site);
}

/** The error for a value at which the schema threw: a getter of it did, or a proxy that was revoked, or the schema's own code. */
function uncheckable(thrown: unknown, site: ContractSite): TroupeError {
  return new TroupeError(
    "contract-violated",
    sentence(
      `${site.agent}@${site.version}: ${site.direction} can't be checked by its schema, which threw: ${messageOf(thrown)}`,
    ),
    {
      details: { ...site, path: "", expected: "a value that can be checked", received: kindOf(thrown), issues: 1 },
      cause: caught(thrown),
    },
  );
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
