/** The check of options that a user gives. */

import * as v from "valibot";
import { TroupeError } from "../errors/troupe-error.ts";
import { pathOf, type SchemaIssue } from "./schema-issue.ts";

/**
 * Checks options against their schema.
 *
 * @param where begins the error's message, such as `createSystem`.
 * @throws TroupeError `invalid-options` that names the first option which is wrong, what was expected and what was given.
 */
export function checkOptions(where: string, schema: v.GenericSchema, options: unknown): void {
  const checked = v.safeParse(schema, options);
  if (checked.success) return;
  const [issue] = checked.issues;
  throw invalidOptions(where, pathOf(issue) || "options", issue);
}

/** The error of {@link checkOptions}, for an issue of the option at `path`. */
export function invalidOptions(
  where: string,
  path: string,
  { message, expected, received }: Pick<SchemaIssue, "message" | "expected" | "received">,
): TroupeError {
  return new TroupeError("invalid-options", `${where}: ${path}: ${message}`, { details: { path, expected, received } });
}
