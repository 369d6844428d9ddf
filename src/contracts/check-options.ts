/** The check of options that a user gives. */

import * as v from "valibot";
import { TroupeError } from "../errors/troupe-error.ts";
import { pathOf, type SchemaIssue } from "./schema-issue.ts";
import { readGiven } from "./read-given.ts";

/** How many items a list in options has at most. An array may say 2^32 - 1 at no cost, and a schema walks through all of that. */
const mostItems = 2 ** 20;

/** How deep lists in options lie. */
const deepest = 4;

/**
 * Checks options against their schema.
 *
 * @param where begins the error's message, such as `createSystem`.
 * @throws TroupeError `invalid-options` that names the first option which is wrong, what was expected and what was given.
 */
export function checkOptions(where: string, schema: v.GenericSchema, options: unknown): void {
  const checked = readGiven(where, () => {
    const path = endless(options, []);
    if (path !== undefined)
      throw invalidOptions(where, path.join("."), {
        message: `expected a list of at most ${mostItems} items`,
        expected: "a shorter list",
        received: "a longer one",
      });
    return v.safeParse(schema, options);
  });
  if (checked.success) return;
  const [issue] = checked.issues;
  throw invalidOptions(where, pathOf(issue) || "options", issue);
}

/** The path to a list that no walk gets through; see {@link mostItems}. */
function endless(value: unknown, path: readonly string[]): readonly string[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value) && value.length > mostItems) return path;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (path.length >= deepest || (prototype !== Object.prototype && prototype !== Array.prototype)) return undefined;
  for (const [name, part] of Object.entries(value)) {
    const found = endless(part, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The error of {@link checkOptions}, for an issue of the option at `path`. */
export function invalidOptions(
  where: string,
  path: string,
  { message, expected, received }: Pick<SchemaIssue, "message" | "expected" | "received">,
): TroupeError {
  return new TroupeError("invalid-options", `${where}: ${path}: ${message}`, { details: { path, expected, received } });
}
