/** The check of options that a user gives. */

import * as v from "valibot";
import { TroupeError } from "../errors/troupe-error.ts";
import { isMissingKey, isUnknownKey, pathOf, type SchemaIssue } from "./schema-issue.ts";
import { readGiven } from "./read-given.ts";

/** How many items a list in options has at most. An empty array may have the length 2^32 - 1 at no cost, and a schema would walk through all of it. */
const mostItems = 2 ** 20;

/** What an error says of an option that is wrong. */
type Described = Pick<SchemaIssue, "message" | "expected" | "received">;

/** How deep in options a list that is too long is looked for. */
const deepest = 4;

/**
 * Checks options against their schema.
 *
 * @param where begins the error's message, such as `createSystem`.
 * @param under the path to the options among others, such as `policies`.
 * @throws TroupeError `invalid-options` that names the first option which is wrong, what was expected and what was given.
 */
export function checkOptions(where: string, schema: v.GenericSchema, options: unknown, under = ""): void {
  const checked = readGiven(where, () => {
    const path = pathToLongList(options, []);
    if (path !== undefined)
      throw invalidOptions(where, path.join("."), {
        message: `expected a list of at most ${mostItems} items`,
        expected: "a shorter list",
        received: "a longer one",
      });
    return v.safeParse(schema, options);
  });
  if (checked.success) return;
  // a name that is wrong explains one that is missing
  const outer = checked.issues.find(isUnknownKey) ?? checked.issues[0];
  const issue = outer.issues?.find(({ path }) => path !== undefined); // of a union, the issue that names the wrong option
  const path = [under, pathOf(outer), issue === undefined ? "" : pathOf(issue)].filter(Boolean).join(".");
  const found = issue ?? outer;
  const way = [...(outer.path ?? []), ...(issue?.path ?? [])];
  if (isUnknownKey(found)) throw invalidOptions(where, path, unknown(way, found, schema));
  throw invalidOptions(where, path || "options", isMissingKey(found) ? { ...found, message: "it is missing" } : found);
}

function unknown(way: readonly v.IssuePathItem[], { received }: SchemaIssue, schema: v.GenericSchema): Described {
  const known = namesAt(
    schema,
    way.slice(0, -1).map(({ key }) => key),
  )?.join(", ");
  const message = known === undefined ? "there is no such option" : `there is no such option; there are ${known}`;
  return { message, expected: known ?? "no such option", received };
}

/** Which options there are at a place of the schema; `undefined` where that depends on other options. */
function namesAt(schema: unknown, path: readonly unknown[]): readonly string[] | undefined {
  const { wrapped, entries, item, options } = schema as {
    readonly wrapped?: unknown;
    readonly entries?: Readonly<Record<string, unknown>>;
    readonly item?: unknown;
    readonly options?: readonly unknown[];
  };
  if (wrapped !== undefined) return namesAt(wrapped, path);
  if (options !== undefined) {
    const found = options.map((one) => namesAt(one, path)).filter((names) => names !== undefined);
    return found.length === 1 ? found[0] : undefined;
  }
  const [key, ...rest] = path;
  if (path.length === 0) return entries && Object.keys(entries);
  const part = item ?? entries?.[String(key)];
  return part === undefined ? undefined : namesAt(part, rest);
}

/** The path to the first list with more than {@link mostItems} items; `undefined` for none. */
function pathToLongList(value: unknown, path: readonly string[]): readonly string[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value) && value.length > mostItems) return path;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (path.length >= deepest || (prototype !== Object.prototype && prototype !== Array.prototype)) return undefined;
  for (const [name, part] of Object.entries(value)) {
    const found = pathToLongList(part, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The error of {@link checkOptions}, for an issue of the option at `path`. */
export function invalidOptions(where: string, path: string, { message, expected, received }: Described): TroupeError {
  return new TroupeError("invalid-options", `${where}: ${path}: ${message}`, { details: { path, expected, received } });
}
