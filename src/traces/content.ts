/** What a trace shows of the application's data: inputs, outputs, messages of errors, and what people wrote. */

import { checkOptions } from "../contracts/check-options.ts";
import * as v from "valibot";
import { cut } from "../errors/foreign-value.ts";
import { plainJson } from "../values/plain-json.ts";
import * as names from "./semantic-names.ts";
import type { Attributes, AttributeValue, Span } from "./span.ts";

/** The attributes of live spans that hold such data. */
const contentNames: ReadonlySet<string> = new Set([
  ...[names.inputValue, names.outputValue, names.toolArguments, names.toolResult],
  ...[names.inputMessages, names.outputMessages, names.exceptionMessage],
]);

/** How many characters of a value are shown. */
const longest = 16_384;

/**
 * What a trace shows of the application's data.
 *
 * @since 0.1.0
 */
export interface TraceOptions {
  /**
   * `"all"` shows inputs, outputs, the messages of errors, questions and answers, and the reasons that people gave, each cut at 16,384
   * characters. Default: `"none"`.
   */
  readonly content?: "none" | "all";
  /**
   * Called for each value that would be shown, with the name of its attribute: what it returns is shown in its place, and `undefined` is
   * left out. If it throws, the value is left out, too.
   */
  readonly redact?: (attribute: string, value: unknown) => unknown;
}

const traceOptions = v.strictObject({
  content: v.optional(v.picklist(["none", "all"])),
  redact: v.optional(v.function()),
});

/** @throws TroupeError `invalid-options`, which names the caller. */
export function checkTraceOptions(caller: string, options: TraceOptions): void {
  checkOptions(caller, traceOptions, options);
}

/** Returns the attribute, or none if it is not to be shown. */
export function shownContent(
  { content, redact }: TraceOptions,
  attribute: string,
  value: unknown,
): Record<string, AttributeValue> {
  if (content !== "all") return {};
  let kept = value;
  if (redact !== undefined) {
    try {
      kept = redact(attribute, value);
    } catch {
      return {}; // what can't be redacted is not shown
    }
    if (kept === undefined) return {};
  }
  return { [attribute]: cut(typeof kept === "string" ? kept : plainJson(kept), longest) };
}

/** A span that was recorded elsewhere, with `redact` applied to each value of the application's data. */
export function redacted(span: Span, { redact, content }: TraceOptions): Span {
  if (redact === undefined || content !== "all") return span;
  const redactAll = (attributes: Attributes): Attributes =>
    Object.assign(
      {},
      ...Object.entries(attributes).map(([name, value]) =>
        contentNames.has(name) ? shownContent({ content, redact }, name, value) : { [name]: value },
      ),
    ) as Attributes;
  return {
    ...span,
    attributes: redactAll(span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: redactAll(event.attributes) })),
  };
}
