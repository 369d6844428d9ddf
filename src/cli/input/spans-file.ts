/** Spans in files, as `traceFile` writes them: a line of JSON each. */

import * as v from "valibot";
import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import { fileError } from "./file-error.ts";
import { wrongLine } from "./input-row.ts";
import { parseJsonLines } from "./json-lines.ts";

const attributes = v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]));
const event = v.object({ name: v.string(), time: v.number(), attributes });
const link = v.object({ traceId: v.string(), spanId: v.string(), attributes });
const spanSchema = v.object({
  traceId: v.string(),
  spanId: v.string(),
  parentId: v.optional(v.string()),
  name: v.string(),
  kind: v.optional(v.picklist(["client", "server", "producer", "consumer"])),
  start: v.number(),
  end: v.optional(v.number()),
  failure: v.optional(v.string()),
  attributes,
  events: v.array(event),
  links: v.array(link),
});

/**
 * The spans of a run's trace, the run's own first. Of a span that is there twice, the last line counts. A last line without a line break is
 * left out: its process crashed while it wrote.
 *
 * @throws TroupeError `invalid-input` for what is no file of spans, or has none of the run.
 */
export function spansOfRunIn(text: string, file: string, run: string): readonly Span[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const spans = parseJsonLines(whole, file).map((row): Span => {
    if ("error" in row) throw row.error;
    const checked = v.safeParse(spanSchema, row.input);
    if (checked.success) return checked.output as Span;
    const path = v.getDotPath(checked.issues[0]);
    throw wrongLine({ file, line: row.line }, `is no span${path === null ? "" : `: ${path} is wrong`}`);
  });
  const roots = spans.filter(({ attributes: { [names.runId]: id } }) => id !== undefined);
  const root = roots.findLast(({ attributes: { [names.runId]: id } }) => id === run);
  if (root === undefined) {
    const known = [...new Set(roots.map(({ attributes: { [names.runId]: id } }) => String(id)))];
    const others = known.length === 0 ? "it has none of a run" : `it has those of ${known.slice(-5).join(", ")}`;
    throw fileError(file, `has no spans of the run ${run}; ${others}`);
  }
  const own = new Map(spans.filter(({ traceId }) => traceId === root.traceId).map((span) => [span.spanId, span]));
  own.delete(root.spanId);
  return [root, ...own.values()];
}
