/** The span of the handling of one message. */

import type { OpenSpan, Recorder } from "../../traces/recorder.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Attributes } from "../../traces/span.ts";
import { unsampled } from "../../traces/traceparent.ts";
import type { Delivery } from "./delivery.ts";

/** What the spans of an actor's messages are called, and have besides what all have; `undefined` for a message without a span. */
export type SpanOf = (type: string) => { readonly name: string; readonly attributes: Attributes } | undefined;

/** Begins the span of a delivery, as a child of the sender's span, or as the root of a trace of its own where the sender has none. */
export function beginHandling(recorder: Recorder, spanOf: SpanOf, delivery: Delivery, thread: number): void {
  const { type, to, from, id, isAsk, trace } = delivery.envelope;
  const isUnsampled = trace === unsampled.traceparent;
  const parent = trace === undefined || isUnsampled ? undefined : { traceparent: trace };
  const isWanted = !isUnsampled && recorder.wants(parent);
  const about = spanOf(type);
  if (about === undefined) return;
  delivery.trace = parent ?? unsampled;
  if (!isWanted) return;
  const attributes = {
    ...about.attributes,
    [names.actor]: to,
    ...(from === undefined ? {} : { [names.sender]: from }),
    [names.messageType]: type,
    [names.messageId]: id,
    [names.thread]: thread,
  };
  const span = recorder.begin(parent, about.name, attributes, isAsk ? "server" : "consumer");
  if (span !== undefined) delivery.trace = span;
}

/** The spans of what an actor is handling. */
export class HandlingSpans {
  #open: Set<OpenSpan> | undefined;

  add(span: OpenSpan): void {
    (this.#open ??= new Set()).add(span);
  }

  /** Ends a span, as failed if `failure` has what was thrown. */
  end(span: OpenSpan | undefined, failure?: { readonly thrown: unknown }): void {
    if (span === undefined) return;
    this.#open?.delete(span);
    if (failure === undefined) span.end();
    else span.fail(failure.thrown);
  }

  /** The actor is left behind: what its code still does belongs to no trace. */
  lose(): void {
    for (const span of this.#open ?? []) span.lose();
    this.#open = undefined;
  }
}
