/** What is checked of the options and of the URL. */

import * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import { maxCells } from "./key-space.ts";

export const schemaSchema = v.optional(v.pipe(v.string(), v.minLength(1), v.maxBytes(63), v.regex(/^(?!pg_)[^\0]*$/i)));

export const leaseSchema = v.optional(v.pipe(v.number(), v.finite(), v.minValue(1_000), v.maxValue(86_400_000)));

/** The number of a cell. */
const cell = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxCells)));

export const schemaOfOpening = v.strictObject({
  schema: schemaSchema,
  cell,
  lease: leaseSchema,
  wait: v.optional(v.boolean()),
  signal: v.optional(v.instance(AbortSignal)),
  readOnly: v.optional(v.boolean()),
});

export const schemaOfVerifying = v.strictObject({ schema: schemaSchema });

/** @throws TroupeError `invalid-options`, which doesn't repeat a text: that may hold a password. */
export function checkUrl(where: string, url: unknown): void {
  if (typeof url === "string" && URL.canParse(url) && /^postgres(?:ql)?:/.test(url)) return;
  const given = typeof url === "string" ? "another text" : shown(url);
  throw new TroupeError(
    "invalid-options",
    `${where}: the URL is one of PostgreSQL, such as postgres://user@host:5432/database, not ${given}`,
  );
}
