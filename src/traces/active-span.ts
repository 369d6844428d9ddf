/** A span of an application's own, while what it is about goes on. */

import { TroupeError } from "../errors/troupe-error.ts";
import { attempt } from "../errors/foreign-value.ts";
import { shown } from "../values/shown.ts";
import type { OpenSpan } from "./recorder.ts";
import type { Attributes, AttributeValue } from "./span.ts";
import type { TraceContext } from "./traceparent.ts";

/**
 * A span that goes on, for the code that it is about. Where nothing is recorded, its methods do nothing.
 *
 * @since 0.1.0
 */
export interface ActiveSpan {
  /** Its place in its trace, as a W3C `traceparent`: pass it on with requests to other services. `undefined` without telemetry. */
  readonly traceparent: string | undefined;
  /**
   * Says something about it. Attributes are shown whatever `content` is: keep personal data out of them.
   *
   * @throws TroupeError `invalid-options` for a name that is no text, or a value that is no text, number, boolean or list of texts.
   */
  set(attribute: string, value: AttributeValue): void;
  /** Notes that something happened now. @throws TroupeError as {@link ActiveSpan.set}. */
  event(name: string, attributes?: Attributes): void;
}

/** @param around where the work is if the span isn't recorded. */
export function activeSpan(span: OpenSpan | undefined, around: TraceContext | undefined): ActiveSpan {
  return {
    traceparent: (span ?? around)?.traceparent,
    set(attribute, value) {
      span?.set({ [checkName("set", attribute)]: checkValue(attribute, value) });
    },
    event(name, attributes = {}) {
      checkName("event", name);
      for (const [attribute, value] of Object.entries(attributes)) checkValue(attribute, value);
      span?.tell(name, { ...attributes });
    },
  };
}

/** @throws TroupeError `invalid-options`. */
export function checkName(method: string, name: unknown): string {
  if (typeof name === "string" && name !== "") return name;
  throw new TroupeError("invalid-options", `${method}: a name is a text that isn't empty, not ${shown(name)}`);
}

function checkValue(attribute: string, value: unknown): AttributeValue {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value); // JSON has no NaN
  if (attempt(() => Array.isArray(value) && value.every((part) => typeof part === "string")) === true)
    return [...(value as readonly string[])];
  throw new TroupeError(
    "invalid-options",
    `the attribute ${shown(attribute)} of a span is a text, a number, a boolean or a list of texts, not ${shown(value)}`,
  );
}
