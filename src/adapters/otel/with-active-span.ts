/** Puts the place of an actor's or an agent's code into OpenTelemetry's context, where an application has one. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { attempt } from "../../errors/foreign-value.ts";
import { isSampled, isTraceparent, spanIdIn, traceIdIn } from "../../traces/traceparent.ts";
import { shown } from "../../values/shown.ts";

/**
 * What of `@opentelemetry/api` is used here: pass the whole of it.
 *
 * @since 0.1.0
 */
export interface OtelApi {
  readonly context: { active(): unknown; with(context: never, code: () => unknown): unknown };
  readonly trace: {
    setSpanContext(
      context: never,
      span: { readonly traceId: string; readonly spanId: string; readonly traceFlags: number; readonly isRemote: true },
    ): unknown;
  };
}

/**
 * Runs code with the span of an actor's message, of an agent's work or of `context.span` as OpenTelemetry's active one. The spans that instrumentation
 * makes meanwhile, such as of HTTP or a database, are its children; they see from it whether it is recorded. That holds across `await` if the application
 * has a context manager on that thread, as its SDK sets one up; without one, or outside of a trace, the code runs as it is.
 *
 * @param around the context of the handler or agent, or a span of `context.span`.
 * @returns what `code` returns.
 * @throws TroupeError `invalid-options` for what is not the API; whatever `code` throws.
 * @example
 * import * as api from "@opentelemetry/api";
 * execute: (input, context) => withActiveSpan(api, context, () => fetch(url)),
 * @since 0.1.0
 */
export function withActiveSpan<T>(
  api: OtelApi,
  around: { readonly traceparent: string | undefined },
  code: () => T,
): T {
  if (attempt(() => typeof api.context.with === "function" && typeof api.trace.setSpanContext === "function") !== true)
    throw new TroupeError(
      "invalid-options",
      `withActiveSpan: the first argument is @opentelemetry/api, not ${shown(api)}`,
    );
  const { traceparent } = around;
  if (traceparent === undefined || !isTraceparent(traceparent)) return code();
  const place = {
    traceId: traceIdIn(traceparent),
    spanId: spanIdIn(traceparent),
    traceFlags: isSampled(traceparent) ? 1 : 0,
    isRemote: true,
  } as const;
  return api.context.with(api.trace.setSpanContext(api.context.active() as never, place) as never, code) as T;
}
